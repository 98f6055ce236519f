"""attendance closures withdraw: the session is met after all."""

from datetime import date

from commands.calendar.closures import AddClosure, CancelSessions, WithdrawClosure
from commands.register.take import MarkSession
from ledger.events.calendar import ClosureWithdrawn
from ledger.values import parse_session

TODAY = date(2026, 11, 20)


def withdraw(**fields):
    return WithdrawClosure(**({"day": TODAY, "reason": "wrong day"} | fields))


def test_withdrawn_closure_lets_marks_be_made(desk):
    """What was closed is met again."""
    mark = MarkSession(pupil="P1", session=parse_session("2026-11-20/AM"), code="/")
    desk.do(AddClosure(day=TODAY, reason="INSET"))
    assert desk.refused(mark).code == "school-closed"
    recorded = desk.recorded(withdraw())
    assert recorded == [("calendar", ClosureWithdrawn(date=TODAY, reason="wrong day"))]
    assert desk.do(mark).header is not None


def test_only_the_halves_recorded_are_withdrawn(desk):
    """Of a half-day closure one half."""
    desk.do(AddClosure(day=TODAY, session=("PM",), group=("Y7",), reason="INSET"))
    [(_, event)] = desk.recorded(withdraw(group=("Y7",)))
    assert (event.sessions, event.groups) == (("PM",), ("Y7",))


def test_withdrawn_cancellation_says_that_its_marks_stand(desk):
    """A mark can never be blanked."""
    desk.do(CancelSessions(sessions=("2026-11-20/AM",), reason="flood"))
    assert "attendance amend" in desk.do(withdraw()).says[1]


def test_repeated_withdrawal_is_refused_telling_what_is_recorded(desk):
    """Groups have to be named as they were recorded."""
    desk.do(AddClosure(day=TODAY, session=("PM",), group=("Y7",), reason="INSET"))
    refused = desk.refused(withdraw())
    assert refused.code == "no-closure"
    assert refused.remedy == "recorded on that day: PM for Y7"
    desk.do(withdraw(group=("Y7",)))
    assert desk.refused(withdraw(group=("Y7",))).remedy == "recorded on that day: none"
