"""Planned closures and cancelled sessions: what is recorded, and the marks that follow."""

from datetime import date

import pytest

from commands.calendar.closures import AddClosure, CancelSessions, WithdrawClosure
from commands.register.take import MarkSession
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import MarkAmended, SessionMarked
from ledger.values import parse_session
from tests.commands.conftest import MO

TODAY, INSET = date(2026, 11, 20), date(2026, 11, 27)
TODAY_AM = "2026-11-20/AM"


def close(**fields):
    return AddClosure(**({"day": INSET, "reason": "INSET"} | fields))


def cancel(*sessions, **fields):
    given = {"sessions": sessions or (TODAY_AM,), "reason": "no heating"}
    return CancelSessions(**(given | fields))


def withdraw(**fields):
    return WithdrawClosure(**({"day": TODAY, "reason": "wrong day"} | fields))


def test_whole_day_is_closed_for_everyone(desk):
    """Both halves, no group named."""
    recorded = desk.recorded(close())
    assert recorded == [("calendar", SessionsClosed(date=INSET, reason="INSET"))]


def test_half_a_day_is_closed_for_some_groups(desk):
    """As it was asked."""
    [event] = desk.events(close(session=("PM",), group=("7B", "7A", "7B")))
    assert (event.sessions, event.groups) == (("PM",), ("7A", "7B"))


def test_repeated_closure_records_nothing(desk):
    """A half that is closed already is not closed again."""
    desk.do(close(session=("AM",)))
    told = desk.do(close(group=("7A",), session=("AM",))).says
    assert told == ("2026-11-27 AM closed: INSET",)
    says = desk.do(close()).says
    assert says == (
        "2026-11-27 PM closed: INSET",
        "1 session closed already left out: 2026-11-27/AM",
    )
    [event] = [e for _, _, e in desk.log() if isinstance(e, SessionsClosed)][2:]
    assert event.sessions == ("PM",)
    assert "nothing was recorded" in desk.do(close()).says[0]


def test_marks_that_stand_refuse_a_closure_naming_cancel(desk):
    """A session that was held was not planned to be closed."""
    desk.mark("P3", TODAY_AM)
    assert "attendance session cancel" in desk.refused(close(day=TODAY), "marks-stand").remedy
    assert desk.do(close(day=TODAY, group=("7A",))).header is not None


def test_cancelled_session_is_refused(desk):
    """It cannot be both planned and unplanned."""
    desk.do(cancel())
    desk.refused(close(day=TODAY, session=("AM",)), "session-cancelled")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"day": date(2026, 11, 28)}, "outside-term"),
        ({"day": date(2026, 10, 28)}, "outside-term"),
        ({"group": ("9Z",)}, "group-unknown"),
        ({"reason": ""}, "reason-missing"),
    ],
)
def test_closure_that_cannot_be_is_refused(desk, fields, code):
    """Where no session is due, for a group that nobody knows, or without a reason."""
    desk.refused(close(**fields), code)


# attendance closures withdraw: the session is met after all.


def test_withdrawn_closure_lets_marks_be_made(desk):
    """What was closed is met again."""
    mark = MarkSession(pupil="P1", session=parse_session("2026-11-20/AM"), code="/")
    desk.do(close(day=TODAY))
    desk.refused(mark, "school-closed")
    recorded = desk.recorded(withdraw())
    assert recorded == [("calendar", ClosureWithdrawn(date=TODAY, reason="wrong day"))]
    assert desk.do(mark).header is not None


def test_only_the_halves_recorded_are_withdrawn(desk):
    """Of a half-day closure one half."""
    desk.do(close(day=TODAY, session=("PM",), group=("Y7",)))
    [event] = desk.events(withdraw(group=("Y7",)))
    assert (event.sessions, event.groups) == (("PM",), ("Y7",))


def test_withdrawn_cancellation_says_that_its_marks_stand(desk):
    """A mark can never be blanked."""
    desk.do(cancel())
    assert "attendance amend" in desk.do(withdraw()).says[1]


def test_repeated_withdrawal_is_refused_telling_what_is_recorded(desk):
    """Groups have to be named as they were recorded."""
    desk.do(close(day=TODAY, session=("PM",), group=("Y7",)))
    assert desk.refused(withdraw(), "no-closure").remedy == "recorded on that day: PM for Y7"
    desk.do(withdraw(group=("Y7",)))
    assert desk.refused(withdraw(group=("Y7",))).remedy == "recorded on that day: none"


# attendance session cancel: sessions cancelled on the day, and the mark that follows.


def test_everyone_on_roll_gets_the_code(desk):
    """One entry a pupil, as if it were the mark (reg 10(10)).

    Cancelled once for everyone is cancelled for a group too.
    """
    cancelled, *entries = desk.recorded(cancel())
    event = SessionCancelled(date=TODAY, sessions=("AM",), reason="no heating")
    assert cancelled == ("calendar", event)
    entry = SessionMarked(code="Y4", reason="session cancelled: no heating", by="mm")
    assert [event for _, event in entries] == [entry] * 4
    for again in (cancel(), cancel(group=("7A",))):
        assert "nothing was recorded" in desk.do(again).says[0]


def test_mark_that_stands_is_amended(desk):
    """One amendment for each pupil, tied by a batch, with the five and the title."""
    for pupil, code in (("P1", "N"), ("P2", "/")):
        desk.mark(pupil, TODAY_AM, code)
    outcome = desk.events(cancel(group=("Y7",)))
    amended = {e.original: e for e in outcome if isinstance(e, MarkAmended)}
    assert amended.keys() == {"N", "/"}
    assert amended["N"] == MarkAmended(
        original="N",
        code="Y4",
        reason="session cancelled: no heating",
        **MO,
        batch=amended["/"].batch,
    )
    assert amended["N"].batch
    assert len(outcome) == 4


def test_what_was_cancelled_already_is_told(desk):
    """Of several sessions only those that are new are recorded."""
    desk.do(cancel())
    says = desk.do(cancel(sessions=("2026-11-19", "2026-11-20/AM"))).says
    assert says == (
        "2026-11-19/AM cancelled: no heating",
        "2026-11-19/PM cancelled: no heating",
        "8 entered, 0 amended",
        "1 session cancelled already left out: 2026-11-20/AM",
    )


def test_one_amendment_has_no_batch(desk):
    """A batch ties amendments together; one alone needs none."""
    desk.mark("P1", TODAY_AM, "N")
    desk.do(cancel())
    assert desk.marks("P1")[TODAY_AM][-1].batch is None


@pytest.mark.parametrize(
    ("before", "command", "recorded"),
    [
        pytest.param([], cancel(group=("7A",)), 3, id="the-groups-named"),
        pytest.param([cancel(group=("7A",))], cancel(), 3, id="those-not-concerned-before"),
        pytest.param([cancel(), withdraw()], cancel(), 1, id="nobody-whose-mark-stands-still"),
        pytest.param([close(day=TODAY, group=("12C",))], cancel(), 5, id="closed-for-some"),
    ],
)
def test_nobody_gets_the_code_twice_or_without_need(desk, before, command, recorded):
    """One event of the day, and an entry for everyone concerned who has none.

    Cancelled goes before planned: the code stands for everyone, as the views count it.
    """
    for each in before:
        desk.do(each)
    assert len(desk.recorded(command)) == recorded


def test_date_means_both_halves(desk):
    """One event a day, one entry a pupil and half."""
    recorded = desk.recorded(cancel("2026-11-18", "2026-11-19/PM", group=("12C",)))
    days = [e for _, e in recorded if isinstance(e, SessionCancelled)]
    assert [(d.date.day, d.sessions) for d in days] == [(18, ("AM", "PM")), (19, ("PM",))]
    assert len(recorded) == 5


def test_entries_of_a_later_day_are_late(desk):
    """Yesterday's snow recorded today."""
    assert all(e.late for _, e in desk.recorded(cancel("2026-11-19"))[1:])


def test_planned_closure_is_refused(desk):
    """A session that was not to be held cannot be cancelled."""
    desk.do(close(day=TODAY))
    desk.refused(cancel(), "school-closed")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (cancel("2026-11-23/AM"), "future-session"),
        (cancel("2026-10-28"), "outside-term"),
        (cancel("Friday"), "date"),
        (cancel("2026-11-20/EVE"), "session"),
        (cancel(group=("9Z",)), "group-unknown"),
        (cancel(reason=" "), "reason-missing"),
    ],
)
def test_cancellation_that_cannot_be_is_refused(desk, command, code):
    """Not yet, not in term, no session, nobody's group, no reason."""
    desk.refused(command, code)
