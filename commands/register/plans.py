"""What may be planned, for which sessions: shared by adding, changing and withdrawing plans."""

from collections.abc import Iterable

from commands.core import marks as mark_rules
from commands.core import sessions, standing
from commands.core.command import Range, State
from commands.core.marks import Stated
from commands.core.sessions import OfSessions, Span
from ledger.errors import Refused
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.values import Session
from policies.packs.codes import Codes


class Planning(OfSessions):
    """A command about what is expected in sessions to come."""

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the pupil's marks and plans in the span, and for how registers were taken."""
        span, pupil = sessions.span(self), state.pupil(self.pupil)
        yield sessions.marks(pupil, span)
        yield sessions.plans(pupil, span)
        yield sessions.registers(span)


def check_absence(codes: Codes, stated: Stated, session: Session) -> None:
    """Refuse to plan what is only known when the register is taken."""
    rule = codes.rule(stated.code, session.date)
    if rule.category == "present" or rule.provisional or rule.late:
        raise Refused(
            "code-not-planned",
            f"{rule.code} is only known when the register is taken: {rule.description}",
            "plan the absence that is expected, or leave the session without a plan",
        )


def check_open(state: State, calendar: Calendar, pupil: Pupil, session: Session, now: int) -> None:
    """Refuse a plan for a session that has a mark already or whose register has ended."""
    mark = standing.mark_of(state, pupil, session)
    if mark is not None:
        raise Refused(
            "already-marked",
            f"{mark.code} already stands for {session}: it is past planning",
            "change it with attendance amend, giving the reason",
        )
    if mark_rules.has_ended(calendar, session, standing.taken(state, pupil, session), now):
        raise Refused(
            "register-ended",
            f"the register of {session} has ended: it is past planning",
            "record a late entry with attendance mark",
        )


def planned(state: State, pupil: Pupil, span: Span, now: int) -> list[tuple[Session, Stated]]:
    """Return the plans that can still change; of a range, those without a register yet."""
    calendar = state.school.calendar()
    found = list(standing.plans_of(state, pupil))
    if span.single and found:
        check_open(state, calendar, pupil, span.first, now)
    kept = [
        (session, plan)
        for session, plan in found
        if standing.mark_of(state, pupil, session) is None
        and not mark_rules.has_ended(calendar, session, standing.taken(state, pupil, session), now)
    ]
    if not kept:
        where = f"{span.first}" if span.single else f"any session from {span.first} to {span.last}"
        raise Refused(
            "no-plan",
            f"nothing is planned for {where} that could still change",
            "plan an absence with attendance plan add, or amend what stands",
        )
    return kept
