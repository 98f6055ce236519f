"""Marks that stop counting: every decision is held against the marks that stand.

`watch` is called for each decision, without knowing which command made it: so groups, closures,
terms, last days, birth dates, withdrawn records and imports are all watched. Where marks that
stand stop counting, a reason has to be given, and is recorded with them, once for each pupil.
Whom a decision of any kind takes below the threshold of a penalty notice is told by name.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from commands.core.command import Author, Decision, Read, State
from commands.core.papers import by_pupil, paper_ranges
from commands.core.ranges import CALENDAR, ROLL, Range, between, one, starting
from commands.penalties.change import Change, ChangedMarks, MarkPair, Sides, relevant_change
from commands.penalties.places import Effect, Moved, effect
from commands.penalties.uncounted_text import Telling, Told
from commands.penalties.undercut_case import Register
from ledger.errors import RefusedInLines
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn
from ledger.events.register import MarkAmended, SourceRestated
from ledger.events.roll import EnrolmentWithdrawn
from ledger.store.facts import Fact, Recorded
from ledger.values import Session, parse_session
from policies.law import penalties
from policies.law.penalties import Measure
from policies.packs.codes import Codes

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

    Refused where no reason is given for it. Whom it takes below the threshold is told, whatever
    did so. ``read``: the events of a range, up to the position at which the decision was made.
    """
    watched = WatchedMarks(decision)
    change = relevant_change(_facts_looked_at(decision, codes), state.school, today)
    if not change.facts:
        return watched
    watched.ranges += [CALENDAR, *_pupils_read(change)]
    sides = Sides(state.school, change, codes, today)
    moved, counted = _moved(sides, change)
    if not moved:
        return watched
    facts = decision.facts if isinstance(decision.facts, Sequence) else list(decision.facts)
    watched.decision = replace(decision, facts=facts)
    registers = _Registers(sides, moved, counted, facts, read, watched.ranges)
    effects = {pupil_id: registers.effect(pupil_id) for pupil_id in moved}
    _leave_out(effects, decision, change, today)
    told = [
        registers.told(pupil_id, state.name_of(state.school.pupils[pupil_id]), found)
        for pupil_id, found in effects.items()
    ]
    telling = Telling(told, codes, sides.measure, decision.source is not None)
    if telling.anything:
        _tell(watched, telling, state, today)
    return watched


def _leave_out(
    effects: Mapping[str, Effect], decision: Decision, change: Change, today: date
) -> None:
    """Leave out what the decision tells itself; of today a register may be to come."""
    withdraws = any(isinstance(fact.event, ClosureWithdrawn) for fact in change.facts)
    for found in effects.values():
        past = [session for session in found.unmarked if session.date < today]
        found.unmarked = past if decision.source is None else []
        if withdraws and decision.source is None:
            found.unheld.clear()


def _facts_looked_at(decision: Decision, codes: Codes) -> Iterator[Fact]:
    """Yield what a decision changes of calendar and roll, and the entries that it amends away.

    Away from what the threshold counts; a correction while a register is taken is no amendment.
    """
    for fact in decision.facts if isinstance(decision.facts, Sequence) else decision.held:
        if fact.stream.startswith((streams.PUPIL, streams.CALENDAR)):
            yield fact
        elif isinstance(fact.event, MarkAmended | SourceRestated):
            day = parse_session(streams.parts(fact.stream)[2]).date
            original, code = fact.event.original, fact.event.code
            if codes.relevant(original, day) and not codes.relevant(code, day):
                yield fact


def _pupils_read(change: Change) -> Iterable[Range]:
    if change.pupils is None:
        return [ROLL]
    return [one(streams.pupil(pupil_id)) for pupil_id in sorted(change.pupils)]


def _moved(sides: Sides, change: Change) -> tuple[dict[str, Moved], set[str]]:
    """Return whom a change concerns, with their sessions whose place differs, if any.

    And of whom the threshold is counted anyway: whose entry is amended away from what it counts,
    and everybody where other school weeks are counted together.
    """
    moved = {pupil_id: sides.moved(pupil_id) for pupil_id in sides.concerned}
    counted = set[str]()
    if sides.measure is not None:
        counted = set(moved) if sides.other_weeks else ChangedMarks(change.facts).pupils
    found = {each: places for each, places in moved.items() if places or each in counted}
    return found, counted


@dataclass
class _Registers:
    """The marks of the pupils concerned, read as they are asked for, before and after."""

    sides: Sides
    moved: Mapping[str, Moved]
    counted: Collection[str]
    facts: Sequence[Fact]
    read: Read
    ranges: list[Range]

    @cached_property
    def _changed(self) -> ChangedMarks:
        return ChangedMarks(self.facts)

    @cached_property
    def _survivors(self) -> dict[str, str]:
        """Which record stays, for each that is withdrawn in favour of another."""
        return {
            streams.subject(stream): event.survivor
            for stream, event in self.facts
            if isinstance(event, EnrolmentWithdrawn) and event.survivor is not None
        }

    def effect(self, pupil_id: str) -> Effect:
        """Return what moved places do to a pupil's marks."""
        moved = self.moved[pupil_id]
        if not moved:
            return Effect()
        span = between(*(streams.mark(pupil_id, edge(moved)) for edge in (min, max)))
        found = effect(moved, *self._marks(pupil_id, span), self.sides.codes)
        survivor = self._survivors.get(pupil_id)
        if found.lost and survivor is not None:
            self._carry_over(found, survivor)
        return found

    def told(self, pupil_id: str, name: str, found: Effect) -> Told:
        """Return it with the fullest windows, where the threshold counts any of the marks."""
        group = self._registration(pupil_id, found.unmarked)
        told = Told(pupil_id, name, found, group=group, merged=pupil_id in self._survivors)
        codes, moved = self.sides.codes, (found.lost | found.gained | found.cancelled).items()
        relevant = any(codes.relevant(code, session.date) for session, code in moved)
        counted = relevant or pupil_id in self.counted or told.merged
        if self.sides.measure is None or not counted:
            return told
        stays = self._survivors.get(pupil_id, pupil_id)
        before = self.sides.before(pupil_id, self._all_marks(pupil_id).before)
        after = self.sides.after(stays, self._all_marks(stays).after)
        peaks = [_peak(register, self.sides.measure) for register in (before, after)]
        peaked = replace(told, peak_before=peaks[0], peak_after=peaks[1])
        if not peaked.falls(self.sides.measure.sessions):
            return peaked if relevant else told
        papers = tuple(self._papers(pupil_id, before, after, self.sides.measure))
        return replace(peaked, papers=papers)

    def _registration(self, pupil_id: str, sessions: Sequence[Session]) -> str:
        """Return a pupil's registration group after the change, on the first of some sessions."""
        pupil = self.sides.after(pupil_id, {}).pupil
        mine = (each for s in sessions[:1] for each in pupil.memberships_on(s.date))
        return next((name for kind, name, _ in mine if kind == "registration"), "")

    def _papers(
        self, pupil_id: str, before: Register, after: Register, measure: Measure
    ) -> Iterator[str]:
        """Yield the papers of which the case falls below the threshold, in words."""
        recorded = [r for each in paper_ranges({pupil_id}) for r in self._look(each)]
        for cited in by_pupil(recorded, self.facts, before.today).get(pupil_id, ()):
            was, now = (each.fullest(cited.paper, measure) for each in (before, after))
            if cited.paper.kind != "certificate" and now < measure.sessions <= was:
                yield cited.words

    def _all_marks(self, pupil_id: str) -> MarkPair:
        return self._marks(pupil_id, starting(streams.mark(pupil_id, "")))

    def _marks(self, pupil_id: str, wanted: Range) -> MarkPair:
        return self._changed.of(pupil_id, self._look(wanted))

    def _look(self, wanted: Range) -> Sequence[Recorded]:
        """Read a range, and remember that it was relied on."""
        self.ranges.append(wanted)
        return self.read(wanted)

    def _carry_over(self, found: Effect, survivor: str) -> None:
        """Leave out what counts on as an entry of the record that a duplicate was merged into."""
        register = self.sides.after(survivor, self._all_marks(survivor).after)
        kept = {s for s, code in found.lost.items() if register.cell(s)[:2] == (code, True)}
        found.lost = {s: code for s, code in found.lost.items() if s not in kept}


def _peak(register: Register, measure: Measure) -> int:
    counted = register.counted
    return penalties.standing(register.weeks, counted, register.today, measure).peak


def _tell(watched: WatchedMarks, telling: Telling, state: State, today: date) -> None:
    """Add the events and the words; refuse marks that stop counting without a reason."""
    decision = watched.decision
    if telling.needs_reason and decision.reason is None and not decision.dry_run:
        remedy = _HOW_TO if decision.source is None else _HOW_TO_IMPORT
        raise RefusedInLines("marks-uncounted", "\n".join(telling.says(would=True)), remedy)
    if decision.dry_run:
        says = (*telling.says(would=True), *decision.says)
        watched.decision = replace(decision, says=says)
        return
    watched.lines += telling.says(would=False)
    watched.ranges.append(state.own_row)
    facts = list(telling.facts(decision.reason or "", _author(decision, state, today)))
    watched.alerts = len(facts)
    if facts:
        count = decision.count + len(facts)
        watched.decision = replace(decision, facts=[*decision.facts, *facts], count=count)


def _author(decision: Decision, state: State, today: date) -> Author | None:
    """Return who decided; what a source states, nobody here did."""
    staff_id = state.operator.staff_id
    if staff_id is None or decision.source is not None:
        return None
    return state.author_on(staff_id, today)
