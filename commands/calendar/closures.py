"""Sessions that are not held: planned closures, and sessions cancelled on the day.

Of a planned closure the register knows nothing more. A cancelled session gives everyone concerned
the code of a cancelled session (SI 2024/208 reg 10(10)): as their entry, or, where a mark stands,
as one amendment for each pupil.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Self

from commands.amending.batches import Batch, Place, by_batch
from commands.amending.put_back import PuttingBack, mark_reads, place_reads
from commands.core import checks, group_names, sessions, told
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import CALENDAR, ROLL, Range, Wanted, one
from ledger import names
from ledger.clock import local_date
from ledger.english import noun, number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import SessionMarked
from ledger.state.calendar import Calendar, Closure
from ledger.state.school import Pupil, School
from ledger.store.facts import Fact
from ledger.values import HALVES, Half, Session
from policies.packs.codes import Codes, Rules


class AddClosure(UseCase):
    """attendance closures add: record sessions that are planned not to be held.

    A planned closure (INSET, bank holiday), for everyone or for some groups.
    """

    day: date = argument("the date")
    session: tuple[Half, ...] = option("AM or PM; both when left out", default=())
    group: tuple[str, ...] = option(
        "only this group; everyone when left out", default=(), kept=names.name
    )
    reason: str = option("why, INSET for example")
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def as_held(self, state: State) -> Self:
        """Return the command with its groups called as they are held."""
        return replace(
            self, group=tuple(group_names.known(state.school, each) for each in self.group)
        )

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
        halves: list[Half] = []
        for session in _sessions(self):
            check_in_term(state.calendar(), session)
            if not _is_closed(self, state, session):
                _check_unmarked(self, state, session)
                _check_some_left(state.school, session, self.group)
                halves.append(session.half)
        if not halves:
            closed_for = f"closed{_for(self.group)} already"
            return decided([], f"{self.day} is {closed_for}; nothing was recorded")
        groups = tuple(sorted(set(self.group)))
        closed = SessionsClosed(
            date=self.day, sessions=tuple(halves), groups=groups, reason=reason
        )
        verb = "would be closed" if self.dry_run else "closed"
        says = f"{self.day} {' and '.join(halves)} {verb}{_for(groups)}: {reason}"
        before = (s for s in _sessions(self) if s.half not in halves)
        left = sessions.left_out(before, "closed already")
        facts = [Fact(streams.CALENDAR, closed)]
        return decided(facts, says, *left, dry_run=self.dry_run, reason=reason)


class WithdrawClosure(UseCase):
    """attendance closures withdraw: take back a closure or cancellation recorded in error.

    The sessions are met after all. Marks that a cancellation gave stay until amended; with
    --put-back each is amended at once to what stood before the session was cancelled.
    """

    day: date = argument("the date")
    session: tuple[Half, ...] = option("AM or PM; both when left out", default=())
    group: tuple[str, ...] = option(
        "the groups that it was recorded for", default=(), kept=names.name
    )
    reason: str = option("why it is withdrawn")
    put_back: bool = option("put back what stood before the cancellation", default=False)
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def as_held(self, state: State) -> Self:
        """Return the command with its groups called as the closure calls them, if any does."""
        held = {
            name for day, _, named in state.school.closures if day == self.day for name in named
        }
        known = state.school.groups
        meant = (
            group_names.meant(each, held) or group_names.meant(each, known) or each
            for each in self.group
        )
        return replace(self, group=tuple(meant))

    def reads(self, state: State) -> Iterable[Wanted]:
        """Name who asks and the calendar; where sessions were cancelled, the marks on them."""
        yield from (state.own_row, CALENDAR)
        places = _places(state, _withdrawn(self, state).values() or _cancellations(self))
        if places:
            yield ROLL
            yield from place_reads(state, places) if self.put_back else mark_reads(places)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Withdraw what was recorded for exactly these groups, and put marks back if asked to."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        closures = _withdrawn(self, state)
        if not closures:
            raise _no_closure(self, state, rules.codes)
        withdrawn = ClosureWithdrawn(
            date=self.day,
            sessions=tuple(closures),
            groups=tuple(sorted(set(self.group))),
            reason=reason,
        )
        verb = "would be withdrawn" if self.dry_run else "withdrawn"
        facts = [Fact(streams.CALENDAR, withdrawn)]
        says = [f"{self.day} {' and '.join(closures)}: closure{_for(self.group)} {verb}"]
        calendar = _without(state, closures.values())
        says += _closed_all_the_same(calendar, closures.values())
        stuck = list(by_batch(state, _stuck(state, rules.codes, calendar, closures.values())))
        if not (self.put_back and stuck):
            says += ["no mark is to be put back"] if self.put_back else []
            says += _still_standing(state, rules.codes, stuck)
            return decided(facts, *says, dry_run=self.dry_run, reason=reason)
        putting = PuttingBack(state, rules.codes, now, calendar)
        for batch, place in stuck:
            putting.mark(batch, place, reason)
        facts += putting.facts(rules, author)
        says += putting.in_words(facts, dry_run=self.dry_run)
        return decided(facts, *says, dry_run=self.dry_run, reason=reason)


class CancelSessions(UseCase):
    """attendance session cancel: record sessions that were cancelled on the day.

    Sessions that were not held, unplanned, for everyone or for some groups.
    """

    sessions: tuple[str, ...] = argument("sessions (2026-11-20/AM), or dates for both halves")
    group: tuple[str, ...] = option(
        "only this group; everyone when left out", default=(), kept=names.name
    )
    reason: str = option("why")
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def as_held(self, state: State) -> Self:
        """Return the command with its groups called as they are held."""
        return replace(
            self, group=tuple(group_names.known(state.school, each) for each in self.group)
        )

    def reads(self, state: State) -> Iterable[Wanted]:
        """Name who asks, the calendar, who belongs to which group; the marks on the sessions."""
        yield from (state.own_row, CALENDAR, ROLL)
        yield from mark_reads(
            Place(pupil, session)
            for session in sessions.parse_all(self.sessions)
            for pupil in pupils_concerned(state.school, session, self.group)
        )

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Cancel what is not recorded so yet, and enter it for everyone concerned."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        asked = sessions.parse_all(self.sessions)
        fresh = [s for s in asked if not _is_cancelled(self, state, s, now)]
        if not fresh:
            return decided([], f"cancelled{_for(self.group)} already; nothing was recorded")
        for session in fresh:
            _check_some_left(state.school, session, self.group)
        standing = [each for s in fresh for each in _entries_due(self, state, rules.codes, s)]
        amended = sum(code is not None for _, _, code in standing)
        batch = state.new_id() if amended > 1 else None
        amending = Amendment(author, cancellation_reason(reason), batch)
        facts = [Fact(streams.CALENDAR, event) for event in _cancelled(self, fresh, reason)]
        for session, pupil, original in standing:
            event: Event = cancelled_entry(rules.codes, session, reason, author.staff_id, now)
            if original is not None:
                event = amending.mark(original, StatedMark(rules.codes.cancelled(session.date)))
            facts.append(Fact(streams.mark(pupil.id, session), event))
        verb = "would be cancelled" if self.dry_run else "cancelled"
        says = [f"{session} {verb}{_for(self.group)}: {reason}" for session in fresh]
        says += told.in_words(state, rules.codes, facts, each=self.dry_run)
        says += sessions.left_out(set(asked) - set(fresh), "cancelled already")
        says += _way_back(self, fresh)
        return decided(facts, *says, dry_run=self.dry_run, reason=reason)


def _for(groups: Iterable[str]) -> str:
    """Say for which groups; nothing where it is for everyone."""
    named = ", ".join(sorted(set(groups)))
    return f" for {names.as_written(named)}" if named else ""


def _check_some_left(school: School, session: Session, groups: Collection[str]) -> None:
    """Refuse a closure for groups that leaves nobody on roll: it closes the whole school."""
    if not groups or not school.closed_piecemeal(session, groups):
        return
    named = ", ".join(sorted(set(groups)))
    others = any(c.date == session.date for c in school.closures.values())
    raise Refused(
        "closed-for-everyone",
        f"everybody on roll on {session.date} belongs to {named}"
        + (", or to a group that is closed then" if others else "")
        + ": that closes the whole school",
        "leave out --group: only a closure of the whole school makes it no school day",
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


def _way_back(command: CancelSessions, cancelled: Iterable[Session]) -> Iterator[str]:
    """Yield what takes sessions cancelled by mistake back, a command a day."""
    groups = "".join(f' --group "{group}"' for group in sorted(set(command.group)))
    yield "if that is wrong:"
    for day, on_day in groupby(cancelled, key=lambda session: session.date):
        halves = [session.half for session in on_day]
        half = "" if len(halves) == len(HALVES) else f" --session {halves[0]}"
        yield f"  attendance closures withdraw {day}{half}{groups} --put-back --reason WHY"


# What a withdrawn cancellation leaves behind


def _withdrawn(command: WithdrawClosure, state: State) -> dict[Half, Closure]:
    """Return what is recorded for exactly these groups, by half of the day."""
    groups = frozenset(command.group)
    return {
        half: closure
        for half in checks.halves(command.session)
        if (closure := state.school.closures.get((command.day, half, groups))) is not None
    }


def _cancellations(command: WithdrawClosure) -> list[Closure]:
    """Return the cancellations that a command is about, whether or not any is recorded."""
    groups = frozenset(command.group)
    return [
        Closure(command.day, half, groups, cancelled=True)
        for half in checks.halves(command.session)
    ]


def _no_closure(command: WithdrawClosure, state: State, codes: Codes) -> Refused:
    """Return the refusal, with what puts back marks of a cancellation withdrawn before."""
    stuck = _stuck(state, codes, state.calendar(), _cancellations(command))
    standing = _still_standing(state, codes, list(by_batch(state, stuck)))
    remedies = (_closures_in_words(command.day, state), *map(str.strip, standing))
    return Refused(
        "no-closure",
        f"no closure{_for(command.group) or ' for everyone'} on {command.day}",
        "; ".join(remedies),
    )


def _without(state: State, closures: Iterable[Closure]) -> Calendar:
    """Return the calendar once some closures are withdrawn."""
    calendar, gone = state.calendar(), list(closures)
    rest = [closure for closure in calendar.closures if closure not in gone]
    return Calendar(calendar.terms, rest, calendar.times, state.open_text)


def _closed_all_the_same(calendar: Calendar, gone: Iterable[Closure]) -> Iterator[str]:
    """Yield what else closes the sessions of closures that are withdrawn, for whom and why."""
    halves: dict[tuple[date, str], list[Half]] = {}
    for closure in gone:
        for each in calendar.closures_on(Session(closure.date, closure.half)):
            how = "cancelled" if each.cancelled else "closed"
            whom = _for(each.groups) or " for everyone"
            reason = calendar.why(each)
            why = f": {names.as_written(reason)}" if reason else ""
            halves.setdefault((each.date, f"still {how}{whom}{why}"), []).append(each.half)
    for (day, still), closed in halves.items():
        yield f"{day} {' and '.join(closed)} {noun(len(closed), 'is', 'are')} {still}"


def _places(state: State, closures: Iterable[Closure]) -> list[Place]:
    """Return whose marks cancelled sessions may have given: whoever is on roll.

    Who was in the group when it was cancelled may be recorded in another since.
    """
    return [
        Place(pupil, session)
        for closure in closures
        if closure.cancelled
        for session in (Session(closure.date, closure.half),)
        for pupil in pupils_concerned(state.school, session, ())
    ]


def _stuck(
    state: State, codes: Codes, calendar: Calendar, closures: Iterable[Closure]
) -> list[Place]:
    """Return whose marks say that a session was not held which the calendar says was."""
    return [
        place
        for place in _places(state, closures)
        if calendar.meets(place.session, place.pupil.groups(place.session.date))
        and state.mark(*place).code == codes.cancelled(place.session.date)
    ]


def _still_standing(
    state: State, codes: Codes, stuck: Collection[tuple[Batch, Place]]
) -> Iterator[str]:
    """Yield how many marks a withdrawn cancellation leaves, and what puts them back."""
    standing = Counter(state.mark(*place).code for _, place in stuck)
    for code, number in standing.items():
        yield f"{number_of(number, 'mark')} still {noun(number, 'stands', 'stand')} as {code}"
    before = Counter(batch.number for batch, place in stuck if batch.mark(place, codes).before)
    for batch, number in sorted(before.items()):
        yield f"  {number} had another code before: attendance put-back {batch} --reason WHY"
    first = len(stuck) - before.total()
    if first:
        yield f"  {first} {noun(first, 'is a first mark', 'are first marks')}: attendance amend"


def _closures_in_words(day: date, state: State) -> str:
    texts = [
        f"{closure.half} for {', '.join(sorted(closure.groups)) or 'everyone'}"
        for closure in state.school.closures.values()
        if closure.date == day
    ]
    return f"recorded on that day: {'; '.join(texts) or 'none'}"


def _is_cancelled(command: CancelSessions, state: State, session: Session, now: int) -> bool:
    """Tell whether the session is recorded as cancelled; refuse one that was not to be held."""
    calendar = state.calendar()
    check_in_term(calendar, session)
    if session.date > local_date(now):
        raise Refused(
            "future-session",
            f"session {session} has not come yet",
            "close a day that is known ahead with attendance closures add; a session is "
            "cancelled on its day",
        )
    covering = (frozenset(command.group), frozenset[str]())
    closures = [c for c in calendar.closures_on(session) if c.groups in covering]
    if closures and not any(closure.cancelled for closure in closures):
        why = calendar.why(closures[0]) or "planned closure"
        raise Refused(
            "school-closed",
            f"the school is closed on {session} ({why})",
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


def _cancelled(
    command: CancelSessions, fresh: list[Session], reason: str
) -> Iterator[SessionCancelled]:
    groups = tuple(sorted(set(command.group)))
    for day, on_day in groupby(fresh, key=lambda session: session.date):
        halves = tuple(session.half for session in on_day)
        yield SessionCancelled(date=day, sessions=halves, groups=groups, reason=reason)
