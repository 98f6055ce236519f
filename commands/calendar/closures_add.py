"""Record sessions that are planned not to be held."""

from collections.abc import Iterable
from datetime import date

from commands.calendar import closures as closing
from commands.core import checks as given
from commands.core.command import Decision, Range, State, UseCase, argument, decided, one, option
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import SessionsClosed
from ledger.store.store import Fact
from ledger.values import Half, Session
from policies.packs.rules import Rules


class AddClosure(UseCase):
    """attendance closures add: record sessions that are planned not to be held.

    A planned closure (INSET, bank holiday), for everyone or for some groups.
    """

    day: date = argument("the date")
    session: tuple[Half, ...] = option("AM or PM; both when left out", default=())
    group: tuple[str, ...] = option("only this group; everyone when left out", default=())
    reason: str = option("why, INSET for example")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the marks that stand on the sessions."""
        for session in _sessions(self):
            for pupil in closing.concerned(state.school, session, self.group):
                yield one(streams.mark(pupil.id, session))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Close the sessions that are not closed yet; refuse where marks stand."""
        state.author(now)
        reason = given.required(self.reason, "reason")
        closing.check_groups(state.school, self.group)
        halves: list[Half] = []
        for session in _sessions(self):
            closing.check_in_term(state.school.calendar(), session)
            if not _is_closed(self, state, session):
                _check_unmarked(self, state, session)
                halves.append(session.half)
        if not halves:
            return decided([], f"{self.day} is closed already; nothing was recorded")
        groups = tuple(sorted(set(self.group)))
        closed = SessionsClosed(
            date=self.day, sessions=tuple(halves), groups=groups, reason=reason
        )
        says = f"{self.day} {' and '.join(halves)} closed: {reason}"
        return decided([Fact(streams.CALENDAR, closed)], says)


def _sessions(command: AddClosure) -> list[Session]:
    return [Session(command.day, half) for half in given.halves(command.session)]


def _is_closed(command: AddClosure, state: State, session: Session) -> bool:
    """Tell whether the closure is recorded; refuse it where the session was cancelled."""
    found = state.school.closures.get((session.date, session.half, frozenset(command.group)))
    if found is not None and found.cancelled:
        raise Refused(
            "session-cancelled",
            f"{session} is recorded as cancelled on the day",
            "withdraw that with attendance closures withdraw if it is wrong",
        )
    return found is not None


def _check_unmarked(command: AddClosure, state: State, session: Session) -> None:
    pupils = closing.concerned(state.school, session, command.group)
    marked = sum(state.mark(pupil, session).code is not None for pupil in pupils)
    if marked:
        raise Refused(
            "marks-stand",
            f"{marked} marks stand for {session}: it was held, or cancelled on the day",
            "record a session that was cancelled with attendance session cancel",
        )
