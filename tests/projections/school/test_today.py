"""`today`: who has no mark, whose reason is not known, who is expected away."""

from datetime import date

import pytest

from ledger.events import streams
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.events.register import AbsencePlanned, PlanWithdrawn
from ledger.store.facts import Fact
from projections.school.today import Today
from tests.projections.ledgers import created, instant, marked, opened

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
    school.add(AT, Fact(streams.plan("ann", f"{MONDAY}/AM"), AbsencePlanned(code="M")))
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


# -- days without school, and days to come --------------------------------------------------

SUNDAY, FRIDAY = date(2025, 9, 7), date(2025, 9, 5)
SUNDAY_NOON = instant(2025, 9, 7, 12)


def test_on_a_sunday_the_last_day_of_school_is_shown_by_itself(school):
    """A lead who looks at the weekend sees Friday's blanks, and is told why."""
    school.add(instant(2025, 9, 5, 9), marked("ann", f"{FRIDAY}/AM", "N"))
    answer = school.ask(Today(), now=SUNDAY_NOON)
    assert answer.document["as_of"]["on"] == "2025-09-05"
    assert (answer.document["asked_on"], answer.document["not_open"]) == ("2025-09-07", "Sunday")
    assert answer.rows()[0]["what"] == "reason not yet known"
    [grid] = answer.blocks
    assert grid.title == "6 to look at on 2025-09-05, the last day of school"
    assert grid.notes[0] == "The school is not open on 2025-09-07: Sunday"
    assert not any("Open from" in note for note in grid.notes)


def test_of_a_sunday_that_is_named_nothing_else_is_shown_but_the_way_is(school):
    answer = school.ask(Today(on=SUNDAY), now=SUNDAY_NOON)
    assert (list(answer.rows()), answer.document["as_of"]["on"]) == ([], "2025-09-07")
    assert list(answer.blocks[0].notes)[:2] == [
        "The school is not open on 2025-09-07: Sunday",
        (
            "Open from 2025-09-05, the day of school before: 6 no mark "
            "(attendance today --on 2025-09-05)"
        ),
    ]


def test_on_a_monday_what_is_open_of_friday_is_told(school):
    school.add(instant(2025, 9, 5, 9), marked("ann", f"{FRIDAY}/AM", "N"))
    [grid] = school.ask(Today(on=MONDAY), now=AT).blocks
    told = "Open from 2025-09-05, the day of school before: 5 no mark, 1 reason not yet known"
    assert grid.notes[0].startswith(told)
    narrowed = school.ask(Today(on=MONDAY, pupil="U-cy"), now=AT).blocks[0]
    assert ": 2 no mark (" in narrowed.notes[0]


CLOSED = {
    "INSET": (SessionsClosed(date=MONDAY, reason="INSET"), "closed: INSET"),
    "no reason": (SessionsClosed(date=MONDAY), "closed"),
    "cancelled": (SessionCancelled(date=MONDAY, reason="Snow"), "cancelled: Snow"),
    "half a day": (SessionsClosed(date=MONDAY, sessions=("AM",), reason="INSET"), None),
    "one group": (SessionsClosed(date=MONDAY, groups=("9A",), reason="Trip"), None),
}


@pytest.mark.parametrize("name", CLOSED)
def test_a_day_that_is_closed_for_everyone_says_why(school, name):
    """Half a day, or a day for one group, is a day of school."""
    event, said = CLOSED[name]
    school.add(AT, Fact(streams.CALENDAR, event))
    assert school.ask(Today(on=MONDAY), now=AT).document["not_open"] == said


def test_a_day_outside_the_terms_says_which_are_recorded(school):
    """A wrong date of a term does not look like a day on which all is well."""
    [holiday] = school.ask(Today(on=date(2025, 8, 5)), now=AT).blocks
    assert holiday.notes[0].startswith(
        "The school is not open on 2025-08-05: outside the terms recorded: "
    )
    assert "begins on 2025-09-03" in holiday.notes[0]


def test_without_terms_that_is_said(empty):
    """And there is no day of school before."""
    empty.add(instant(2025, 9, 1), created(), opened())
    answer = empty.ask(Today(), now=AT)
    assert answer.document["not_open"] == "no terms are recorded (attendance terms set)"
    assert answer.document["as_of"]["on"] == "2025-09-08"


def test_of_a_day_to_come_only_who_is_expected_away_is_listed(school):
    """Nobody lacks a mark for a session that has not been."""
    tomorrow = date(2025, 9, 9)
    school.add(AT, Fact(streams.plan("ann", f"{tomorrow}/AM"), AbsencePlanned(code="M")))
    answer = school.ask(Today(on=tomorrow), now=AT)
    assert [(r["upn"], r["what"]) for r in answer.rows()] == [("U-ann", "planned absence")]
    assert answer.document["still_to_come"] is True
    told = "2025-09-09 has not been yet: only who is expected away is listed"
    assert next(iter(answer.blocks[0].notes)) == told


def test_before_the_afternoon_closes_nobody_lacks_its_mark(school):
    """Who is expected away is listed all day; a selection says what is not due of its own."""
    pm = f"{MONDAY}/PM"
    school.add(
        AT,
        *(marked(pupil, f"{MONDAY}/AM", "/") for pupil in ("ann", "bob", "cy")),
        marked("cy", pm, "/"),
        Fact(streams.plan("ann", pm), AbsencePlanned(code="M")),
    )
    answer = school.ask(Today(), now=instant(2025, 9, 8, 11))
    assert [(r["upn"], r["what"]) for r in answer.rows()] == [("U-ann", "planned absence")]
    assert answer.document["not_due_yet"] == [pm]
    said = f"{pm} is not due yet: who is without a mark is listed once it has closed"
    assert said in answer.blocks[0].notes
    alone = school.ask(Today(pupil="U-cy"), now=instant(2025, 9, 8, 11))
    assert "not_due_yet" not in alone.document
