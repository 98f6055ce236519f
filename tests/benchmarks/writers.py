"""Writers against the clock: `uv run python tests/benchmarks/writers.py`.

A school of 1,000 pupils, imported, and then its registers: in one process, as commands, by eight
processes at once, and among others' commands, readers and a rebuild. Each is measured beside a
named alternative in the same run. Nothing here is asserted: a slow machine fails no test.
"""

import argparse
import csv
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import StringIO
from itertools import chain, islice
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rivals import INSERTS, Bare, Stock

from cli import Door
from commands.amending.amend import AmendMarks
from commands.core.command import Context, UseCase
from commands.core.execute import execute
from commands.demo import synthetic
from commands.exchange.importing import ImportPortable
from commands.penalties.undercut import watch
from commands.register.entries import Row
from commands.register.take import MarkSession, TakeRegister
from commands.school.school import CreateLedger
from commands.school.staff import AddStaff
from ledger.clock import local_date, now, parse_instant
from ledger.errors import Refused
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.terminal import no_progress
from ledger.values import HALVES, Operator, Session
from projections.figures.rates import Rates
from projections.readmodel import catch_up

UNTIL = date(2025, 10, 24)
FIRST = date(2025, 11, 3)
TIMES = {"AM": "08:50", "PM": "13:55"}
CODES = {"AM": "/", "PM": "\\"}
TEACHER = "H01"
SCHOOL = "school"
WRITERS = 8
ATTENDANCE = Path(sys.executable).with_name("attendance")
Groups = dict[str, list[str]]
"""The UPNs of each registration group."""


@dataclass
class Timing:
    """How long each of many pieces of work took, in seconds of wall and of processor."""

    wall: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure one piece of work."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu += time.process_time() - cpu
        self.wall.append(time.perf_counter() - wall)

    def percentile(self, hundredth: int) -> float:
        """Return the milliseconds within which so many in a hundred were done."""
        ordered = sorted(self.wall)
        return 1000 * ordered[min(len(ordered) * hundredth // 100, len(ordered) - 1)]


# The school, and the registers that are taken of it


def school(folder: Path, pupils: int) -> None:
    """Import a synthetic school with half a term of marks."""
    source, made = folder / SCHOOL, Folder(folder / "ledger")
    synthetic.build(source, pupils=pupils, until=UNTIL)
    context = Context(Ledger(made), at(Session(UNTIL, "PM")), Operator(None, "bench"), watch)
    CreateLedger().carry_out(context)
    execute(context, ImportPortable(path=source).load(StringIO()))
    catch_up.catch_up(made)


def copied(folder: Path, name: str) -> Folder:
    """Return a fresh copy of the imported ledger."""
    shutil.copytree(folder / "ledger", folder / name)
    return Folder(folder / name)


def at(session: Session) -> Callable[[], int]:
    """Return a clock that stands in the middle of a session's taking."""
    instant = parse_instant(f"{session.date}T{TIMES[session.half]}")
    return lambda: instant


def teacher(ledger: Ledger, session: Session) -> Context:
    """Return who takes a register, while the session's registers are open."""
    return Context(ledger, at(session), Operator(TEACHER, "bench"), watch)


def groups_of(source: Path) -> Groups:
    """Return the registration groups and who is in them after the holiday."""
    with (source / "pupils.csv").open(encoding="utf-8", newline="") as file:
        stay = {row["upn"] for row in csv.DictReader(file) if not row["leaves_on"]}
    found: Groups = {}
    with (source / "groups.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "registration" and not row["to"] and row["upn"] in stay:
                found.setdefault(row["name"], []).append(row["upn"])
    return found


def sessions(source: Path, count: int) -> list[Session]:
    """Return the first sessions after the half-term holiday."""
    known = tomllib.loads((source / "school.toml").read_text("utf-8"))
    closed = {each["date"] for each in known["closed"]}
    days = (
        term["first"] + timedelta(days=n)
        for term in known["term"]
        for n in range((term["last"] - term["first"]).days + 1)
    )
    met = (d for d in days if d >= FIRST and d.weekday() < 5 and d not in closed)
    return list(islice((Session(day, half) for day in met for half in HALVES), count))


def register(group: str, upns: list[str], session: Session) -> TakeRegister:
    """Return a register with a code for everyone; the last pupil is absent."""
    codes = [CODES[session.half]] * (len(upns) - 1) + ["N"]
    rows = tuple(Row(n, *pair) for n, pair in enumerate(zip(upns, codes, strict=True), start=2))
    return TakeRegister(group=group, session=session, rows=rows)


# A register in one process, beside bare SQLite and the event-sourcing library as it comes


def in_process(folder: Path, groups: Groups, count: int) -> dict[str, Timing]:
    """Take every group's register of some sessions in each of the three ways, by turns."""
    made = copied(folder, "in-process")
    ours, plain, stock = Timing(), Timing(), Timing()
    upns = [upn for members in groups.values() for upn in members]
    with (
        Ledger(made) as ledger,
        closing(Bare(folder / "bare.db", made.log)) as db,
        closing(Stock(folder / "stock.db", upns)) as library,
    ):
        for session in sessions(folder / SCHOOL, count):
            commands = [register(group, here, session) for group, here in groups.items()]
            spans = []
            for command in commands:
                before = made.head()
                with ours.measured():
                    execute(teacher(ledger, session), command)
                spans.append((before + 1, made.head()))
            for rows in [db.rows(*span) for span in spans]:
                with plain.measured():
                    db.insert(rows)
            for command in commands:
                with stock.measured():
                    library.take(command)
    return {"execute": ours, "bare sqlite3": plain, "eventsourcing": stock}


def show_ways(console: Console, title: str, found: dict[str, Timing], marks: int) -> None:
    """Print several ways to record the same, each against the first, which is ours."""
    ours = next(iter(found.values()))
    table = Table(title, "marks/s", "marks/s CPU", "p50 ms", "p99 ms", "we are, wall", "CPU")
    for name, timing in found.items():
        wall, cpu = sum(timing.wall), timing.cpu
        table.add_row(
            f"{name} ({len(timing.wall)} registers)",
            f"{marks / wall:,.0f}",
            f"{marks / cpu:,.0f}",
            f"{timing.percentile(50):.1f}",
            f"{timing.percentile(99):.1f}",
            f"{wall / sum(ours.wall):.3f} x",
            f"{cpu / ours.cpu:.3f} x",
        )
    console.print(table)


# A register as a command


def as_command(folder: Path, groups: Groups, count: int) -> dict[str, Timing]:
    """Take registers, each by a process of its own; beside it one that only inserts the rows."""
    made, found = copied(folder, "commands"), {"attendance": Timing(), "bare sqlite3": Timing()}
    [session] = sessions(folder / SCHOOL, 1)
    ours = [ATTENDANCE, "--as", TEACHER, "--ledger", made.path]
    process(Timing(), ours, ["clock", "confirm", local_date(now())])  # a summer or more is over
    with closing(Bare(folder / "bare-commands.db", made.log)) as db:
        for group, upns in list(groups.items())[:count]:
            command, before = register(group, upns, session), made.head()
            lines = [f"{row.pupil},{row.code}" for row in command.rows]
            (folder / "register.csv").write_text("\n".join(["upn,code", *lines]), "utf-8")
            place = ["--group", group, "--session", str(session)]
            process(
                found["attendance"],
                ours,
                ["register", "take", folder / "register.csv", *place],
            )
            (folder / "rows").write_bytes(pickle.dumps(db.rows(before + 1, made.head())))
            process(
                found["bare sqlite3"],
                [sys.executable, "-c", INSERTS, folder / "bare-commands.db", folder / "rows"],
            )
    return found


def process(timing: Timing, *arguments: list[object]) -> None:
    """Measure a process from its start to its end."""
    started = time.perf_counter()
    command = [str(each) for each in chain(*arguments)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = status
    if status:
        sys.exit(f"{command} failed")
    timing.wall.append(time.perf_counter() - started)
    timing.cpu += usage.ru_utime + usage.ru_stime


# Several processes, each with a ledger that it keeps open


@dataclass
class Work:
    """What a process did: how long each command took, how many marks, and who was refused."""

    timing: Timing = field(default_factory=Timing)
    marks: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Work") -> None:
        """Put another's to this."""
        self.timing.wall += other.timing.wall
        self.timing.cpu += other.timing.cpu
        self.marks += other.marks
        self.refused += other.refused


def own_group(source: Path, number: int, count: int) -> Iterator[tuple[UseCase, Session]]:
    """Yield the registers of one group, session by session."""
    group, upns = list(groups_of(source).items())[number]
    for session in sessions(source, count):
        yield register(group, upns, session), session


def every_group(source: Path, _: int, count: int) -> Iterator[tuple[UseCase, Session]]:
    """Yield the same registers as eight writers of a group each have, session by session."""
    groups = list(groups_of(source).items())[:WRITERS]
    for session in sessions(source, count):
        for group, upns in groups:
            yield register(group, upns, session), session


def mixed(source: Path, number: int, count: int) -> Iterator[tuple[UseCase, Session]]:
    """Yield commands of four kinds; registers and staff are one's own, amended marks anybody's."""
    groups = list(groups_of(source).items())
    group, upns = groups[number]
    shared, day = groups[WRITERS][1], Session(date(2025, 10, 23), "AM")
    for n, session in enumerate(sessions(source, count)):
        match n % 4:
            case 0:
                yield register(group, upns, session), session
            case 1:
                name = f"Writer {number} {n}"
                yield AddStaff(staff_id=f"w{number}-{n}", name=name, job_title="Clerk"), session
            case 2:
                code, pupil = "ILM"[(n + number) % 3], shared[n % len(shared)]
                reason = f"Told {number} {n}"
                yield AmendMarks(pupil=pupil, session=day, code=code, reason=reason), session
            case _:
                yield MarkSession(pupil=upns[n % len(upns)], session=session, code="N"), session


def write(ledger: Ledger, commands: Iterable[tuple[UseCase, Session]]) -> Work:
    """Carry commands out, one after another."""
    work = Work()
    for command, session in commands:
        with work.timing.measured():
            try:
                execute(teacher(ledger, session), command)
            except Refused as refused:
                work.refused[refused.code] += 1
            else:
                work.marks += len(command.rows) if isinstance(command, TakeRegister) else 1
    return work


def read(ledger: Ledger, count: int) -> Work:
    """Ask for the rates of the year so far, again and again."""
    work = Work()
    asked, door = Rates(from_=date(2025, 9, 1), on=UNTIL), Door(ledger, no_progress)
    for _ in range(count):
        with work.timing.measured():
            door.ask(asked, Operator(TEACHER, "bench"))
    return work


def rebuild(ledger: Ledger) -> Work:
    """Make the views anew."""
    work = Work()
    with work.timing.measured():
        catch_up.rebuild(ledger.folder)
    return work


KINDS = {"own group": own_group, "every group": every_group, "mixed": mixed}


def at_work(folder: Path, name: str, kind: str, number: int, count: int) -> None:
    """Be one of several processes: say that all is loaded, wait for the word, work, tell.

    All is loaded when the first command has been carried out, which is not measured.
    """
    source = folder / SCHOOL
    commands = list(KINDS[kind](source, number, count)) if kind in KINDS else []
    first = AddStaff(staff_id=f"{kind[:1]}{number}", name="A Newcomer", job_title="Clerk")
    with Ledger(Folder(folder / name)) as ledger:
        write(ledger, [(first, Session(UNTIL, "PM"))])
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        work = write(ledger, commands) if commands else WORKS[kind](ledger, count)
        sys.stdout.buffer.write(pickle.dumps(work))
        sys.stdout.buffer.flush()


WORKS: dict[str, Callable[[Ledger, int], Work]] = {
    "rates": read,
    "rebuild": lambda ledger, _: rebuild(ledger),
}


def together(
    folder: Path, name: str, *tasks: tuple[str, int, int]
) -> tuple[dict[str, Work], float]:
    """Let processes work at once; return what each kind did, and the seconds until all had."""
    started = [
        subprocess.Popen(
            [sys.executable, __file__, "--at-work", str(folder), name, *map(str, task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for task in tasks
    ]
    for each in started:
        each.stdout.readline()
    begun = time.perf_counter()
    for each in started:
        each.stdin.write(b"go\n")
        each.stdin.flush()
    found: dict[str, Work] = {}
    for (kind, _, _), each in zip(tasks, started, strict=True):
        found.setdefault(kind, Work()).add(pickle.loads(each.communicate()[0]))  # noqa: S301
    return found, time.perf_counter() - begun


def show_eight(console: Console, folder: Path, registers: int) -> None:
    """Print eight processes with a group each against one with all of them."""
    table = Table("Registers", "registers", "refused", "marks/s", "p50 ms", "p99 ms", "of one's")
    for name in ("one", "eight"):
        copied(folder, name)
    alone, seconds = together(folder, "one", ("every group", 0, registers))
    base = alone["every group"].marks / seconds
    add_writers(table, "one process, eight groups", alone["every group"], seconds, base)
    tasks = [("own group", n, registers) for n in range(WRITERS)]
    eight, seconds = together(folder, "eight", *tasks)
    add_writers(table, "eight processes, a group each", eight["own group"], seconds, base)
    console.print(table)


def add_writers(table: Table, name: str, work: Work, seconds: float, base: float) -> None:
    """Add what writers of registers did to a table."""
    per_second = work.marks / seconds
    refused = ", ".join(f"{count} {code}" for code, count in work.refused.items()) or "none"
    table.add_row(
        name,
        str(len(work.timing.wall)),
        refused,
        f"{per_second:,.0f}",
        f"{work.timing.percentile(50):.1f}",
        f"{work.timing.percentile(99):.1f}",
        f"{per_second / base:.2f} x",
    )


def show_mixed(console: Console, folder: Path, count: int) -> None:
    """Print eight writers of mixed commands, two readers and a rebuild, against one writer."""
    table = Table("Mixed commands", "done", "a second", "refused", "p50 ms", "p99 ms")
    for name in ("mixed-one", "mixed-all"):
        copied(folder, name)
    everybody = [("mixed", n, count) for n in range(WRITERS)]
    others = [("rates", 0, count), ("rates", 1, count), ("rebuild", 0, 1)]
    for title, name, tasks in (
        ("one writer alone", "mixed-one", everybody[:1]),
        ("eight writers, two readers, a rebuild", "mixed-all", everybody + others),
    ):
        found, seconds = together(folder, name, *tasks)
        for kind, work in found.items():
            refused = ", ".join(f"{n} {code}" for code, n in work.refused.items()) or "none"
            table.add_row(
                f"{title}: {kind}",
                str(len(work.timing.wall)),
                f"{len(work.timing.wall) / seconds:.1f}",
                refused,
                f"{work.timing.percentile(50):.1f}",
                f"{work.timing.percentile(99):.1f}",
            )
    console.print(table)


def main() -> None:
    """Build a school, let writers write, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pupils", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=8, help="of every group, in one process")
    parser.add_argument("--commands", type=int, default=20, help="processes, a register each")
    parser.add_argument("--registers", type=int, default=100, help="of each of eight writers")
    parser.add_argument("--mixed", type=int, default=40, help="commands of each of eight writers")
    asked = parser.parse_args()
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        school(folder, asked.pupils)
        groups = groups_of(folder / SCHOOL)
        marks = asked.sessions * sum(map(len, groups.values()))
        found = in_process(folder, groups, asked.sessions)
        show_ways(console, "A register, one process", found, marks)
        marks = sum(len(upns) for upns in list(groups.values())[: asked.commands])
        found = as_command(folder, groups, asked.commands)
        show_ways(console, "A register, a process each", found, marks)
        show_eight(console, folder, asked.registers)
        show_mixed(console, folder, asked.mixed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--at-work"]:
        _, _, place, name, kind, number, count = sys.argv
        at_work(Path(place), name, kind, int(number), int(count))
    else:
        main()
