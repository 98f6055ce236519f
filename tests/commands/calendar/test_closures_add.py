"""attendance closures add: sessions that are planned not to be held."""

from datetime import date

import pytest

from commands.calendar.closures import AddClosure, CancelSessions
from commands.register.take import MarkSession
from ledger.events.calendar import SessionsClosed
from ledger.values import parse_session

INSET = date(2026, 11, 27)


def close(**fields):
    return AddClosure(**({"day": INSET, "reason": "INSET"} | fields))


def test_whole_day_is_closed_for_everyone(desk):
    """Both halves, no group named."""
    recorded = desk.recorded(close())
    assert recorded == [("calendar", SessionsClosed(date=INSET, reason="INSET"))]


def test_half_a_day_is_closed_for_some_groups(desk):
    """As it was asked."""
    [(_, event)] = desk.recorded(close(session=("PM",), group=("7B", "7A", "7B")))
    assert (event.sessions, event.groups) == (("PM",), ("7A", "7B"))


def test_repeated_closure_records_nothing(desk):
    """A half that is closed already is not closed again."""
    desk.do(close(session=("AM",)))
    [(_, event)] = desk.recorded(close())
    assert event.sessions == ("PM",)
    assert "nothing was recorded" in desk.do(close()).says[0]


def test_marks_that_stand_refuse_a_closure_naming_cancel(desk):
    """A session that was held was not planned to be closed."""
    today = date(2026, 11, 20)
    desk.do(MarkSession(pupil="P3", session=parse_session("2026-11-20/AM"), code="/"))
    refused = desk.refused(close(day=today))
    assert refused.code == "marks-stand"
    assert "attendance session cancel" in refused.remedy
    assert desk.do(close(day=today, group=("7A",))).header is not None


def test_cancelled_session_is_refused(desk):
    """It cannot be both planned and unplanned."""
    desk.do(CancelSessions(sessions=("2026-11-20/AM",), reason="flood"))
    command = close(day=date(2026, 11, 20), session=("AM",))
    assert desk.refused(command).code == "session-cancelled"


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
    assert desk.refused(close(**fields)).code == code
