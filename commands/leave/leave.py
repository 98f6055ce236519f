"""A request for leave and what became of it, read from its events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from commands.core.command import State
from commands.core.sessions import Span
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.leave import LeaveDecided, LeaveFalsified, LeaveRequested, LeaveWithdrawn
from ledger.state.school import Pupil
from ledger.values import parse_session


class Granted(NamedTuple):
    """What was granted: for which sessions, and the code that is planned for them."""

    span: Span
    code: str


@dataclass(frozen=True, slots=True)
class Leave:
    """One request for leave and what became of it."""

    id: str
    pupil: Pupil
    asked: LeaveRequested
    decision: LeaveDecided | None = None
    withdrawn: bool = False
    falsified: bool = False

    @property
    def state(self) -> str:
        """Where it stands: asked, granted, refused, withdrawn or falsified."""
        if self.falsified:
            return "falsified"
        if self.withdrawn:
            return "withdrawn"
        if self.decision is None:
            return "asked"
        return "granted" if self.decision.granted else "refused"

    @property
    def asked_for(self) -> Span:
        """The sessions asked for, first and last."""
        return Span(parse_session(self.asked.first), parse_session(self.asked.last))

    @property
    def granted(self) -> Granted | None:
        """What was granted, also where the leave ended otherwise since; none if never."""
        match self.decision:
            case LeaveDecided(granted=True, first=str(first), last=str(last), code=str(code)):
                return Granted(Span(parse_session(first), parse_session(last)), code)
        return None

    @property
    def covers(self) -> Span:
        """The sessions it is about: those granted, else those asked for."""
        return self.granted.span if self.granted else self.asked_for


def find(state: State, leave_id: str) -> Leave:
    """Return the request with an id, or refuse it."""
    leave = known(state, leave_id)
    if leave is None:
        raise Refused(
            "leave-unknown",
            f"no request for leave has the id {leave_id!r}",
            "attendance leave lists the requests with their ids",
        )
    return leave


def known(state: State, leave_id: str) -> Leave | None:
    """Return the request with an id; none where there is none."""
    for stream, events in state.histories.items():
        if stream.startswith(streams.LEAVE) and streams.parts(stream)[2] == leave_id:
            return _fold(state, stream, events)
    return None


def of_pupil(state: State, pupil: Pupil) -> list[Leave]:
    """Return every request for a pupil among what was asked for, by first session."""
    prefix = streams.leave(pupil.id, "")
    found = [
        _fold(state, stream, events)
        for stream, events in state.histories.items()
        if stream.startswith(prefix)
    ]
    return sorted(found, key=lambda leave: (leave.covers, leave.id))


def _fold(state: State, stream: str, events: Sequence[Event]) -> Leave:
    _, pupil_id, leave_id = streams.parts(stream)
    decisions = [event for event in events if isinstance(event, LeaveDecided)]
    return Leave(
        id=leave_id,
        pupil=state.school.pupils[pupil_id],
        asked=next(event for event in events if isinstance(event, LeaveRequested)),
        decision=decisions[-1] if decisions else None,
        withdrawn=any(isinstance(event, LeaveWithdrawn) for event in events),
        falsified=any(isinstance(event, LeaveFalsified) for event in events),
    )
