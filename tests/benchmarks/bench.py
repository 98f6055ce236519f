"""Speed beside alternatives: `uv run --group bench python tests/benchmarks/bench.py`.

A school of 1,000 is imported and asked, as commands and in a process that lives; each row stands
beside what else could do the same, measured in the same run by turns, and beside its floor. What
each row is: README.md here; what was printed last: FIGURES.md. Nothing is asserted: a slow machine
fails no test.
"""

import argparse
import contextlib
import gc
import io
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import date
from functools import partial
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import writers
from tables import Asked, Rival, rivals, statement

from cli import Door
from commands.demo import synthetic
from ledger import clock
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator, Session
from policies.packs.codes import rules
from projections.audit.audit import Audit
from projections.figures.persistent import PersistentAbsence
from projections.figures.rates import Rates
from projections.history.changes import Changes
from projections.history.history import History
from projections.penalties.penalties import Penalties
from projections.queries.question import Question
from projections.queries.rectangle import Rectangle, cells
from projections.queries.tally import Counter
from projections.queries.view import view_for
from projections.rendering import screen
from projections.replay.replay import Replay
from projections.why.why import Why

HERE = Path(__file__).parent
UNTIL = date(2026, 7, 17)
INSTANT = "2026-03-02T09:30"
ATTENDANCE = str(Path(sys.executable).with_name("attendance"))
OPERATOR = Operator("H01", "bench")
SESSIONS = 380
DUCK = """
import duckdb, json, sys
db = duckdb.connect(sys.argv[1], read_only=True)
print(json.dumps(db.execute(sys.argv[2]).fetchall()))"""
DUCK_IMPORT = """
import duckdb, sys
db = duckdb.connect(sys.argv[2])
for name in ("pupils", "marks", "amendments"):
    db.execute(f"CREATE TABLE {name} AS SELECT * FROM read_csv('{sys.argv[1]}/{name}.csv')")"""
Work = Callable[[], object]


class Took(NamedTuple):
    """Seconds of wall and of processor, and the peak of memory in MB where it was measured."""

    wall: float
    cpu: float
    megabytes: float = 0.0

    def shown(self, per: float = 0.0) -> str:
        """Say it, and the rate where something was counted."""
        said = f"{_in_words(self.wall)}, CPU {_in_words(self.cpu)}"
        said += f", {self.megabytes:.0f} MB" if self.megabytes else ""
        return said + (f", {per / self.wall:,.0f}/s" if per else "")


def _in_words(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def tell(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Report:
    """Prints rows of a table as Markdown, each as soon as it is known."""

    def section(self, title: str) -> None:
        """Begin another table."""
        tell(f"\n{title}\n\n| what | ours | beside it | floor | aim |\n|---|---|---|---|---|")

    def row(
        self, what: str, took: Mapping[str, Took], floor: str = "", aim: str = "", per: float = 0
    ) -> None:
        """Print a row: ours first, then each alternative and our time over its time."""
        ours, *others = took.items()
        beside, least = [], ""
        for name, theirs in others:
            said = f"{theirs.shown(per)} ({ours[1].wall / theirs.wall:.2g} x)"
            if name == floor:
                least = f"{name}: {said}"
            else:
                beside.append(f"{name}: {said}")
        tell(f"| {what} | {ours[1].shown(per)} | {'; '.join(beside)} | {least} | {aim} |")


# -- measuring ---------------------------------------------------------------------------------


def run(*command: object) -> Took:
    """Run a command as a process of its own to its end; its output is thrown away."""
    child = [sys.executable, "-IS", HERE / "child.py", *command]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    shown = subprocess.run(
        list(map(str, child)), check=True, capture_output=True, text=True, env=environment
    )
    *took, status = json.loads(shown.stdout)
    if status:
        sys.exit(f"{' '.join(map(str, command))} failed: {shown.stderr}")
    return Took(*took)


def by_turns(runs: int, ways: Mapping[str, Callable[[], Took]]) -> dict[str, Took]:
    """Do each way once to warm up, then all of them by turns; return the medians."""
    found: dict[str, list[Took]] = {name: [] for name in ways}
    for _ in range(1 + runs):
        for name, way in ways.items():
            found[name].append(way())
    return {
        name: Took(*(median(each) for each in zip(*took[1:], strict=True)))
        for name, took in found.items()
    }


def called(work: Work) -> Callable[[], Took]:
    """Return what calls something in this process and says how long it took."""

    def way() -> Took:
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        return Took(time.perf_counter() - wall, time.process_time() - cpu)

    return way


def commanded(*command: object) -> Callable[[], Took]:
    """Return what runs a command."""
    return lambda: run(*command)


# -- the school --------------------------------------------------------------------------------


class School(NamedTuple):
    """A synthetic school: the files, its ledger, how many marks and events it has."""

    source: Path
    folder: Folder
    marks: int
    events: int

    @property
    def log(self) -> Path:
        """Its log."""
        return self.folder.log

    def ours(self, *words: object) -> tuple[object, ...]:
        """Return a command on it."""
        return (ATTENDANCE, "--ledger", self.folder.path, *words)


def lines(path: Path) -> int:
    """Return the number of data rows of a CSV file."""
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1


def imported(folder: Path, pupils: int, years: int, report: Report) -> School:
    """Build a school and import it, beside a script and DuckDB."""
    source, made = folder / "school", Folder(folder / "ledger")
    synthetic.build(source, pupils=pupils, until=UNTIL, years=years)
    marks = lines(source / "marks.csv") + lines(source / "amendments.csv")
    run(ATTENDANCE, "--ledger", made.path, "init")
    took = {
        "ours": run(ATTENDANCE, "--ledger", made.path, "import", "portable", source),
        "CSV script that hashes": run(
            sys.executable, HERE / "plain.py", source, folder / "plain.db"
        ),
        "DuckDB": run(sys.executable, "-c", DUCK_IMPORT, source, folder / "import.duckdb"),
    }
    school = School(source, made, marks, made.head())
    report.section("To record")
    what = f"import, {marks:,} marks, views included"
    report.row(what, took, floor="CSV script that hashes", aim="30,000/s, 150 MB", per=marks)
    return school


def show_whole_log(school: School, report: Report) -> None:
    """Make the views anew and verify, beside reading and hashing the stored bytes."""

    def scan() -> int:
        with closing(sqlite3.connect(school.log)) as db:
            return sum(len(state) for (state,) in db.execute("SELECT state FROM stored_events"))

    def hashed() -> None:
        with closing(sqlite3.connect(school.log)) as db:
            for (state,) in db.execute("SELECT state FROM stored_events"):
                sha256(state).digest()

    for words, floor, work, aim in (
        ("rebuild", "reading every event's bytes", scan, "250,000/s"),
        ("verify", "reading and hashing them", hashed, "300,000/s"),
    ):
        took = by_turns(2, {"ours": commanded(*school.ours(words)), floor: called(work)})
        what = f"{words}, {school.events:,} events"
        report.row(what, took, floor=floor, aim=aim, per=school.events)


def show_registers(folder: Path, pupils: int, report: Report) -> None:
    """Take registers of 30 in a process that lives, beside bare SQLite and the stock library."""
    folder.mkdir()
    writers.school(folder, pupils)
    found = writers.in_process(folder, writers.groups_of(folder / writers.SCHOOL), 4)
    took = {
        name: Took(timing.percentile(50) / 1000, timing.cpu / len(timing.wall))
        for name, timing in found.items()
    }
    what, aim = "a register of 30, half are quicker", "bare / 0.45, stock / 2"
    report.row(what, took, floor="bare sqlite3", aim=aim)


def show_sizes(school: School, folder: Path) -> None:
    """Print the bytes of a mark on disk."""
    views = school.folder.views
    sizes = {
        "log": school.log.stat().st_size,
        "tables": (views / "tables.db").stat().st_size,
        "grid": sum(each.stat().st_size for each in (views / "grid").iterdir()),
        "CSV script that hashes": (folder / "plain.db").stat().st_size,
        "table of versions in SQLite": (folder / "versions.db").stat().st_size,
        "in DuckDB": (folder / "versions.duckdb").stat().st_size,
    }
    said = ", ".join(f"{name} {size / school.marks:.0f}" for name, size in sizes.items())
    tell(f"\nBytes a mark: {said}.")


# -- answers in a process that lives -----------------------------------------------------------


class Asker:
    """Asks one ledger, as a process does that lives."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._door = ledger, Door(ledger)

    def answer(self, asked: Question[Any]) -> Work:
        """Return what asks for the whole answer."""
        return lambda: self._door.ask(asked, OPERATOR)

    def json(self, asked: Question[Any]) -> Work:
        """Return what asks, and writes the answer as JSON."""

        def work() -> None:
            with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8")):
                screen.show(self._door.ask(asked, OPERATOR), as_json=True)

        return work

    def found(self, asked: Question[Any]) -> Work:
        """Return what finds, and presents nothing."""

        def work() -> None:
            folder, reader = self._ledger.folder, self._ledger.reader()
            with view_for(folder, asked, clock.now, reader) as view:
                asked.as_held(asked.view_of(view)).find(view)

        return work


def show_figures(
    asker: Asker, school: School, tables: Mapping[str, Rival], report: Report
) -> None:
    """Ask for the three figures of all pupils now, at a past instant and at a past position."""
    report.section("All pupils, in a process that lives (the others count codes, and no more)")
    at, half = clock.parse_instant(INSTANT), school.events // 2
    points: dict[str, tuple[dict[str, Any], Asked]] = {
        "now": ({}, Asked("position", school.events)),
        "at a past instant": ({"known_at": INSTANT, "clock": "source"}, Asked("instant", at)),
        "at half the log": ({"position": half}, Asked("position", half)),
    }
    figures: dict[str, Callable[..., Question[Any]]] = {
        "rates": Rates, "persistent": PersistentAbsence, "penalties": Penalties,
    }  # fmt: skip
    for what, figure in figures.items():
        for point, (options, same) in points.items():
            asked = figure(on=UNTIL, **options)
            others = {name: called(partial(r.ask, what, same)) for name, r in tables.items()}
            found = by_turns(5, {"ours": called(asker.found(asked)), **others})
            report.row(f"{what} {point}: found", found, aim="3 ms")
            whole = {"ours": called(asker.json(asked)), "answer": called(asker.answer(asked))}
            report.row(f"{what} {point}: JSON", by_turns(5, whole), aim="8 ms")


def show_accounts(
    asker: Asker, school: School, tables: Mapping[str, Rival], report: Report
) -> None:
    """Ask for accounts of one pupil, and of what changed."""
    report.section("Accounts, in a process that lives")
    pupil, group = pupil_of(school), next(iter(writers.groups_of(school.source)))
    past = {"clock": "source", "and_": "2026-03-02T09:30"}
    rows: dict[str, tuple[Question[Any], str]] = {
        "history of one pupil": (History(who=pupil, on=UNTIL), "3 ms"),
        "why rates, a fortnight": (
            Why(what="rates", on=UNTIL, known_at="2026-02-16T09:30", **past), "25 ms"),
        "why rates, a day": (
            Why(what="rates", on=UNTIL, known_at="2026-02-27T09:30", **past), "25 ms"),
        "changes of a year": (Changes(on=UNTIL), "300 ms"),
        "audit": (Audit(on=UNTIL), "300 ms"),
        "replay of a group's year": (Replay(group=group, on=UNTIL), "300 ms"),
    }  # fmt: skip
    for what, (asked, aim) in rows.items():
        ways = {"ours": called(asker.json(asked))}
        if isinstance(asked, History):
            ways |= {name: called(partial(r.history, 7)) for name, r in tables.items()}
        report.row(f"{what}, JSON", by_turns(3, ways), aim=aim, floor="SQL")


def pupil_of(school: School) -> str:
    """Return the UPN of the first pupil."""
    return (school.source / "pupils.csv").read_text("utf-8").splitlines()[1].split(",")[0]


# -- commands ----------------------------------------------------------------------------------


def show_commands(school: School, folder: Path, runs: int, report: Report) -> None:
    """Run whole commands, start-up included."""
    report.section("As commands, start-up included")
    on = ("--on", UNTIL)
    duck = (sys.executable, "-c", DUCK, folder / "versions.duckdb")
    now = Asked("position", school.events)
    loading = {"click": "import click", "click and NumPy": "import click, numpy"}
    for words, floor, aim in (
        (("--help",), "click", "60 ms"),
        (("amend", "--help"), "click", "180 ms"),
        (("history", pupil_of(school), *on), "click", "120 ms"),
        (("today", *on), "click and NumPy", "150 ms"),
        (("rates", *on, "--json"), "click and NumPy", "160 ms"),
        (("penalties", *on, "--json"), "click and NumPy", "200 ms"),
    ):
        ways = {"ours": commanded(*school.ours(*words))}
        if words[0] in ("rates", "penalties"):
            ways["DuckDB, counts"] = commanded(*duck, statement(words[0], now))
        ways[f"loading {floor}"] = commanded(sys.executable, "-c", loading[floor])
        said = " ".join(map(str, words)).replace(pupil_of(school), "PUPIL")
        report.row(f"`{said}`", by_turns(runs, ways), floor=f"loading {floor}", aim=aim)


# -- scale -------------------------------------------------------------------------------------


def show_scale(sizes: Iterable[int], report: Report) -> None:
    """Count registers of many more pupils, made up, without a log: arrays alone."""
    report.section("Arrays alone, a year of made-up registers")
    for pupils in sizes:
        whole = made_up(pupils)
        floor = "one pass over the codes"
        least = called(partial(one_pass, whole))
        for what, work, aim in (("sums", sums, "150 ms"), ("each code", each_code, "600 ms")):
            took = by_turns(2, {"ours": called(partial(work, whole)), floor: least})
            goal = aim if pupils == max(sizes) else ""
            report.row(f"{what}, {pupils:,} pupils", took, floor, goal, whole.codes.size)


def sums(whole: Rectangle) -> None:
    """Count each pupil's possible, attended and unauthorised sessions."""
    for wanted in map(attrgetter, ("possible", "attended", "unauthorised")):
        cells(whole, rules().codes, wanted).view(np.uint8).sum(axis=1, dtype=np.uint32)


def each_code(whole: Rectangle) -> None:
    """Count each pupil's sessions by code."""
    Counter(whole, rules().codes).by_pupil(np.ones(whole.codes.shape, np.bool_))


def one_pass(whole: Rectangle) -> None:
    """Read every cell once, and write it."""
    np.where(whole.counted, whole.codes, 0)


def made_up(pupils: int) -> Rectangle:
    """Return a year's register of so many pupils, all on roll, one mark in twelve an absence."""
    days = [date.fromordinal(date(2025, 9, 1).toordinal() + n) for n in range(SESSIONS // 2)]
    sessions = [Session(day, half) for day in days for half in ("AM", "PM")]  # type: ignore[arg-type]
    book = ["", "/", "\\", "I", "N", "O", "L", "C"]
    drawn = np.random.default_rng(1).integers(0, 60, (pupils, SESSIONS), np.uint8)
    present = np.where(np.arange(SESSIONS) % 2, 2, 1).astype(np.uint8)
    codes = np.where(drawn < 5, drawn + 3, present).astype(np.uint8)
    yes, no = np.ones(codes.shape, np.bool_), np.zeros(codes.shape, np.bool_)
    return Rectangle(sessions, book, codes, no, yes, yes, no)


# -- all of it ---------------------------------------------------------------------------------


def machine() -> str:
    """Say when and on what this is measured."""
    cpu = next(
        (
            line.partition(": ")[2]
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    day = clock.local_date(clock.now())
    return f"{day}, {os.cpu_count()} cores, {cpu}, {versions}, load {load}"


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pupils", type=int, default=1000)
    parser.add_argument("--years", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5, help="of each command")
    parser.add_argument(
        "--scale", type=int, nargs="*", default=[], metavar="PUPILS",
        help="also count made-up registers of so many pupils: --scale 10000 100000",
    )  # fmt: skip
    asked = parser.parse_args()
    report = Report()
    tell(f"# Figures\n\n{machine()}; {asked.pupils:,} pupils, years: {asked.years}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        school = imported(folder, asked.pupils, asked.years, report)
        show_whole_log(school, report)
        show_registers(folder / "registers", asked.pupils, report)
        tables = rivals(folder, school.folder.views / "tables.db")
        with Ledger(school.folder) as ledger:
            asker = Asker(ledger)
            show_figures(asker, school, tables, report)
            show_accounts(asker, school, tables, report)
        for each in tables.values():
            each.close()
        show_commands(school, folder, asked.runs, report)
        show_sizes(school, folder)
        if asked.scale:
            show_scale(asked.scale, report)
    tell(f"\nEnded with load {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
