"""The cases of what an office owes by a day, and the small school in which they happen.

The school meets Monday to Friday from 2025-09-03 to 2025-12-19, from 2026-01-05 to 2026-07-17,
from 2026-09-02 to 2026-10-23 and from 2026-11-02 to 2026-12-18, except on Friday 2026-11-27
(INSET). One pupil, Ann, is on roll from 2025-09-03, in Y9, born in the birth year 2012.
"""

import shutil
import tomllib
from datetime import date, timedelta
from pathlib import Path

from ledger.events import streams
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.events.register import AbsencePlanned, SessionMarked
from ledger.events.returns import ReturnAgreed, ReturnMade
from ledger.events.roll import PupilRemoved
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from tests.projections.ledgers import Book, created, enrolled, instant, joined, opened, staff, term

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
FOUNDED = instant(2025, 8, 1, 8)
LATER = instant(2026, 12, 31, 8)
FIRST = date(2025, 9, 3)
INSET = date(2026, 11, 27)
TERMS = {
    "Autumn 2025": (FIRST, date(2025, 12, 19)),
    "Spring and summer": (date(2026, 1, 5), date(2026, 7, 17)),
    "Autumn 1": (date(2026, 9, 2), date(2026, 10, 23)),
    "Autumn 2": (date(2026, 11, 2), date(2026, 12, 18)),
}


def load(name):
    """Return the cases of a file, each under its name."""
    found = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))["case"]
    return {case["name"]: case for case in found}


def school(path, *more):
    """Make the school of the cases; ``more``: its pupils, if any."""
    book = Book(path)
    terms = [term(name, *days) for name, days in TERMS.items()]
    inset = Fact(streams.CALENDAR, SessionsClosed(date=INSET, reason="INSET"))
    book.add(FOUNDED, created(), opened(), staff(), *terms, inset, *more, by=None)
    return book


def copied(founded, path):
    """Return a copy of a book, to write into."""
    book = object.__new__(Book)
    shutil.copytree(founded.folder.path, path)
    book.folder, book.versions = Folder(path), dict(founded.versions)
    return book


def fill(book, given):
    """Record what a case says is given."""
    facts = [*_ann(given), *calendar(given)]
    for row in given.get("marks", ()):
        mark = SessionMarked(code=row["code"])
        facts += [Fact(streams.mark("ann", s), mark) for s in sessions(row, given)]
    for row in given.get("plans", ()):
        plan = AbsencePlanned(code=row["code"])
        facts += [Fact(streams.plan("ann", s), plan) for s in sessions(row, given)]
    book.add(LATER, *facts, *_returns(given))


def _ann(given):
    names = ("boarder", "birth_cohort", "compulsory_from")
    starts_on, year = given.get("joined", FIRST), given.get("year", "Y9")
    yield enrolled("ann", starts_on, **{name: given[name] for name in names if name in given})
    if year:
        yield joined("ann", "year", year)
    for name in given.get("other_years", ()):
        yield enrolled(name, FIRST, birth_cohort=2020)
        yield joined(name, "year", name)
    if "left" in given:
        ground = given.get("ground", "")
        left = PupilRemoved(starts_on=starts_on, leaves_on=given["left"], ground=ground)
        yield Fact(streams.pupil("ann"), left)


def calendar(given):
    """Yield the closures and cancellations of a case."""
    for day in given.get("closed", ()):
        yield Fact(streams.CALENDAR, SessionsClosed(date=day))
    for text in given.get("cancelled", ()):
        day, _, half = text.partition("/")
        halves = {"sessions": (half,)} if half else {}
        event = SessionCancelled(date=date.fromisoformat(day), **halves)
        yield Fact(streams.CALENDAR, event)


def _returns(given):
    stream = streams.returns(given.get("kind", ""))
    about = {"Ann": ("ann",), "Bob": ("bob",), "everyone": ()}
    for row in given.get("returns", ()):
        event = ReturnMade(
            on=row["on"], pupils=about[row["about"]], by="s1", name="Mo", job_title="Officer"
        )
        yield Fact(stream, event)
    if "agreed" in given:
        row = given["agreed"]
        figure = {"sessions": row["sessions"], "weeks": row["weeks"], "since": row["from"]}
        yield Fact(stream, ReturnAgreed(**figure, by="s1"))


def sessions(row, given):
    """Yield the sessions in term that a row names, both halves of a day or one."""
    halves = (row["half"],) if "half" in row else ("AM", "PM")
    left_out = {INSET.isoformat(), *map(str, given.get("closed", ())), *given.get("cancelled", ())}
    left_out |= set(row.get("but", ()))
    day, last = row["from"], row.get("to", row["from"])
    while day <= last:
        met = day.weekday() < 5 and any(a <= day <= b for a, b in TERMS.values())
        for half in halves if met else ():
            if not {f"{day}", f"{day}/{half}"} & left_out:
                yield f"{day}/{half}"
        day += timedelta(days=1)
