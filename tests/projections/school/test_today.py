"""`today`: who has no mark, whose reason is not known, who is expected away."""

from datetime import date

from ledger.events import streams
from ledger.events.calendar import SessionsClosed
from ledger.events.register import AbsencePlanned, PlanWithdrawn
from ledger.store.store import Fact
from projections.school.today import Today
from tests.projections.ledgers import instant, marked

MONDAY = date(2025, 9, 8)
AT = instant(2025, 9, 8, 9)


def found(book, **asked):
    """Pupil, session, why and planned code of each row."""
    rows = book.ask(Today(**{"on": MONDAY} | asked)).rows()
    return [(r["upn"][2:], r["session"][-2:], r["what"], r["planned"]) for r in rows]


def test_each_pupil_who_needs_a_look_is_listed_with_the_reason(school):
    """No mark, a reason not yet known, a planned absence; whoever is marked is left out."""
    school.add(
        AT,
        marked("ann", f"{MONDAY}/AM", "/"),
        marked("bob", f"{MONDAY}/AM", "N"),
        Fact(streams.plan("ann", f"{MONDAY}/PM"), AbsencePlanned(code="M")),
        Fact(streams.plan("bob", f"{MONDAY}/PM"), AbsencePlanned(code="M")),
        Fact(streams.plan("bob", f"{MONDAY}/PM"), PlanWithdrawn(original="M")),
    )
    assert found(school) == [
        ("bob", "AM", "reason not yet known", None),
        ("cy", "AM", "no mark", None),
        ("ann", "PM", "planned absence", "M"),
        ("bob", "PM", "no mark", None),
        ("cy", "PM", "no mark", None),
    ]


def test_a_closed_session_needs_no_look(school):
    """9A is closed; Cy is not on roll in October."""
    school.add(AT, Fact(streams.CALENDAR, SessionsClosed(date=MONDAY, groups=("9A",))))
    assert {pupil for pupil, *_ in found(school)} == {"cy"}
    assert {pupil for pupil, *_ in found(school, on=date(2025, 10, 1))} == {"ann", "bob"}


def test_a_selection_narrows_the_list(school):
    """By group, and on a Sunday nobody."""
    assert {pupil for pupil, *_ in found(school, group="9B")} == {"cy"}
    assert not found(school, on=date(2025, 9, 7))


def test_the_day_is_today_in_london_when_left_out(school):
    """Half past midnight of a London summer night is today, though yesterday in UTC."""
    answer = school.ask(Today(), now=instant(2025, 9, 7, 23, 30))
    assert answer.document["as_of"]["on"] == "2025-09-08"
    assert answer.rows()[0]["groups"] == ["9A"]


def test_the_table_names_session_group_and_pupil(school):
    """For reading: session, group, name, UPN, what, planned code."""
    grid = school.ask(Today(on=MONDAY)).blocks[0]
    assert grid.rows[0] == ("2025-09-08/AM", "9A", "Ann Able", "U-ann", "no mark", "")


def test_a_ledger_that_knew_nothing_says_so_whatever_is_asked(school):
    """Before the first event also a group is no reason to refuse."""
    answer = school.ask(Today(known_at="2025-07-01", group="9A"))
    assert answer.document["knows_nothing"] is True
    assert "knew nothing" in answer.blocks[0].lines[0]
