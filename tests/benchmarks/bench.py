"""Whole commands against the clock: `uv run python tests/benchmarks/bench.py`.

Each command runs as a process of its own, start-up included; the table shows wall time, memory,
what the target was, and a ratio against a named alternative measured in the same run. Nothing
here is asserted: a slow machine fails no test.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from commands.demo import synthetic

UNTIL = date(2026, 7, 17)
ATTENDANCE = Path(sys.executable).with_name("attendance")
EVERY_PUPIL = """
SELECT pupil, code, count(*) FROM marks
WHERE kf <= :p AND (kt IS NULL OR :p < kt) GROUP BY pupil, code"""


class Run(NamedTuple):
    """Wall seconds and peak memory of one command."""

    seconds: float
    megabytes: float


def run(*arguments: str, ledger: Path) -> Run:
    """Run one command to its end; its output is read and thrown away."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [ATTENDANCE, "--ledger", str(ledger), *arguments], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"attendance {' '.join(arguments)} failed")
    return Run(time.perf_counter() - started, usage.ru_maxrss / 1024)


def repeated(runs: int, *arguments: str, ledger: Path) -> Run:
    """Return the medians of several runs after one warm-up."""
    run(*arguments, ledger=ledger)
    found = [run(*arguments, ledger=ledger) for _ in range(runs)]
    return Run(median(r.seconds for r in found), max(r.megabytes for r in found))


def timed(work: Callable[[], object]) -> float:
    """Return the median wall seconds of five calls."""
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def lines(path: Path) -> int:
    """Return the number of data rows of a CSV file."""
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1


def by_sql(ledger: Path, position: int) -> object:
    """Count every pupil's codes as known, in SQL over the table of versions."""
    with closing(sqlite3.connect(ledger / "views" / "tables.db")) as db:
        return db.execute(EVERY_PUPIL, {"p": position}).fetchall()


def by_grid(ledger: Path, position: int) -> object:
    """Count every pupil's codes as known, over the grid."""
    import numpy as np  # noqa: PLC0415 - measured apart from start-up

    from projections.readmodel.grid import COLUMNS, Grid  # noqa: PLC0415
    from projections.readmodel.tables import ALWAYS  # noqa: PLC0415

    grid = Grid(ledger / "views" / "grid")
    codes, _ = grid.partition(2025).as_known(position, ALWAYS)
    rows = np.arange(len(codes))[:, None] * len(grid.book)
    return np.bincount((rows + codes).ravel(), minlength=COLUMNS)


def main() -> None:
    """Build a school, import it, ask it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pupils", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    table = Table("Command", "Wall s", "Rate", "Peak MB", "Target", "Against")
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), asked.pupils, asked.runs, table)
    Console().print(table)


def measure(folder: Path, pupils: int, runs: int, table: Table) -> None:
    """Fill the table."""
    source, ledger = folder / "school", folder / "ledger"
    synthetic.build(source, pupils=pupils, until=UNTIL)
    marks = lines(source / "marks.csv") + lines(source / "amendments.csv")
    run("init", ledger=ledger)
    done = run("import", "portable", str(source), ledger=ledger)
    row(table, f"import portable ({marks} marks)", done, "15,000 marks/s", marks / done.seconds)
    with closing(sqlite3.connect(ledger / "ledger.db")) as db:
        (events,) = db.execute("SELECT max(position) FROM stored_events").fetchone()
    done = run("rebuild", ledger=ledger)
    row(table, f"rebuild ({events} events)", done, "100,000 events/s", events / done.seconds)
    done = run("verify", ledger=ledger)
    row(table, f"verify ({events} events)", done, "150,000 events/s", events / done.seconds)
    past = ("--on", "2026-07-17", "--clock", "source", "--known-at", "2026-03-02T09:30")
    pupil = (source / "pupils.csv").read_text("utf-8").splitlines()[1].split(",")[0]
    for target, *arguments in (
        ("0.5 s", "rates", *past, "--json"),
        ("0.5 s", "rates", *past),
        ("0.4 s", "history", pupil, "--on", "2026-07-17"),
        ("0.3 s", "--help"),
        ("", "register", "show", "--group", "9B", "--week", "2026-03-02"),
        ("", "changes", "--on", "2026-07-17", "--json"),
    ):
        shown = " ".join(arguments).replace(pupil, "PUPIL")
        row(table, shown, repeated(runs, *arguments, ledger=ledger), target)
    sql, grid = (timed(lambda f=f: f(ledger, events // 2)) for f in (by_sql, by_grid))
    against = f"SQL over the table: {sql * 1000:.0f} ms, {sql / grid:.0f} x"
    table.add_row("counts of every pupil, grid only", f"{grid:.4f}", "", "", "", against)


def row(table: Table, what: str, done: Run, target: str, rate: float | None = None) -> None:
    """Add a measured command to the table."""
    shown = f"{rate:,.0f}/s" if rate else ""
    table.add_row(what, f"{done.seconds:.2f}", shown, f"{done.megabytes:.0f}", target, "")


if __name__ == "__main__":
    main()
