"""`alerts`: what waits for somebody's decision."""

from datetime import date

import pytest

from ledger.events.register import SourceConflicted
from projections.penalties.alerts import Alerts
from tests.projections.ledgers import enrolled, instant, marked, on_mark
from tests.projections.penalties.facts import amended, imported

SESSION = "2025-09-08/AM"
AT = instant(2025, 9, 8, 9)


def conflict(stands, code, pupil="ann"):
    """Another system states another mark."""
    return on_mark(pupil, SESSION, SourceConflicted(stands=stands, code=code, row=2))


def rows(book, **asked):
    """What stands and what the source states, of each open conflict."""
    return [
        (r["upn"], r["session"], r["stands"], r["source_states"])
        for r in book.ask(Alerts(**asked)).rows()
    ]


@pytest.fixture
def explained(school):
    """A mark that came by an import, and was amended here."""
    school.add(AT, marked("ann", SESSION, "N", stated=AT, row=2), imported=True)
    school.add(AT + 1, amended(SESSION, "I", "N"))
    return school


THEN = "2025-09-08T09:00:00.000002Z"


def test_a_conflict_waits_until_a_person_amends(explained):
    """Open when recorded, the newest statement shown; settled by an amendment here."""
    explained.add(AT + 2, conflict("I", "O"), imported=True)
    explained.add(AT + 3, conflict("I", "C"), imported=True)
    assert rows(explained) == [("U-ann", SESSION, "I", "C")]
    explained.add(AT + 4, amended(SESSION, "C", "I"))
    assert not rows(explained)
    assert rows(explained, known_at=THEN) == [("U-ann", SESSION, "I", "O")]


def test_a_source_that_comes_to_state_what_stands_settles_the_conflict(explained):
    """It is closed from then on, and was open before."""
    explained.add(AT + 2, conflict("I", "L"), imported=True)
    explained.add(AT + 3, conflict("I", "I"), imported=True)
    assert not rows(explained)
    assert rows(explained, known_at=THEN) == [("U-ann", SESSION, "I", "L")]


def test_a_change_by_the_source_settles_nothing(school):
    """Only a person here settles a conflict, not another import."""
    school.add(AT, marked("ann", SESSION, "N"), conflict("N", "O"))
    school.add(AT + 1, imported(SESSION, "N", "I", stated=AT, row=2), imported=True)
    assert len(rows(school)) == 1


def test_a_conflict_known_before_its_pupil_is_named_all_the_same(school):
    """A source may state its marks at earlier times than its pupils."""
    school.add(
        AT,
        enrolled("eve", date(2025, 9, 3), stated=instant(2025, 9, 5)),
        conflict("N", "O", pupil="eve"),
        imported=True,
    )
    found = rows(school, clock="source", known_at="2025-09-04")
    assert [upn for upn, *_ in found] == ["U-eve"]


def test_nothing_waits_is_said(school):
    """Without a conflict the answer says that nothing waits."""
    assert "Nothing waits." in school.ask(Alerts()).blocks[0].notes


def test_what_waits_is_shown_with_what_to_do(school):
    """The table names session, pupil and both codes, and the way to settle it."""
    school.add(AT, marked("ann", SESSION, "N"), conflict("N", "O"))
    grid = school.ask(Alerts()).blocks[0]
    assert list(grid.rows) == [(SESSION, "U-ann", "N", "O")]
    assert "Amend" in grid.notes[0]


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event: not that nothing waits."""
    answer = school.ask(Alerts(known_at="2025-07-01"))
    assert answer.document["knows_nothing"] is True
    assert "knew nothing" in answer.blocks[0].lines[0]
