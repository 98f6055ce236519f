"""Rows as they stood at one point in time, and where SQL may be written."""

import ast
import re
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from ledger.events import streams
from ledger.events.roll import DetailsAmended, GroupJoined, GroupLeft
from ledger.store.facts import Fact
from projections.queries.question import PointInTime
from projections.queries.view import open_view
from projections.readmodel.known import Between
from projections.readmodel.records.log import Commit, LedgerName
from projections.readmodel.records.roll import Details, Membership, Pupil, Spell
from tests.projections.ledgers import NOW, instant

READ_SIDE = Path(__file__).parents[3] / "projections"
LATER = instant(2025, 10, 6, 9)


@contextmanager
def known(book, **bounds):
    with open_view(book.folder, PointInTime(**bounds), lambda: NOW) as view:
        yield view


@pytest.fixture
def moved(school):
    """Ann's surname was amended, and she left 9A, on 6 October; the position before that."""
    before = school.folder.head()
    school.add(
        LATER,
        Fact(streams.pupil("ann"), DetailsAmended(field="surname", amended="Abel", reason="typo",
             by="s1", name="Ms Office", job_title="Officer")),
        Fact(streams.pupil("ann"),
             GroupLeft(kind="registration", name="9A", since=None, until=date(2025, 10, 3))),
    )  # fmt: skip
    return before


def names(view, rows):
    return sorted(view.open(each.surname) for each in rows)


def test_one_version_of_each_fact_stands(school, moved):
    """The newest that was known; before an amendment the one before it."""
    with known(school) as now, known(school, position=moved) as then:
        assert names(now, now.standing(Details)) == ["Abel", "Baker", "Cole"]
        assert names(then, then.standing(Details)) == ["Able", "Baker", "Cole"]


def test_every_version_known_is_told(school, moved):
    """As far as the point in time goes; the first is the first wherever one stands."""
    with known(school) as now, known(school, position=moved) as then:
        assert names(now, now.ever(Details, pupil=0)) == ["Abel", "Able"]
        assert names(then, then.ever(Details, pupil=0)) == ["Able"]
        assert names(then, then.in_log(Details, pupil=0)) == ["Abel", "Able"]
        assert names(then, then.recorded(Details, pupil=0)) == ["Able"]
        assert names(then, then.newest(Details, pupil=0)) == ["Abel"]
        assert names(now, [now.first_version(Details, pupil=0)]) == ["Able"]
        with pytest.raises(LookupError):
            now.first_version(Details, pupil=99)


def test_conditions_go_by_column(school):
    """A value, none for an empty column, one of several, from one to another."""
    with known(school) as now:
        assert {each.pupil for each in now.standing(Membership, name="9A")} == {0, 1}
        assert {each.pupil for each in now.standing(Spell, leaves_on=None)} == {0, 1}
        assert {each.pupil for each in now.standing(Spell, pupil=(0, 2))} == {0, 2}
        days = Between(date(2025, 9, 1), date(2025, 9, 30))
        assert {each.pupil for each in now.standing(Spell, starts_on=days)} == {1, 2}
        assert now.standing(Spell, pupil=[]) == []


def test_the_end_of_a_version_is_known_once_it_came(school, moved):
    """Before that the version has none; a version is known from its event on."""
    with known(school) as now, known(school, position=moved) as then:
        old, new = sorted(now.ever(Details, pupil=0), key=lambda each: each.kf)
        assert now.end_of(old) == new.kf
        assert (now.end_of(new), then.end_of(old)) == (None, None)
        assert [now.knows(each) for each in (old, new)] == [True, True]
        assert [then.knows(each) for each in (old, new)] == [True, False]


def test_an_end_stated_later_has_not_come_about_under_the_source_clock(school):
    """What stands then is the version before it."""
    joined = GroupJoined(kind="cohort", name="EAL", stated=instant(2025, 9, 5))
    left = GroupLeft(kind="cohort", name="EAL", until=date(2025, 9, 19), stated=LATER)
    school.add(LATER, Fact(streams.pupil("bob"), joined), imported=True)
    school.add(LATER, Fact(streams.pupil("bob"), left), imported=True)
    with known(school, clock="source", known_at="2025-09-10") as then:
        [version] = then.standing(Membership, name="EAL")
        assert (version.until, then.end_of(version)) == (None, None)
        assert not then.knows(then.newest(Membership, name="EAL")[0])


def test_what_has_no_versions_is_known_from_its_position(school, moved):
    """Transactions up to the position; the ledger's own name, and who is who, always."""
    with known(school) as now, known(school, position=moved) as then:
        assert len(now.standing(Commit)) == len(now.commits.all) == len(then.standing(Commit)) + 1
        assert then.commits.upto(moved) == then.standing(Commit)
        assert now.commits.of(moved + 2).first == moved + 1
        assert [each.ledger_id for each in then.standing(LedgerName)] == ["0" * 32]
        assert [each.pupil for each in then.standing(Pupil, idx=0)] == ["ann"]


def test_sql_is_written_in_the_read_models_alone():
    """Elsewhere nobody runs a statement, or names the database of a view."""
    found = []
    for path in READ_SIDE.rglob("*.py"):
        if READ_SIDE / "readmodel" in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else ""
            runs = isinstance(node, ast.Attribute) and node.attr in ("execute", "executemany")
            if runs or (
                isinstance(text, str) and re.search(r"\bSELECT\b.*\bFROM\b", text, re.DOTALL)
            ):
                found.append(f"{path.relative_to(READ_SIDE)}:{node.lineno}")
    assert found == []
