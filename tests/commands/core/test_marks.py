"""What waits for a second person, and when the taking of a register is over, for decisions."""

from datetime import date, time

from commands.core import marks
from commands.core.command import State
from ledger.clock import parse_instant
from ledger.events import streams
from ledger.events.amending import AmendmentDeclined, AmendmentRequested
from ledger.events.register import MarkAmended, RegisterTaken
from ledger.state.calendar import Calendar, RegisterTimes
from ledger.state.school import School
from ledger.values import Operator, parse_session
from tests.commands.amending.test_changes import ADA, request
from tests.commands.conftest import HAL


def state(**histories):
    """Return a state that holds some histories of Ada's approvals, by session."""
    found = {streams.approval(ADA.id, at): events for at, events in histories.items()}
    return State(School(), {}, Operator("mm", "x"), str, str, {**found, "mark:ada:x": []})


DECLINED = AmendmentDeclined(batch="b0", **HAL)


def test_what_is_not_decided_waits_in_order_of_session():
    """A request after a decision waits again; another pupil's are not hers."""
    found = state(
        **{
            "2026-11-20/AM": [request("O")],
            "2026-11-18/AM": [request("O"), DECLINED],
            "2026-11-19/PM": [request("O"), DECLINED, request("G")],
        }
    )
    found.histories[streams.approval("ben", "2026-11-20/AM")] = [request("O")]
    waiting = marks.requests_of(found, ADA)
    assert [(str(at), e.code) for at, e in waiting.items()] == [
        ("2026-11-19/PM", "G"),
        ("2026-11-20/AM", "O"),
    ]
    assert all(isinstance(e, AmendmentRequested) for e in waiting.values())


def test_events_of_another_kind_change_nothing():
    """Only requests and decisions count."""
    other = MarkAmended(
        original="I", code="O", reason="seen", by="mm", name="Mo Marsh", job_title="Officer"
    )
    assert marks.open_request([request("O"), other]) == request("O")
    assert marks.open_request([other]) is None
    assert parse_session("2026-11-20/AM") not in marks.requests_of(state(), ADA)


def test_a_register_is_being_taken_until_it_closes():
    """To the instant; where no times are recorded, to the end of the day."""
    morning, session = (time(8, 45), time(9, 15)), parse_session("2026-11-20/AM")
    times = RegisterTimes(date(2026, 9, 1), morning, (time(13), time(13, 15)))
    for calendar, ends in (
        (Calendar(times=[times]), "2026-11-20T09:15"),
        (Calendar(), "2026-11-21T00:00"),
    ):
        end = parse_instant(ends) - (0 if calendar.times else 1)
        assert not marks.has_ended(calendar, session, [], end)
        assert marks.has_ended(calendar, session, [], end + 1)


def test_the_newest_end_of_a_taking_counts_whatever_the_times_say():
    session = parse_session("2026-11-20/AM")
    taken = [RegisterTaken(ended=at, by="mm", marks=1) for at in (5, 9, 7)]
    assert marks.end_of_taking(Calendar(), session, taken) == 9
    assert marks.has_ended(Calendar(), session, taken, 0)
