"""`persistent` against plain loops, on drawn registers: flags, populations, ways off the list."""

import sqlite3
from contextlib import closing
from datetime import date

import pytest

from ledger.clock import end_of_day
from ledger.state.calendar import Calendar, Closure, Term
from projections.figures.persistent import PersistentAbsence
from projections.queries.people import Person
from projections.queries.view import Interval, View
from projections.readmodel.grid import Grid
from projections.readmodel.recent import NO_MARKS, Marks
from projections.readmodel.records.amending import Request
from projections.readmodel.records.roll import Details, Spell
from projections.readmodel.sources import Models
from projections.readmodel.tables import ALWAYS, create
from tests.projections.figures import persistent_oracle as oracle
from tests.projections.ledgers import NOW

SAMPLE, ALL = 600, 20_000
PARTS = 2
COMPARED = (
    "possible", "absent", "authorised", "unauthorised", "persistent", "severe", "part_time",
    "illness", "other_authorised", "sessions_to_leave", "could_leave_on",
)  # fmt: skip


@pytest.mark.parametrize("part", range(PARTS))
def test_persistent_answers_what_the_oracle_answers(part, pytestconfig, tmp_path):
    """Both populations, every enrolment, every count.

    600 registers; 20,000 with
    ``pytest tests/projections/figures/test_persistent_oracle.py -n 2 --campaign``.
    """
    registers = (ALL if pytestconfig.getoption("campaign") else SAMPLE) // PARTS
    with closing(sqlite3.connect(":memory:")) as db:
        create(db, (Spell, Request))
        for seed in range(part * registers, (part + 1) * registers):
            register = oracle.drawn(seed)
            for population in ("roll", "dfe"):
                _compare(register, population, _viewed(register, db, tmp_path), seed)


def _compare(register, population, view, seed):
    expected = oracle.answer(register, population)
    asked = PersistentAbsence(on=register.on, population=population, all_=True, within=3)
    document = asked.answer(view(asked)).document
    rows = {row["upn"]: row for row in document["rows"]}
    assert rows.keys() == expected.keys(), (seed, population)
    for upn, row in rows.items():
        assert {k: row[k] for k in COMPARED} == {k: expected[upn][k] for k in COMPARED}, seed
    near = {row["upn"]: row["sessions_until_persistent"] for row in document["within"]}
    assert near == {upn: e["until"] for upn, e in expected.items() if 0 < e["until"] <= 3}, seed
    total = document["total"]
    assert (total["enrolments"], total["persistent"], total["severe"]) == (
        len(expected),
        sum(row["persistent"] for row in expected.values()),
        sum(row["severe"] for row in expected.values()),
    )


def _viewed(register, db, folder):
    """The register as the read models hold it, without a log."""
    calendar = Calendar(
        [Term(a, b, f"Term {n}") for n, (a, b) in enumerate(register.terms)],
        [Closure(day, half, groups, cancelled, "") for day, half, groups, cancelled in
         register.closures],
    )  # fmt: skip
    grid = Grid()
    marks = []
    db.execute("DELETE FROM roll")
    for n, pupil in enumerate(register.pupils):
        for (day, half), code in pupil.marks.items():
            marks.append((1, n, f"{day}/{half}", code, 0))
        rows = [(n, str(first), last and str(last), "", "", pupil.boards, 1, None, 0, None)
                for first, last in pupil.spells]  # fmt: skip
        db.executemany("INSERT INTO roll VALUES(?,?,?,?,?,?,?,?,?,?)", rows)
    grid.take(Marks(*zip(*marks, strict=True)) if marks else NO_MARKS)
    grid.settle()

    def view(question):
        models, known_at = Models(db, lambda: grid, 1), end_of_day(date(2026, 6, 1))
        found = View(models, 1, ALWAYS, folder, None, NOW, question, known_at)
        found.root = ""
        found.calendar, found.school = calendar, None
        found.school_year = register.terms[0][0], register.terms[-1][1]
        found.first = found.school_year[0]
        found.row_count = len(register.pupils)
        found.people = {n: _person(n, p) for n, p in enumerate(register.pupils)}
        found.spells = [Interval(n, a, b) for n, p in enumerate(register.pupils)
                        for a, b in p.spells]  # fmt: skip
        found.memberships = [
            Interval(n, since or date.min, until, "registration", name)
            for n, pupil in enumerate(register.pupils) for name, since, until in pupil.groups
        ]  # fmt: skip
        return found

    return view


def _person(n, pupil):
    cohort = pupil.born.year - (pupil.born < date(pupil.born.year, 9, 1))
    return Person(Details(
        pupil=n, upn=pupil.upn, local_id=None, surname=f"Sur{n}", forename=f"Fore{n}",
        name_used=None, dob="", sex=None, address=None, last_school=None, birth_cohort=cohort,
        compulsory_from=date(2017, 12, 31), kf=1, kt=None, sf=0, st=None,
    ), str)  # fmt: skip
