"""A request for leave and what became of it, read from its events (SI 2024/208 reg 11).

Beside it what every decision on leave needs: which sessions it is about, and how to name them.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from commands.core import sessions
from commands.core.command import State, UseCase, argument
from commands.core.ranges import Range, one, searched
from commands.core.sessions import Span
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.leave import LeaveDecided, LeaveFalsified, LeaveRequested, LeaveWithdrawn
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.values import HALVES, Session, parse_session


class Grant(NamedTuple):
    """What was granted: for which sessions, and the code that is planned for them."""

    span: Span
    code: str


@dataclass(frozen=True, slots=True)
class Leave:
    """One request for leave and what became of it."""

    id: str
    pupil: Pupil
    request: LeaveRequested
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
        return Span(parse_session(self.request.first), parse_session(self.request.last))

    @property
    def grant(self) -> Grant | None:
        """What was granted, also where the leave ended otherwise since; none if never."""
        match self.decision:
            case LeaveDecided(granted=True, first=str(first), last=str(last), code=str(code)):
                return Grant(Span(parse_session(first), parse_session(last)), code)
        return None

    @property
    def covers(self) -> Span:
        """The sessions it is about: those granted, else those asked for."""
        return self.grant.span if self.grant else self.asked_for


class LeaveCommand(UseCase):
    """A command about one request for leave."""

    leave_id: str = argument("the id of the request")

    def reads(self, state: State) -> Iterable[Range]:
        """Look through every leave, since an id names no pupil; name the one, and its pupil.

        An id that is not known is for the decision to refuse, after it asked who decides.
        """
        yield from (state.own_row, searched(streams.LEAVE))
        leave = leave_with_id(state, self.leave_id)
        if leave is not None:
            yield one(streams.leave(leave.pupil.id, leave.id))
            yield one(streams.pupil(leave.pupil.id))
            yield from self.rests_on(state, leave)

    @abstractmethod
    def rests_on(self, state: State, leave: Leave, /) -> Iterator[Range]:
        """Yield what else the decision rests on, once the request is found."""


def find_leave(state: State, leave_id: str) -> Leave:
    """Return the request with an id, or refuse it."""
    leave = leave_with_id(state, leave_id)
    if leave is None:
        raise Refused(
            "leave-unknown",
            f"no request for leave has the id {leave_id!r}",
            "attendance leave lists the requests with their ids",
        )
    return leave


def leave_with_id(state: State, leave_id: str) -> Leave | None:
    """Return the request with an id; none where there is none."""
    for stream, events in state.histories.items():
        if stream.startswith(streams.LEAVE) and streams.parts(stream)[2] == leave_id:
            return _fold(state, stream, events)
    return None


def leaves_of(state: State, pupil: Pupil) -> list[Leave]:
    """Return every request for a pupil among what was asked for, by first session."""
    prefix = streams.leave(pupil.id, "")
    leaves = [
        _fold(state, stream, events)
        for stream, events in state.histories.items()
        if stream.startswith(prefix)
    ]
    return sorted(leaves, key=lambda leave: (leave.covers, leave.id))


def entry_reads(leave: Leave) -> Iterator[Range]:
    """Ask for the marks and plans in the sessions of one leave."""
    yield sessions.marks(leave.pupil, leave.covers)
    yield sessions.plans(leave.pupil, leave.covers)


def check_state(leave: Leave, allowed: tuple[str, ...], remedy: str) -> None:
    """Refuse what a request's state does not allow."""
    if leave.state not in allowed:
        was = "is not decided yet" if leave.state == "asked" else f"is {leave.state} already"
        raise Refused(f"leave-{leave.state}", f"leave {leave.id} {was}", remedy)


def sessions_met(calendar: Calendar, pupil: Pupil, span: Span) -> list[Session]:
    """Return the sessions of a span that the school meets for a pupil on roll, in order."""
    return [
        session
        for session in calendar.sessions(span.first.date, span.last.date)
        if span.holds(session)
        and pupil.on_roll(session.date)
        and calendar.meets(session, pupil.groups(session.date))
    ]


def sessions_in_words(listed: Iterable[Session]) -> str:
    """Write sessions day by day: ``2026-11-27, 2026-11-30 AM``."""
    days: dict[date, list[str]] = {}
    for session in sorted(listed):
        days.setdefault(session.date, []).append(session.half)
    return ", ".join(
        f"{day}" if len(halves) == len(HALVES) else f"{day} {halves[0]}"
        for day, halves in days.items()
    )


def _fold(state: State, stream: str, events: Sequence[Event]) -> Leave:
    _, pupil_id, leave_id = streams.parts(stream)
    decisions = [event for event in events if isinstance(event, LeaveDecided)]
    return Leave(
        id=leave_id,
        pupil=state.school.pupils[pupil_id],
        request=next(event for event in events if isinstance(event, LeaveRequested)),
        decision=decisions[-1] if decisions else None,
        withdrawn=any(isinstance(event, LeaveWithdrawn) for event in events),
        falsified=any(isinstance(event, LeaveFalsified) for event in events),
    )
