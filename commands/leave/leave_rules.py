"""What became of a request for leave, its sessions and plans: shared by the use cases of leave."""

from collections.abc import Iterable, Iterator
from datetime import date

from commands.core import sessions, standing
from commands.core.command import Range, State, starting
from commands.core.marks import Stated, has_ended
from commands.core.sessions import Span
from commands.leave.leave import Leave, known, of_pupil
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.register import PlanWithdrawn
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.store.store import Fact
from ledger.values import HALVES, Session


def reads_of(state: State, leave_id: str) -> Iterator[Range]:
    """Ask for every leave, then for marks, plans and registers in the sessions of one of them.

    An id that is not known is for the decision to refuse, after it asked who decides.
    """
    yield starting(streams.LEAVE)
    leave = known(state, leave_id)
    if leave is None:
        return
    yield sessions.marks(leave.pupil, leave.covers)
    yield sessions.plans(leave.pupil, leave.covers)
    yield sessions.registers(leave.covers)


def check_state(leave: Leave, allowed: tuple[str, ...], remedy: str) -> None:
    """Refuse what a request's state does not allow."""
    if leave.state not in allowed:
        was = "is not decided yet" if leave.state == "asked" else f"is {leave.state} already"
        raise Refused(f"leave-{leave.state}", f"leave {leave.id} {was}", remedy)


def within(first: str | None, last: str | None, leave: Leave) -> Span:
    """Return the sessions that are granted of those asked for; all where none is named."""
    asked = leave.asked_for
    found = sessions.between(first or str(asked.first), last or str(asked.last))
    if not (asked.holds(found.first) and asked.holds(found.last)):
        raise Refused(
            "not-asked-for",
            f"{found.first} to {found.last} is more than was asked for, "
            f"{asked.first} to {asked.last}",
            "grant what was asked for, or record a further request with attendance leave request",
        )
    return found


def met(calendar: Calendar, pupil: Pupil, span: Span) -> list[Session]:
    """Return the sessions of a span that the school meets for a pupil on roll, in order."""
    return [
        session
        for session in calendar.sessions(span.first.date, span.last.date)
        if span.holds(session)
        and pupil.on_roll(session.date)
        and calendar.meets(session, pupil.groups(session.date))
    ]


def ended(state: State, pupil: Pupil, session: Session, now: int) -> bool:
    """Tell whether the register of a session is over for a pupil."""
    taken = standing.taken(state, pupil, session)
    return has_ended(state.school.calendar(), session, taken, now)


def rests_elsewhere(state: State, leave: Leave, session: Session) -> bool:
    """Tell whether other leave of the pupil, which stands, gives a session the same code."""
    return any(
        other.id != leave.id
        and other.state == "granted"
        and other.granted is not None
        and leave.granted is not None
        and other.granted.code == leave.granted.code
        and other.granted.span.holds(session)
        for other in of_pupil(state, leave.pupil)
    )


def own_plans(state: State, leave: Leave) -> list[tuple[Session, Stated]]:
    """Return the plans that rest on granted leave alone, of every session without a mark.

    Also of sessions begun or past: a register that is taken late would enter them.
    """
    granted = leave.granted
    if granted is None:
        return []
    return [
        (session, plan)
        for session, plan in standing.plans_of(state, leave.pupil)
        if granted.span.holds(session)
        and plan.code == granted.code
        and not rests_elsewhere(state, leave, session)
        and standing.mark_of(state, leave.pupil, session) is None
    ]


def withdrawn(
    pupil: Pupil, plans: Iterable[tuple[Session, Stated]], reason: str, by: str
) -> list[Fact]:
    """Return the withdrawal of plans."""
    return [
        Fact(
            streams.plan(pupil.id, session),
            PlanWithdrawn(original=plan.code, reason=reason, by=by),
        )
        for session, plan in plans
    ]


def in_words(found: Iterable[Session]) -> str:
    """Write sessions day by day: ``2026-11-27, 2026-11-30 AM``."""
    days: dict[date, list[str]] = {}
    for session in sorted(found):
        days.setdefault(session.date, []).append(session.half)
    return ", ".join(
        f"{day}" if len(halves) == len(HALVES) else f"{day} {halves[0]}"
        for day, halves in days.items()
    )


def number_of(count: int, thing: str) -> str:
    """Write a number of things: ``1 session``, ``2 sessions``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
