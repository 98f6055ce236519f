"""Sessions that are not held: planned closures, and sessions cancelled on the day.

Of a planned closure the register knows nothing more. A cancelled session gives everyone concerned
the code of a cancelled session (SI 2024/208 reg 10(10)): as their entry, or, where a mark stands,
as one amendment for each pupil.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby

from commands.core import checks, marks, sessions
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import CALENDAR, ROLL, Range, one
from ledger.clock import local_date
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import SessionMarked
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil, School
from ledger.store.store import Fact
from ledger.values import Half, Session
from policies.packs.codes import Codes, Rules


class AddClosure(UseCase):
    """attendance closures add: record sessions that are planned not to be held.

    A planned closure (INSET, bank holiday), for everyone or for some groups.
    """

    day: date = argument("the date")
    session: tuple[Half, ...] = option("AM or PM; both when left out", default=())
    group: tuple[str, ...] = option("only this group; everyone when left out", default=())
    reason: str = option("why, INSET for example")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the calendar, who belongs to which group; the marks on the sessions."""
        yield from (state.own_row, CALENDAR, ROLL)
        for session in _sessions(self):
            for pupil in pupils_concerned(state.school, session, self.group):
                yield one(streams.mark(pupil.id, session))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Close the sessions that are not closed yet; refuse where marks stand."""
        state.author(now)
        reason = checks.required_text(self.reason, "reason")
        check_groups(state.school, self.group)
        halves: list[Half] = []
        for session in _sessions(self):
            check_in_term(state.school.calendar(), session)
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
        before = (s for s in _sessions(self) if s.half not in halves)
        left = sessions.left_out(before, "closed already")
        return decided([Fact(streams.CALENDAR, closed)], says, *left)


class WithdrawClosure(UseCase):
    """attendance closures withdraw: take back a closure or cancellation recorded in error.

    The sessions are met after all; marks that a cancellation gave stay until amended.
    """

    day: date = argument("the date")
    session: tuple[Half, ...] = option("AM or PM; both when left out", default=())
    group: tuple[str, ...] = option("the groups that it was recorded for", default=())
    reason: str = option("why it is withdrawn")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and the calendar."""
        return state.own_row, CALENDAR

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Withdraw what was recorded for exactly these groups."""
        state.author(now)
        reason, groups = checks.required_text(self.reason, "reason"), frozenset(self.group)
        closures = {
            half: closure
            for half in checks.halves(self.session)
            if (closure := state.school.closures.get((self.day, half, groups))) is not None
        }
        if not closures:
            raise Refused(
                "no-closure",
                f"no closure for {', '.join(sorted(groups)) or 'everyone'} on {self.day}",
                _closures_in_words(self.day, state),
            )
        withdrawn = ClosureWithdrawn(
            date=self.day, sessions=tuple(closures), groups=tuple(sorted(groups)), reason=reason
        )
        says = [f"{self.day} {' and '.join(closures)}: closure withdrawn"]
        if any(closure.cancelled for closure in closures.values()):
            says.append("the marks that the cancellation gave still stand: attendance amend")
        return decided([Fact(streams.CALENDAR, withdrawn)], *says)


class CancelSessions(UseCase):
    """attendance session cancel: record sessions that were cancelled on the day.

    Sessions that were not held, unplanned, for everyone or for some groups.
    """

    sessions: tuple[str, ...] = argument("sessions (2026-11-20/AM), or dates for both halves")
    group: tuple[str, ...] = option("only this group; everyone when left out", default=())
    reason: str = option("why")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the calendar, who belongs to which group; the marks on the sessions."""
        yield from (state.own_row, CALENDAR, ROLL)
        for session in sessions.parse_all(self.sessions):
            for pupil in pupils_concerned(state.school, session, self.group):
                yield one(streams.mark(pupil.id, session))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Cancel what is not recorded so yet, and enter it for everyone concerned."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        check_groups(state.school, self.group)
        asked = sessions.parse_all(self.sessions)
        fresh = [s for s in asked if not _is_cancelled(self, state, s, now)]
        if not fresh:
            return decided([], "cancelled already; nothing was recorded")
        standing = [each for s in fresh for each in _entries_due(self, state, rules.codes, s)]
        amended = sum(code is not None for _, _, code in standing)
        batch = state.new_id() if amended > 1 else None
        amending = Amendment(author, cancellation_reason(reason), batch)
        facts = [Fact(streams.CALENDAR, event) for event in _cancellations(self, fresh, reason)]
        for session, pupil, original in standing:
            event: Event = cancelled_entry(rules.codes, session, reason, author.staff_id, now)
            if original is not None:
                event = amending.mark(original, StatedMark(rules.codes.cancelled(session.date)))
            facts.append(Fact(streams.mark(pupil.id, session), event))
        says = f"{len(standing) - amended} entered, {amended} amended"
        told = (f"{session} cancelled: {reason}" for session in fresh)
        left = sessions.left_out(set(asked) - set(fresh), "cancelled already")
        return decided(facts, *told, says, *left)


def check_groups(school: School, groups: Iterable[str]) -> None:
    """Refuse the name of a group to which nobody ever belonged."""
    for group in groups:
        if group not in school.groups:
            raise Refused(
                "group-unknown",
                f"no pupil ever belonged to {group!r}",
                "check the name; pupils join groups with attendance pupil move",
            )


def check_in_term(calendar: Calendar, session: Session) -> None:
    """Refuse a day on which no session could be held."""
    if not calendar.in_term(session.date):
        raise Refused(
            "outside-term",
            f"no session is due on {session.date}: no term, or a weekend",
            "check the date, or set the term with attendance terms set",
        )


def pupils_concerned(school: School, session: Session, groups: Iterable[str]) -> list[Pupil]:
    """Return the pupils on roll in one of the groups, by id; all where none is named."""
    named, day = set(groups), session.date
    return [
        pupil
        for _, pupil in sorted(school.pupils.items())
        if pupil.on_roll(day) and (not named or not named.isdisjoint(pupil.groups(day)))
    ]


def cancelled_entry(
    codes: Codes, session: Session, reason: str, by: str, now: int
) -> SessionMarked:
    """Return the entry that a cancelled session gives (reg 10(10)); on a later day, a late one."""
    return SessionMarked(
        code=codes.cancelled(session.date),
        late=local_date(now) > session.date,
        reason=cancellation_reason(reason),
        by=by,
    )


def cancellation_reason(reason: str) -> str:
    """Return the reason that goes with the mark of a cancelled session."""
    return f"session cancelled: {reason}"


def _sessions(command: AddClosure) -> list[Session]:
    return [Session(command.day, half) for half in checks.halves(command.session)]


def _is_closed(command: AddClosure, state: State, session: Session) -> bool:
    """Tell whether the closure is recorded; refuse it where the session was cancelled."""
    closure = state.school.closures.get((session.date, session.half, frozenset(command.group)))
    if closure is not None and closure.cancelled:
        raise Refused(
            "session-cancelled",
            f"{session} is recorded as cancelled on the day",
            "withdraw that with attendance closures withdraw if it is wrong",
        )
    return closure is not None


def _check_unmarked(command: AddClosure, state: State, session: Session) -> None:
    pupils = pupils_concerned(state.school, session, command.group)
    marked = sum(state.mark(pupil, session).code is not None for pupil in pupils)
    if marked:
        raise Refused(
            "marks-stand",
            f"{number_of(marked, 'mark')} {'stands' if marked == 1 else 'stand'} for {session}: "
            "it was held, or cancelled on the day",
            "record a session that was cancelled with attendance session cancel",
        )


def _closures_in_words(day: date, state: State) -> str:
    texts = [
        f"{closure.half} for {', '.join(sorted(closure.groups)) or 'everyone'}"
        for closure in state.school.closures.values()
        if closure.date == day
    ]
    return f"recorded on that day: {'; '.join(texts) or 'none'}"


def _is_cancelled(command: CancelSessions, state: State, session: Session, now: int) -> bool:
    """Tell whether the session is recorded as cancelled; refuse one that was not to be held."""
    calendar = state.school.calendar()
    marks.check_not_future(session, now)
    check_in_term(calendar, session)
    covering = (frozenset(command.group), frozenset[str]())
    closures = [c for c in calendar.closures_on(session) if c.groups in covering]
    if closures and not any(closure.cancelled for closure in closures):
        raise Refused(
            "school-closed",
            f"the school is closed on {session} ({closures[0].reason or 'planned closure'})",
            "a session that was planned not to be held cannot be cancelled; check the date",
        )
    return bool(closures)


def _entries_due(
    command: CancelSessions, state: State, codes: Codes, session: Session
) -> Iterator[tuple[Session, Pupil, str | None]]:
    """Yield each pupil who is to get the code, with the code that stands or none."""
    cancelled = codes.cancelled(session.date)
    for pupil in pupils_concerned(state.school, session, command.group):
        stands = state.mark(pupil, session).code
        if stands != cancelled:
            yield session, pupil, stands


def _cancellations(
    command: CancelSessions, fresh: list[Session], reason: str
) -> Iterator[SessionCancelled]:
    groups = tuple(sorted(set(command.group)))
    for day, on_day in groupby(fresh, key=lambda session: session.date):
        halves = tuple(session.half for session in on_day)
        yield SessionCancelled(date=day, sessions=halves, groups=groups, reason=reason)
