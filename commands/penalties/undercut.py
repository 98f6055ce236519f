"""Undercut alerts raised: every decision is held against the papers that rest on the register.

`watch` is called for each decision, without knowing which command made it: so amendments,
approvals, closures, terms, deletions, groups and imports are all watched. What it reads is guarded
like every read of a decision; what it finds is recorded in the transaction of the change, once for
each pupil. Whether a case was undercut is judged in `undercut_case`.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from commands.core.command import Decision, Read, State
from commands.core.papers import PREFIXES, CitedPaper, by_pupil
from commands.core.ranges import CALENDAR, Range, one, starting
from commands.penalties.undercut_case import Register, Undercut, compare, describe
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.penalties import CaseUndercut, UndercutPaper
from ledger.events.register import MarkChange, SessionMarked
from ledger.state.calendar import Calendar
from ledger.state.school import School, evolve
from ledger.store.store import Fact, Recorded
from ledger.values import Session, parse_session
from policies.law import penalties
from policies.law.calendar import school_weeks
from policies.packs.codes import Codes
from policies.packs.values import parameters

_FEW = 5
"""Up to so many pupils, the papers of each are read by themselves."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What one change undercut of one pupil, and the event that says so."""

    pupil_id: str
    name: str
    undercut: Undercut

    @property
    def fact(self) -> Fact:
        """The event on the pupil's stream."""
        papers = tuple(
            UndercutPaper(kind=cited.paper.kind, ref=cited.ref, before=before, after=after)
            for cited, before, after, _ in self.undercut.papers
        )
        event = CaseUndercut(papers=papers, sessions=self.undercut.session_texts())
        return Fact(streams.undercut(self.pupil_id), event)

    def says(self, number: int | None) -> Iterator[str]:
        """Yield it in words; ``number`` of the alert, none where it would be one (dry run)."""
        for cited, before, after, fell in self.undercut.papers:
            counts = ""
            if cited.paper.kind != "certificate":
                counts = f": {before} -> {after} recorded sessions"
            if fell:
                does = "Undercut alert" if number is not None else "would undercut"
                yield f"{does}: {self.name}, {cited.words}{counts}"
            else:
                does = "Alert" if number is not None else "would raise an alert"
                relied = f"a session that the {cited.words} relied on"
                is_changed = "was changed" if number is not None else "would be changed"
                yield f"{does}: {self.name}, {relied} {is_changed}{counts}"
        changed = [describe(session, *pair) for session, pair in self.undercut.sessions.items()]
        if changed:
            yield f"  changed: {', '.join(changed)}"
        else:
            yield "  changed: the school weeks that are counted together"
        if number is not None:
            yield f"  next: attendance alerts draft {number}"


@dataclass(slots=True)
class WatchedDecision:
    """A decision with its alerts in it, and what was read to find them."""

    decision: Decision
    alerts: list[Alert] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)

    def says(self, last: int) -> Iterator[str]:
        """Yield the alerts that were recorded, last of all, with their positions as numbers."""
        for number, alert in enumerate(self.alerts, start=last - len(self.alerts) + 1):
            yield from alert.says(number)


def watch(
    decision: Decision, state: State, codes: Codes, today: date, read: Read
) -> WatchedDecision:
    """Return the decision with an alert for every pupil of whom it undercuts a paper.

    ``read``: the events of a range, up to the position at which the decision was made.
    """
    watched = WatchedDecision(decision)
    if not isinstance(decision.facts, Sequence):
        recorded = _read(watched, read, map(starting, PREFIXES))
        if not by_pupil(recorded, (), today):
            return watched
        decision = watched.decision = replace(decision, facts=list(decision.facts))
    change = relevant_change(decision.facts, state.school, today)
    if not change.facts:
        return watched
    recorded = _read(watched, read, _paper_ranges(change.pupils))
    papers = by_pupil(recorded, decision.facts, today)
    known = papers.keys() & state.school.pupils.keys()
    concerned = sorted(known if change.pupils is None else known & change.pupils)
    if not concerned:
        return watched
    comparison = Comparison(state.school, change, codes, today)
    watched.ranges.append(CALENDAR)
    for pupil_id in concerned:
        watched.ranges.append(one(streams.pupil(pupil_id)))
        marks = _read(watched, read, [starting(streams.mark(pupil_id, ""))])
        found = comparison.pupil(pupil_id, papers[pupil_id], marks)
        if found is not None:
            name = state.name_of(state.school.pupils[pupil_id])
            watched.alerts.append(Alert(pupil_id, name, found))
    _append_alerts(watched)
    return watched


class Change(NamedTuple):
    """The facts of a decision that could undercut a paper; ``pupils`` none: of anybody."""

    facts: list[Fact]
    pupils: set[str] | None


def relevant_change(facts: Iterable[Fact], school: School, today: date) -> Change:
    """Return the facts that could undercut a paper, which the taking of a register cannot."""
    todays = (f"{today}/AM", f"{today}/PM")
    found, pupils, anybody, taken = list[Fact](), set[str](), False, 0
    for fact in facts:
        kind, _, rest = fact.stream.partition(":")
        match kind + ":":
            case streams.MARK:
                pupils.add(rest.partition(":")[0])
                taken += isinstance(fact.event, SessionMarked) and rest.endswith(todays)
            case streams.PUPIL:
                if rest not in school.pupils:
                    continue
                pupils.add(rest)
            case _:
                if not _moves_calendar(fact.event, today):
                    continue
                anybody = True
        found.append(fact)
    if taken == len(found):
        return Change([], set())
    return Change(found, None if anybody else pupils)


class Comparison:
    """The school before and after a change, and its pupils' registers held side by side."""

    def __init__(self, school: School, change: Change, codes: Codes, today: date) -> None:
        self._schools = (school, _school_after(school, change.facts))
        self._calendars: list[Calendar] = [school.calendar()] * 2
        self._weeks = [school_weeks(self._calendars[0].school_days())] * 2
        if change.pupils is None:
            self._calendars[1] = self._schools[1].calendar()
            self._weeks[1] = school_weeks(self._calendars[1].school_days())
        self._changed: dict[str, list[Fact]] = {}
        for fact in change.facts:
            if fact.stream.startswith(streams.MARK):
                self._changed.setdefault(streams.subject(fact.stream), []).append(fact)
        in_force = parameters().find("penalty_notices.threshold", today)
        self._measure = penalties.measure(today) if in_force else None
        self._codes, self._today = codes, today

    def pupil(
        self, pupil_id: str, papers: Sequence[CitedPaper], recorded: Iterable[Recorded]
    ) -> Undercut | None:
        """Return what the change undercut of one pupil; ``recorded``: the marks so far."""
        before = _codes_after({}, (Fact(r.stream, r.event) for r in recorded))
        after = _codes_after(before, self._changed.get(pupil_id, ()))
        first, then = (
            Register(school.pupils[pupil_id], calendar, weeks, marks, self._codes, self._today)
            for school, calendar, weeks, marks in zip(
                self._schools, self._calendars, self._weeks, (before, after), strict=True
            )
        )
        return compare(papers, first, then, self._measure)


def _paper_ranges(pupils: set[str] | None) -> Iterator[Range]:
    if pupils is None or len(pupils) > _FEW:
        yield from map(starting, PREFIXES)
        return
    for pupil in sorted(pupils):
        yield starting(streams.notices("", pupil))
        yield one(streams.penalty(pupil))
        yield one(streams.disclosure(pupil))


def _read(watched: WatchedDecision, read: Read, ranges: Iterable[Range]) -> list[Recorded]:
    """Read some ranges and remember that they were relied on."""
    found: list[Recorded] = []
    for each in ranges:
        watched.ranges.append(each)
        found += read(each)
    return found


def _append_alerts(watched: WatchedDecision) -> None:
    """Put the alerts after the decision's own facts; in a dry run, only say them."""
    decision = watched.decision
    if not watched.alerts:
        return
    if decision.dry_run:
        says = [line for alert in watched.alerts for line in alert.says(None)]
        watched.decision = replace(decision, says=(*decision.says, *says))
        return
    facts = [alert.fact for alert in watched.alerts]
    count = decision.count + len(facts)
    watched.decision = replace(decision, facts=[*decision.facts, *facts], count=count)


def _moves_calendar(event: Event, today: date) -> bool:
    if isinstance(event, SessionsClosed | SessionCancelled | ClosureWithdrawn):
        return event.date <= today
    return isinstance(event, TermSet)


def _school_after(school: School, facts: Iterable[Fact]) -> School:
    concerned = {streams.subject(f.stream) for f in facts if f.stream.startswith(streams.PUPIL)}
    changed = {pupil: deepcopy(school.pupils[pupil]) for pupil in concerned}
    copied = replace(
        school,
        terms=dict(school.terms),
        closures=dict(school.closures),
        pupils={**school.pupils, **changed},
        groups={name: dict(joined) for name, joined in school.groups.items()},
    )
    for stream, event in facts:
        evolve(copied, stream, event)
    return copied


def _codes_after(before: dict[Session, str], facts: Iterable[Fact]) -> dict[Session, str]:
    found = dict(before)
    for stream, event in facts:
        if isinstance(event, SessionMarked | MarkChange):
            found[parse_session(streams.parts(stream)[2])] = event.code
    return found
