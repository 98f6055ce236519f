"""Record sessions that were cancelled on the day.

Everyone concerned gets the code of a cancelled session (SI 2024/208 reg 10(10)): as their entry,
or, where a mark stands, as one amendment for each pupil.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from commands.calendar import closures as closing
from commands.core import checks as given
from commands.core import marks as mark_rules
from commands.core import sessions
from commands.core.command import Decision, Range, State, UseCase, argument, decided, one, option
from commands.core.marks import Stated
from commands.core.standing import Amending
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.calendar import SessionCancelled
from ledger.state.school import Pupil
from ledger.store.store import Fact
from ledger.values import Session
from policies.packs.codes import Codes
from policies.packs.rules import Rules


class CancelSessions(UseCase):
    """attendance session cancel: record sessions that were cancelled on the day.

    Sessions that were not held, unplanned, for everyone or for some groups.
    """

    sessions: tuple[str, ...] = argument("sessions (2026-11-20/AM), or dates for both halves")
    group: tuple[str, ...] = option("only this group; everyone when left out", default=())
    reason: str = option("why")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the marks of everyone concerned."""
        for session in sessions.named(self.sessions):
            for pupil in closing.concerned(state.school, session, self.group):
                yield one(streams.mark(pupil.id, session))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Cancel what is not recorded so yet, and enter it for everyone concerned."""
        author, reason = state.author(now), given.required(self.reason, "reason")
        closing.check_groups(state.school, self.group)
        fresh = [s for s in sessions.named(self.sessions) if not _cancelled(self, state, s, now)]
        if not fresh:
            return decided([], "cancelled already; nothing was recorded")
        standing = [each for s in fresh for each in _standing(self, state, rules.codes, s)]
        amended = sum(code is not None for _, _, code in standing)
        batch = state.new_pupil_id() if amended > 1 else None
        amending = Amending(author, closing.because(reason), batch)
        facts = [Fact(streams.CALENDAR, event) for event in _events(self, fresh, reason)]
        for session, pupil, original in standing:
            event: Event = closing.cancelled_entry(
                rules.codes, session, reason, author.staff_id, now
            )
            if original is not None:
                event = amending.mark(original, Stated(rules.codes.cancelled(session.date)))
            facts.append(Fact(streams.mark(pupil.id, session), event))
        says = f"{len(standing) - amended} entered, {amended} amended"
        return decided(facts, *(f"{session} cancelled: {reason}" for session in fresh), says)


def _cancelled(command: CancelSessions, state: State, session: Session, now: int) -> bool:
    """Tell whether the session is recorded as cancelled; refuse one that was not to be held."""
    calendar = state.school.calendar()
    mark_rules.check_not_future(session, now)
    closing.check_in_term(calendar, session)
    covering = (frozenset(command.group), frozenset[str]())
    found = [c for c in calendar.closures_on(session) if c.groups in covering]
    if found and not any(closure.cancelled for closure in found):
        raise Refused(
            "school-closed",
            f"the school is closed on {session} ({found[0].reason or 'planned closure'})",
            "a session that was planned not to be held cannot be cancelled; check the date",
        )
    return bool(found)


def _standing(
    command: CancelSessions, state: State, codes: Codes, session: Session
) -> Iterator[tuple[Session, Pupil, str | None]]:
    """Yield each pupil who is to get the code, with the code that stands or none."""
    cancelled = codes.cancelled(session.date)
    for pupil in closing.concerned(state.school, session, command.group):
        stands = state.mark(pupil, session).code
        if stands != cancelled:
            yield session, pupil, stands


def _events(
    command: CancelSessions, fresh: list[Session], reason: str
) -> Iterator[SessionCancelled]:
    groups = tuple(sorted(set(command.group)))
    for day, on_day in groupby(fresh, key=lambda session: session.date):
        halves = tuple(session.half for session in on_day)
        yield SessionCancelled(date=day, sessions=halves, groups=groups, reason=reason)
