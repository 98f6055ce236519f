"""From a recorded change to a fresh answer: `uv run python tests/benchmarks/fresh.py`.

A process that lives, as a web interface does, records one amendment or one register, brings the
read models up and asks for `rates`; then again. Shown are wall and CPU milliseconds of each part
and the bytes that bringing up wrote. ``--against FOLDER``: another working copy of this
repository does the same in turns, on a ledger of its own; the ratio is its time over ours.
Nothing here is asserted: a slow machine fails no test.
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parents[2]
UNTIL, LAST = date(2026, 7, 10), date(2026, 7, 20)
"""Up to when the school's registers are taken, and the last day that is left to take."""
PARTS = ("recorded", "brought up", "rates", "rates as JSON", "recorded to rates")
KINDS = ("an amendment", "a register")
WARM_UP = 3


class Took(NamedTuple):
    """Wall and CPU milliseconds of one part."""

    wall: float
    cpu: float


# -- the process that lives ------------------------------------------------------------------


def live(ledger: Path) -> None:
    """Do what each line of standard input says, and write how long it took, as JSON."""
    from cli import Door  # noqa: PLC0415 - of the working copy that this process runs in
    from ledger.ledger import Ledger  # noqa: PLC0415 - as above
    from ledger.store.folder import Folder  # noqa: PLC0415 - as above
    from ledger.values import Operator  # noqa: PLC0415 - as above

    folder = Folder(ledger)
    operator = Operator("H01", "fresh")
    commands = {"an amendment": _amendments(folder), "a register": _registers(folder)}
    with Ledger(folder) as opened:
        door = Door(opened)
        for line in sys.stdin:
            took = _round(door, next(commands[line.strip()]), operator)
            sys.stdout.write(json.dumps(took) + "\n")
            sys.stdout.flush()


def _round(door: Any, command: Any, operator: Any) -> dict[str, Any]:
    from projections.figures.rates import Rates  # noqa: PLC0415 - of that working copy

    found: dict[str, Any] = {}
    begun = _now()
    found["recorded"] = _timed(lambda: door.do(command, operator))
    written = _bytes_written()
    found["brought up"] = _timed(door.bring_up)
    found["bytes"] = _bytes_written() - written
    answers: list[Any] = []
    found["rates"] = _timed(lambda: answers.append(door.ask(Rates(on=LAST), operator)))
    found["recorded to rates"] = _since(begun)
    found["rates as JSON"] = _timed(lambda: json.dumps(answers[0].document))
    return found


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(begun: tuple[float, float]) -> tuple[float, ...]:
    return tuple(1000 * (now - then) for now, then in zip(_now(), begun, strict=True))


def _timed(work: Callable[[], object]) -> tuple[float, ...]:
    begun = _now()
    work()
    return _since(begun)


def _bytes_written() -> int:
    """Return how many bytes this process has given the system to write, ever."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


def _amendments(folder: Any) -> Iterator[Any]:
    """Yield amendments, each of another mark."""
    from commands.amending.amend import AmendMarks  # noqa: PLC0415 - of that working copy
    from ledger.values import parse_session  # noqa: PLC0415 - as above

    for number, upn in enumerate(cycle(_upns(folder))):
        day = UNTIL - timedelta(days=7 * (number // len(_upns(folder))))
        session = parse_session(f"{day}/AM")
        yield AmendMarks(pupil=upn, session=session, code="M", reason="a letter came")


def _registers(folder: Any) -> Iterator[Any]:
    """Yield registers that nobody has taken yet, a group and session each."""
    from commands.register.take import TakeRegister  # noqa: PLC0415 - of that working copy
    from ledger.values import parse_session  # noqa: PLC0415 - as above

    days = [UNTIL + timedelta(days=n) for n in range(1, 1 + (LAST - UNTIL).days)]
    for day in (day for day in days if day.weekday() < 5):
        for half in ("AM", "PM"):
            for group in _groups(folder):
                session = parse_session(f"{day}/{half}")
                yield TakeRegister(group=group, session=session, rest_present=True)


def _groups(folder: Any) -> list[str]:
    sql = "SELECT DISTINCT name FROM memberships WHERE kind = 'registration' AND until IS NULL"
    with closing(sqlite3.connect(folder.views / "tables.db")) as db:
        return sorted(name for (name,) in db.execute(sql))


def _upns(folder: Any) -> list[str]:
    """Return the UPNs of pupils with a plain mark on the last morning that was taken."""
    sql = (
        "SELECT pupils.pupil FROM marks JOIN pupils ON idx = marks.pupil "
        "WHERE session = ? AND code = '/' AND kt IS NULL ORDER BY idx"
    )
    with closing(sqlite3.connect(folder.views / "tables.db")) as db:
        present = [pupil for (pupil,) in db.execute(sql, [f"{UNTIL}/AM"])]
    with closing(sqlite3.connect(folder.keys)) as db:
        named = dict(db.execute("SELECT pupil, value FROM identities WHERE kind = 'upn'"))
    return [named[pupil] for pupil in present]


# -- the table -------------------------------------------------------------------------------


class Side:
    """A working copy whose process lives and is given one round after another."""

    def __init__(self, name: str, copy: Path, ledger: Path) -> None:
        self.name = name
        self.rounds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--live", str(ledger)],
            cwd=copy, env=environment | {"PYTHONPATH": str(copy)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def round(self, kind: str) -> None:
        """Have one change recorded and asked about, and remember how long it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(kind + "\n")
        self._process.stdin.flush()
        self.rounds[kind].append(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()

    def took(self, kind: str, part: str, share: float) -> Took:
        """Return the wall and the CPU milliseconds below which a share of the rounds lies."""
        after = self.rounds[kind][WARM_UP:]
        wall, cpu = zip(*(each[part] for each in after), strict=True)
        at = min(int(share * len(after)), len(after) - 1)
        return Took(sorted(wall)[at], sorted(cpu)[at])

    def written(self, kind: str) -> int:
        """Return how many bytes bringing up wrote, the median."""
        found = sorted(each["bytes"] for each in self.rounds[kind][WARM_UP:])
        return int(found[len(found) // 2])


def make(folder: Path, pupils: int) -> Path:
    """Return a ledger of a school whose last days' registers are still to be taken."""
    from commands.demo import synthetic  # noqa: PLC0415 - slow to import, and not where it lives

    ledger = folder / "ledger"
    synthetic.build(folder / "school", pupils=pupils, until=UNTIL)
    attendance = Path(sys.executable).with_name("attendance")
    for words in (["init"], ["import", "portable", folder / "school"]):
        command = [attendance, "--ledger", ledger, *words]
        subprocess.run(command, check=True, capture_output=True)
    return ledger


def measure(folder: Path, asked: argparse.Namespace) -> list[Side]:
    """Have each side do the same rounds, in turns."""
    ledger = make(folder, asked.pupils)
    copies = {"this": HERE} | ({"that": asked.against.resolve()} if asked.against else {})
    with ExitStack() as stack:
        sides = []
        for name, copy in copies.items():
            own = Path(shutil.copytree(ledger, folder / name))
            sides.append(Side(name, copy, own))
            stack.callback(sides[-1].close)
        for kind in KINDS:
            for _ in range(WARM_UP + asked.rounds):
                for side in sides:
                    side.round(kind)
    return sides


def show(sides: list[Side]) -> None:
    """Print what was measured."""
    from rich.console import Console  # noqa: PLC0415 - not where it lives
    from rich.table import Table  # noqa: PLC0415 - as above

    first, *others = sides
    headings = ("Wall p50 ms", "p99", "CPU p50 ms", "p99")
    table = Table(
        "After", "Part", *headings, "Written kB", *(("Wall, that", "CPU, that") if others else ())
    )
    for kind in KINDS:
        for part in PARTS:
            half, most = (first.took(kind, part, share) for share in (0.5, 0.99))
            shown = [f"{n:.1f}" for n in (half.wall, most.wall, half.cpu, most.cpu)]
            shown.append(f"{first.written(kind) / 1000:.0f}" if part == "brought up" else "")
            for other in others:
                theirs = other.took(kind, part, 0.5)
                shown += [
                    f"{t:.1f} ({t / ours:.1f} x)" for t, ours in zip(theirs, half, strict=True)
                ]
            table.add_row(kind, part, *shown)
    Console(width=None if sys.stdout.isatty() else 150).print(table)
    for other in others:
        sizes = ", ".join(f"{other.written(kind) / 1000:,.0f} kB after {kind}" for kind in KINDS)
        Console().print(f"that wrote {sizes} when bringing up")


def main() -> None:
    """Build a school, let the sides record and ask in turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pupils", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--against", type=Path, help="another working copy")
    parser.add_argument("--live", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.live:
        live(asked.live)
        return
    with tempfile.TemporaryDirectory() as name:
        show(measure(Path(name), asked))


if __name__ == "__main__":
    main()
