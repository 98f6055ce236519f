"""Marks that say of a session that it was not held, where the calendar says that it was."""

from datetime import date

import pytest

from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import MarkAmended
from ledger.events.roll import GroupJoined, GroupLeft
from ledger.store.facts import Fact
from projections.penalties.alerts import Alerts
from projections.rendering.text import as_csv
from projections.school.today import Today
from tests.projections.ledgers import enrolled, instant, marked, on_mark, term
from tests.projections.penalties.facts import BY

DAY = date(2025, 9, 8)
AM, PM = f"{DAY}/AM", f"{DAY}/PM"
AT = instant(2025, 9, 8, 9)
PUPILS = ("ann", "bob", "cy")


def not_held(pupil, session, original="/"):
    """The amendment that a cancellation gives."""
    amended = MarkAmended(original=original, code="Y4", reason="session cancelled: snow", **BY)
    return on_mark(pupil, session, amended)


def calendar(event=SessionCancelled, groups=(), sessions=("AM",)):
    return Fact(streams.CALENDAR, event(date=DAY, sessions=sessions, groups=groups, reason="snow"))


def rows(book, **asked):
    """Session, group, code, pupils, first marks and batches of each row."""
    return [
        (
            row["session"][-2:],
            row["group"],
            row["stands"],
            [upn[2:] for upn in row["upns"]],
            row["nothing_before"],
            row["batches"],
        )
        for row in book.ask(Alerts(**asked)).rows()
        if row["kind"] == "not-held"
    ]


@pytest.fixture
def cancelled(school):
    """Ann and Bob were marked, Cy was not; then the session was cancelled; with its batch."""
    school.add(AT, marked("ann", AM, "/"), marked("bob", AM, "/"))
    last = school.add(
        AT + 1, calendar(), not_held("ann", AM), not_held("bob", AM), marked("cy", AM, "Y4")
    )
    school.batch = last - 4
    return school


def test_while_the_session_is_cancelled_nothing_is_told(cancelled):
    """The code says what is so."""
    assert rows(cancelled) == []


def test_a_cancellation_withdrawn_leaves_marks_by_session_and_group(cancelled):
    """With the batch that changed them; a first mark names none."""
    cancelled.add(AT + 2, calendar(ClosureWithdrawn))
    assert rows(cancelled) == [
        ("AM", "9A", "Y4", ["ann", "bob"], 0, [cancelled.batch]),
        ("AM", "9B", "Y4", ["cy"], 1, []),
    ]


def test_it_ends_when_the_marks_or_the_calendar_are_put_right(cancelled):
    """And is told as it was known before."""
    cancelled.add(AT + 2, calendar(ClosureWithdrawn))
    back = MarkAmended(original="Y4", code="/", reason="held", **BY)
    cancelled.add(AT + 3, on_mark("ann", AM, back))
    assert [row[3] for row in rows(cancelled)] == [["bob"], ["cy"]]
    assert len(rows(cancelled, known_at="2025-09-08T09:00:00.000002Z")) == 2
    assert [row[3] for row in rows(cancelled, known_at="2025-09-08T09:00:00.000002Z")] == [
        ["ann", "bob"],
        ["cy"],
    ]
    cancelled.add(AT + 4, calendar())
    assert rows(cancelled) == []


def test_a_pupil_moved_to_a_group_that_was_taught_is_told(school):
    """The cancellation was of the group left; the mark says so of the group that met."""
    school.add(AT, marked("ann", AM, "O"), marked("bob", AM, "/"))
    school.add(AT + 1, calendar(groups=("9A",)), not_held("ann", AM, "O"), not_held("bob", AM))
    assert rows(school) == []
    left = GroupLeft(kind="registration", name="9A", since=None, until=date(2025, 9, 7))
    joins = GroupJoined(kind="registration", name="9B", since=DAY)
    stream = streams.pupil("ann")
    school.add(AT + 2, Fact(stream, left), Fact(stream, joins))
    [(_, group, code, upns, *_)] = rows(school)
    assert (group, code, upns) == ("9B", "Y4", ["ann"])


def test_marks_of_an_import_are_told(school):
    """A source states them, and no cancellation: one of the two is wrong."""
    facts = [
        marked(pupil, session, "Y4", stated=AT, row=2) for pupil in PUPILS for session in (AM, PM)
    ]
    school.add(AT, *facts, imported=True)
    assert [row[:2] for row in rows(school)] == [
        ("AM", "9A"),
        ("AM", "9B"),
        ("PM", "9A"),
        ("PM", "9B"),
    ]
    assert {row[4] for row in rows(school)} == {1, 2}


def test_a_day_without_a_session_for_the_pupil_is_not_told(school):
    """Closed as planned, outside term, off roll: the school did not hold it for the pupil."""
    october = "2025-10-08/AM"
    holiday = "2025-10-28/AM"
    school.add(
        AT, marked("ann", AM, "Y4"), marked("ann", holiday, "Y4"), marked("cy", october, "Y4")
    )
    school.add(AT + 1, calendar(SessionsClosed))
    assert rows(school) == []


def test_other_codes_say_nothing_of_the_session(school):
    """A pupil whom travel kept away; and Y of before, which said either."""
    before = date(2024, 6, 3)
    school.add(
        AT,
        term("Summer 2024", date(2024, 6, 3), date(2024, 7, 19)),
        enrolled("ann", before, surname="Able", forename="Ann"),
        marked("ann", f"{before}/AM", "Y"),
        marked("ann", AM, "Y2"),
    )
    assert rows(school) == []


def test_a_pupil_without_a_registration_group_has_none(school):
    """The row stands, with nobody's group."""
    school.add(AT, enrolled("eve", date(2025, 9, 3)), marked("eve", AM, "Y4"))
    assert [row[1:4] for row in rows(school)] == [("", "Y4", ["eve"])]


def test_alerts_shows_how_many_and_what_to_do(cancelled):
    """The table stands alone where nothing else waits; CSV has its columns."""
    cancelled.add(AT + 2, calendar(ClosureWithdrawn))
    [grid] = cancelled.ask(Alerts()).blocks
    assert grid.title == "3 marks say Y4 (not held) of a session recorded as held"
    assert list(grid.rows) == [
        (AM, "9A", "2", "Y4", "0", str(cancelled.batch)),
        (AM, "9B", "1", "Y4", "1", ""),
    ]
    assert "attendance put-back BATCH" in grid.notes[0]
    header, first, _ = as_csv(cancelled.ask(Alerts())).splitlines()
    assert header.endswith(",state,group,marks,batches,peak_before,peak_after,count_again")
    assert first.endswith(f",9A,2,{cancelled.batch},,,")


def test_today_counts_them_whatever_the_day(cancelled):
    """Of the pupils asked about, where the day has sessions; nothing where there is none."""
    assert "not_held" not in cancelled.ask(Today(on=DAY)).document
    cancelled.add(AT + 2, calendar(ClosureWithdrawn))
    for asked, number in ({}, 3), ({"group": "9B"}, 1), ({"on": date(2025, 9, 7)}, 3):
        answer = cancelled.ask(Today(**{"on": date(2025, 9, 9)} | asked))
        assert answer.document["not_held"] == number
    before, note, *_ = cancelled.ask(Today(on=DAY, group="9B")).blocks[0].notes
    assert before == (
        "Open from 2025-09-05, the day of school before: 2 no mark "
        "(attendance today --on 2025-09-05)"
    )
    assert note == "1 mark says Y4 (not held) of a session recorded as held: attendance alerts"
