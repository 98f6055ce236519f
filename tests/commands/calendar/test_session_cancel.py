"""attendance session cancel: sessions cancelled on the day, and the mark that follows."""

from datetime import date

import pytest

from commands.calendar.closures import AddClosure, CancelSessions, WithdrawClosure
from commands.register.take import MarkSession
from ledger.events.calendar import SessionCancelled
from ledger.events.register import MarkAmended, SessionMarked
from ledger.values import parse_session

TODAY_AM = "2026-11-20/AM"


def cancel(*sessions, **fields):
    given = {"sessions": sessions or (TODAY_AM,), "reason": "no heating"}
    return CancelSessions(**(given | fields))


def test_everyone_on_roll_gets_the_code(desk):
    """One entry a pupil, as if it were the mark (reg 10(10))."""
    cancelled, *entries = desk.recorded(cancel())
    assert cancelled == (
        "calendar",
        SessionCancelled(date=date(2026, 11, 20), sessions=("AM",), reason="no heating"),
    )
    entry = SessionMarked(code="Y4", reason="session cancelled: no heating", by="mm")
    assert [event for _, event in entries] == [entry] * 4


def test_mark_that_stands_is_amended(desk):
    """One amendment for each pupil, tied by a batch, with the five and the title."""
    for pupil, code in (("P1", "N"), ("P2", "/")):
        desk.do(MarkSession(pupil=pupil, session=parse_session(TODAY_AM), code=code))
    outcome = [e for _, e in desk.recorded(cancel(group=("Y7",)))]
    amended = {e.original: e for e in outcome if isinstance(e, MarkAmended)}
    assert amended.keys() == {"N", "/"}
    assert amended["N"] == MarkAmended(
        original="N",
        code="Y4",
        reason="session cancelled: no heating",
        by="mm",
        name="Mo Marsh",
        job_title="Attendance Officer",
        batch=amended["/"].batch,
    )
    assert amended["N"].batch
    assert len(outcome) == 4


def test_one_amendment_has_no_batch(desk):
    """A batch ties amendments together; one alone needs none."""
    desk.do(MarkSession(pupil="P1", session=parse_session(TODAY_AM), code="N"))
    desk.do(cancel())
    assert desk.marks("P1")[TODAY_AM][-1].batch is None


def test_only_the_groups_named_are_concerned(desk):
    """A burst pipe in one building."""
    assert len(desk.recorded(cancel(group=("7A",)))) == 3


def test_date_means_both_halves(desk):
    """One event a day, one entry a pupil and half."""
    recorded = desk.recorded(cancel("2026-11-18", "2026-11-19/PM", group=("12C",)))
    days = [e for _, e in recorded if isinstance(e, SessionCancelled)]
    assert [(d.date.day, d.sessions) for d in days] == [(18, ("AM", "PM")), (19, ("PM",))]
    assert len(recorded) == 5


def test_entries_of_a_later_day_are_late(desk):
    """Yesterday's snow recorded today."""
    assert all(e.late for _, e in desk.recorded(cancel("2026-11-19"))[1:])


def test_repeated_cancellation_records_nothing(desk):
    """Cancelled once for everyone is cancelled for a group too."""
    desk.do(cancel())
    assert "nothing was recorded" in desk.do(cancel()).says[0]
    assert "nothing was recorded" in desk.do(cancel(group=("7A",))).says[0]


def test_wider_cancellation_reaches_those_not_concerned_before(desk):
    """First one class, then the school: nobody gets the code twice."""
    desk.do(cancel(group=("7A",)))
    assert len(desk.recorded(cancel())) == 3


def test_cancelled_again_after_a_withdrawal_keeps_the_marks(desk):
    """The marks of the first cancellation still stand."""
    desk.do(cancel())
    desk.do(WithdrawClosure(day=date(2026, 11, 20), reason="held after all"))
    assert len(desk.recorded(cancel())) == 1


def test_pupils_for_whom_it_was_closed_are_concerned_too(desk):
    """Cancelled goes before planned: the code stands for everyone, as the views count it."""
    desk.do(AddClosure(day=date(2026, 11, 20), group=("12C",), reason="study leave"))
    assert len(desk.recorded(cancel())) == 5


def test_planned_closure_is_refused(desk):
    """A session that was not to be held cannot be cancelled."""
    desk.do(AddClosure(day=date(2026, 11, 20), reason="INSET"))
    assert desk.refused(cancel()).code == "school-closed"


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
    assert desk.refused(command).code == code
