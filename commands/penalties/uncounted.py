"""Marks that stop counting: every decision is held against the marks that stand.

`watch` is called for each decision, without knowing which command made it: so groups, closures,
terms, last days, birth dates, withdrawn records and imports are all watched. Where marks that
stand stop counting, a reason has to be given, and is recorded with them, once for each pupil.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from commands.core.command import Author, Decision, Read, State
from commands.core.ranges import CALENDAR, ROLL, Range, between, one, starting
from commands.penalties.change import Change, codes_after, relevant_change, school_after
from commands.penalties.places import Calendars, Effect, Marks, Moved, effect
from commands.penalties.uncounted_text import Telling, Told
from commands.penalties.undercut_case import Register
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn
from ledger.events.roll import EnrolmentWithdrawn
from ledger.state.school import School
from ledger.store.store import Fact
from ledger.values import Session
from policies.law import penalties
from policies.law.calendar import school_weeks
from policies.packs.codes import Codes
from policies.packs.values import parameters

_HOW_TO = 'give --reason "WHY", which is kept with them, or --dry-run to look'
_HOW_TO_IMPORT = "correct the files, or record them as stated with --accept-findings"


@dataclass(slots=True)
class WatchedMarks:
    """A decision with the marks that stop counting in it, and what was read to find them."""

    decision: Decision
    ranges: list[Range] = field(default_factory=list)
    alerts: int = 0
    lines: list[str] = field(default_factory=list)

    def says(self, last: int) -> Iterator[str]:
        """Yield what it does to the marks, the last of its events at a position."""
        yield from self.lines
        if self.alerts == 1:
            yield f"  next: somebody looks at alert {last} (attendance alerts)"
        elif self.alerts:
            first = last - self.alerts + 1
            yield f"  next: somebody looks at alerts {first} to {last} (attendance alerts)"


def watch(decision: Decision, state: State, codes: Codes, today: date, read: Read) -> WatchedMarks:
    """Return the decision with an event for every pupil of whom standing marks stop counting.

    Refused where no reason is given for it. ``read``: the events of a range, up to the position
    at which the decision was made.
    """
    watched = WatchedMarks(decision)
    change = relevant_change(_of_school(decision), state.school, today)
    if not change.facts:
        return watched
    watched.ranges += [CALENDAR, *_pupils_read(change)]
    sides = _Sides(state.school, change, codes, today)
    moved = sides.moved()
    if not moved:
        return watched
    if not isinstance(decision.facts, Sequence):
        watched.decision = replace(decision, facts=list(decision.facts))
    registers = _Registers(sides, watched.decision.facts, read, watched.ranges)
    effects = [(pupil_id, registers.effect(pupil_id, each)) for pupil_id, each in moved.items()]
    if decision.source is None and any(
        isinstance(f.event, ClosureWithdrawn) for f in change.facts
    ):
        for _, found in effects:
            found.unheld.clear()  # the withdrawal counts them itself, with what puts them back
    for _, found in effects:  # of an import its summary tells; of today a register may be to come
        past = (session for session in found.unmarked if session.date < today)
        found.unmarked = sorted(past) if decision.source is None else []
    told = [
        registers.told(pupil_id, state.name_of(state.school.pupils[pupil_id]), found)
        for pupil_id, found in effects
        if found.lost or found.gained or found.unheld or found.unmarked
    ]
    if told:
        _tell(watched, Telling(told, codes, sides.measure), state, today)
    return watched


def _of_school(decision: Decision) -> list[Fact]:
    """Return what a decision changes of calendar and roll: a mark keeps no other from counting."""
    facts = decision.facts if isinstance(decision.facts, Sequence) else decision.school
    return [fact for fact in facts if fact.stream.startswith((streams.PUPIL, streams.CALENDAR))]


def _pupils_read(change: Change) -> Iterable[Range]:
    if change.pupils is None:
        return [ROLL]
    return [one(streams.pupil(pupil_id)) for pupil_id in sorted(change.pupils)]


class _Sides:
    """The school before a change and after it."""

    def __init__(self, school: School, change: Change, codes: Codes, today: date) -> None:
        self.before, self.after = school, school_after(school, change.facts)
        was = school.calendar()
        self.calendars = Calendars(
            was, self.after.calendar() if change.pupils is None else was, today
        )
        self.pupils, self.codes, self.today = change.pupils, codes, today
        self.survivors = dict(_survivors(change.facts))
        in_force = parameters().find("penalty_notices.threshold", today)
        self.measure = penalties.measure(today) if in_force else None

    def moved(self) -> dict[str, Moved]:
        """Return the sessions up to today whose place differs, of each pupil who has some."""
        concerned = self.before.pupils if self.pupils is None else self.pupils
        found = {
            pupil_id: self.calendars.moved(
                self.before.pupils[pupil_id], self.after.pupils[pupil_id]
            )
            for pupil_id in sorted(concerned)
        }
        return {pupil_id: moved for pupil_id, moved in found.items() if moved}

    def was(self, pupil_id: str, marks: Marks) -> Register:
        """Return a pupil's register before the change."""
        pupil, calendar = self.before.pupils[pupil_id], self.calendars.before
        return Register(pupil, calendar, self._weeks_before, marks, self.codes, self.today)

    def is_now(self, pupil_id: str, marks: Marks) -> Register:
        """Return a pupil's register after it."""
        pupil, calendar = self.after.pupils[pupil_id], self.calendars.after
        return Register(pupil, calendar, self._weeks_after, marks, self.codes, self.today)

    def registration(self, pupil_id: str, sessions: Sequence[Session]) -> str:
        """Return a pupil's registration group after the change, on the first of some sessions."""
        pupil = self.after.pupils[pupil_id]
        mine = (each for s in sessions[:1] for each in pupil.memberships_on(s.date))
        return next((name for kind, name, _ in mine if kind == "registration"), "")

    @cached_property
    def _weeks_before(self) -> Sequence[date]:
        return school_weeks(self.calendars.before.school_days())

    @cached_property
    def _weeks_after(self) -> Sequence[date]:
        return school_weeks(self.calendars.after.school_days())


def _survivors(facts: Iterable[Fact]) -> Iterator[tuple[str, str]]:
    """Yield each record that is withdrawn, with the one that stays."""
    for stream, event in facts:
        if isinstance(event, EnrolmentWithdrawn) and event.survivor is not None:
            yield streams.subject(stream), event.survivor


class _Registers:
    """The marks of the pupils concerned, read as they are asked for, before and after."""

    def __init__(
        self, sides: _Sides, facts: Iterable[Fact], read: Read, ranges: list[Range]
    ) -> None:
        self._sides, self._read, self._ranges = sides, read, ranges
        self._changed: dict[str, list[Fact]] = {}
        for fact in facts:
            if fact.stream.startswith(streams.MARK):
                self._changed.setdefault(streams.subject(fact.stream), []).append(fact)

    def effect(self, pupil_id: str, moved: Moved) -> Effect:
        """Return what moved places do to a pupil's marks."""
        span = between(*(streams.mark(pupil_id, edge(moved)) for edge in (min, max)))
        before, after = self._marks(pupil_id, span)
        found = effect(moved, before, after, self._sides.codes)
        survivor = self._sides.survivors.get(pupil_id)
        if found.lost and survivor is not None:
            self._carry_over(found, survivor)
        return found

    def told(self, pupil_id: str, name: str, found: Effect) -> Told:
        """Return it with the fullest windows, where the threshold counts any of the marks."""
        sides = self._sides
        told = Told(pupil_id, name, found, group=sides.registration(pupil_id, found.unmarked))
        moved = (found.lost | found.gained).items()
        relevant = any(sides.codes.relevant(code, session.date) for session, code in moved)
        if sides.measure is None or not relevant:
            return told
        counted = sides.survivors.get(pupil_id, pupil_id)
        before, _ = self._marks(pupil_id, starting(streams.mark(pupil_id, "")))
        _, after = self._marks(counted, starting(streams.mark(counted, "")))
        registers = sides.was(pupil_id, before), sides.is_now(counted, after)
        peaks = [_peak(register, sides.measure) for register in registers]
        return replace(told, peak_before=peaks[0], peak_after=peaks[1])

    def _marks(self, pupil_id: str, wanted: Range) -> tuple[Marks, Marks]:
        """Read the codes that stand, and those that will; remember that they were relied on."""
        self._ranges.append(wanted)
        before = codes_after({}, (Fact(r.stream, r.event) for r in self._read(wanted)))
        return before, codes_after(before, self._changed.get(pupil_id, ()))

    def _carry_over(self, found: Effect, survivor: str) -> None:
        """Leave out what counts on as an entry of the record that a duplicate was merged into."""
        _, after = self._marks(survivor, starting(streams.mark(survivor, "")))
        register = self._sides.is_now(survivor, after)
        kept = {s for s, code in found.lost.items() if register.cell(s)[:2] == (code, True)}
        found.lost = {s: code for s, code in found.lost.items() if s not in kept}


def _peak(register: Register, measure: penalties.Measure) -> int:
    counted = register.counted
    return penalties.standing(register.weeks, counted, register.today, measure).peak


def _tell(watched: WatchedMarks, telling: Telling, state: State, today: date) -> None:
    """Add the events and the words; refuse marks that stop counting without a reason."""
    decision, lost = watched.decision, telling.lost
    if lost and decision.reason is None and not decision.dry_run:
        remedy = _HOW_TO if decision.source is None else _HOW_TO_IMPORT
        raise Refused("marks-uncounted", "\n".join(telling.says(would=True)), remedy)
    if decision.dry_run:
        says = (*telling.says(would=True), *decision.says)
        watched.decision = replace(decision, says=says)
        return
    watched.lines += telling.says(would=False)
    watched.alerts = len(lost)
    if lost:
        watched.ranges.append(state.own_row)
        author = _author(decision, state, today)
        facts = [each.fact(decision.reason or "", author) for each in lost]
        count = decision.count + len(facts)
        watched.decision = replace(decision, facts=[*decision.facts, *facts], count=count)


def _author(decision: Decision, state: State, today: date) -> Author | None:
    """Return who decided; what a source states, nobody here did."""
    staff_id = state.operator.staff_id
    if staff_id is None or decision.source is not None:
        return None
    return state.author_on(staff_id, today)
