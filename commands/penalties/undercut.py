"""Undercut alerts: every change is held against the papers that rest on the register.

Called by `execute` for each decision. What it reads is guarded like every read; what it finds is
recorded in the transaction of the change, once for each pupil.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from commands.core import papers as undercut_papers
from commands.core.command import Decision, Range, Read, State, one, starting
from commands.core.papers import Paper
from commands.penalties.undercut_case import Register, Undercut, said, undercut
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.penalties import CaseUndercut, UndercutPaper
from ledger.events.register import MarkChange, SessionMarked
from ledger.state.calendar import Calendar
from ledger.state.school import School, evolve
from ledger.store.store import Fact, Recorded
from ledger.values import Session, parse_session
from policies.law import penalties as threshold
from policies.law.calendar import school_weeks
from policies.packs.codes import Codes
from policies.packs.values import parameters

# -- undercut ------------------------------------------------------------------------------
# Undercut alerts: every change is held against the papers that rest on the register.
#
# Called by `execute` for each decision. What it reads is guarded like every read; what it finds is
# recorded in the transaction of the change, once for each pupil.


_FEW = 5
"""Up to so many pupils, the papers of each are read by themselves."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What one change undercut of one pupil, and the event that says so."""

    pupil_id: str
    name: str
    found: Undercut

    @property
    def fact(self) -> Fact:
        """The event on the pupil's stream."""
        papers = tuple(
            UndercutPaper(kind=t.paper.kind, ref=t.paper.ref, before=t.before, after=t.after)
            for t in self.found.papers
        )
        event = CaseUndercut(papers=papers, sessions=self.found.written())
        return Fact(streams.undercut(self.pupil_id), event)

    def says(self, number: int | None) -> Iterator[str]:
        """Yield it in words; ``number`` of the alert, none where it would be one (dry run)."""
        for paper, before, after, fell in self.found.papers:
            counts = f": {before} -> {after} recorded sessions" * (paper.kind != "certificate")
            if fell:
                does = "Undercut alert" if number is not None else "would undercut"
                yield f"{does}: {self.name}, {paper.words}{counts}"
            else:
                does = "Alert" if number is not None else "would raise an alert"
                relied = f"a session that the {paper.words} relied on"
                is_changed = "was changed" if number is not None else "would be changed"
                yield f"{does}: {self.name}, {relied} {is_changed}{counts}"
        changed = [said(session, *pair) for session, pair in self.found.sessions.items()]
        if changed:
            yield f"  changed: {', '.join(changed)}"
        else:
            yield "  changed: the school weeks that are counted together"
        if number is not None:
            yield f"  next: attendance alerts draft {number}"


@dataclass(slots=True)
class Watched:
    """A decision with its alerts in it, and what was read to find them."""

    decision: Decision
    alerts: list[Alert] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)

    def says(self, state: State, read: Read) -> Iterator[str]:
        """Yield the alerts that were recorded, with their numbers; ``read``: up to the head."""
        for alert in self.alerts:
            stream = streams.undercut(alert.pupil_id)
            version = state.school.versions[stream]
            (number,) = (r.position for r in read(one(stream)) if r.version == version)
            yield from alert.says(number)


def watch(decision: Decision, state: State, codes: Codes, today: date, read: Read) -> Watched:
    """Return the decision with an alert for every pupil of whom it undercuts a paper.

    ``read``: the events of a range, up to the position at which the decision was made.
    """
    watched = Watched(decision)
    if not isinstance(decision.facts, Sequence):
        wanted = [starting(prefix) for prefix in undercut_papers.PREFIXES]
        recorded = _read(watched, read, wanted)
        if not undercut_papers.by_pupil(recorded, (), today):
            return watched
        decision = watched.decision = replace(decision, facts=list(decision.facts))
    change = matters(decision.facts, state.school, today)
    if not change.facts:
        return watched
    recorded = _read(watched, read, _wanted(change.pupils))
    papers = undercut_papers.by_pupil(recorded, decision.facts, today)
    known = papers.keys() & state.school.pupils.keys()
    concerned = sorted(known if change.pupils is None else known & change.pupils)
    if not concerned:
        return watched
    comparing = Comparing(state.school, change, codes, today)
    for pupil_id in concerned:
        marks = _read(watched, read, [starting(streams.mark(pupil_id, ""))])
        found = comparing.pupil(pupil_id, papers[pupil_id], marks)
        if found is not None:
            name = state.name_of(state.school.pupils[pupil_id])
            watched.alerts.append(Alert(pupil_id, name, found))
    _add(watched, state, read)
    return watched


def _wanted(pupils: set[str] | None) -> Iterator[Range]:
    if pupils is None or len(pupils) > _FEW:
        yield from map(starting, undercut_papers.PREFIXES)
        return
    for pupil in sorted(pupils):
        yield starting(streams.notices("", pupil))
        yield one(streams.penalty(pupil))
        yield one(streams.disclosure(pupil))


def _read(watched: Watched, read: Read, wanted: Iterable[Range]) -> list[Recorded]:
    """Read some ranges and remember that they were relied on."""
    found: list[Recorded] = []
    for each in wanted:
        watched.ranges.append(each)
        found += read(each)
    return found


def _add(watched: Watched, state: State, read: Read) -> None:
    """Put the alerts after the decision's own facts; in a dry run, only say them."""
    decision = watched.decision
    if not watched.alerts:
        return
    if decision.dry_run:
        says = [line for alert in watched.alerts for line in alert.says(None)]
        watched.decision = replace(decision, says=(*decision.says, *says))
        return
    facts = [alert.fact for alert in watched.alerts]
    for stream, _ in facts:
        before = _read(watched, read, [one(stream)])
        state.school.versions[stream] = len(before)
    count = decision.count + len(facts)
    watched.decision = replace(decision, facts=[*decision.facts, *facts], count=count)


# -- undercut_change -----------------------------------------------------------------------
# What a decision changes: whether it could matter to a paper, and the registers compared.


class Change(NamedTuple):
    """The facts of a decision that could undercut a paper; ``pupils`` none: of anybody."""

    facts: list[Fact]
    pupils: set[str] | None


def matters(facts: Iterable[Fact], school: School, today: date) -> Change:
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
                if not _of_the_calendar(fact.event, today):
                    continue
                anybody = True
        found.append(fact)
    if taken == len(found):
        return Change([], set())
    return Change(found, None if anybody else pupils)


def _of_the_calendar(event: Event, today: date) -> bool:
    if isinstance(event, SessionsClosed | SessionCancelled | ClosureWithdrawn):
        return event.date <= today
    return isinstance(event, TermSet)


class Comparing:
    """The school before and after a change, and its pupils' registers held side by side."""

    def __init__(self, school: School, change: Change, codes: Codes, today: date) -> None:
        self._schools = (school, _after(school, change.facts))
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
        self._measure = threshold.measure(today) if in_force else None
        self._codes, self._today = codes, today

    def pupil(
        self, pupil_id: str, papers: Sequence[Paper], recorded: Iterable[Recorded]
    ) -> Undercut | None:
        """Return what the change undercut of one pupil; ``recorded``: the marks so far."""
        before = _marks({}, (Fact(r.stream, r.event) for r in recorded))
        after = _marks(before, self._changed.get(pupil_id, ()))
        first, then = (
            Register(school.pupils[pupil_id], calendar, weeks, marks, self._codes, self._today)
            for school, calendar, weeks, marks in zip(
                self._schools, self._calendars, self._weeks, (before, after), strict=True
            )
        )
        return undercut(papers, first, then, self._measure)


def _after(school: School, facts: Iterable[Fact]) -> School:
    """Return a copy of the school with the facts of calendar and roll taken in."""
    concerned = {streams.subject(f.stream) for f in facts if f.stream.startswith(streams.PUPIL)}
    changed = {pupil: deepcopy(school.pupils[pupil]) for pupil in concerned}
    copied = replace(
        school,
        terms=dict(school.terms),
        closures=dict(school.closures),
        pupils={**school.pupils, **changed},
    )
    for stream, event in facts:
        evolve(copied, stream, event)
    return copied


def _marks(before: dict[Session, str], facts: Iterable[Fact]) -> dict[Session, str]:
    """Return the codes by session once the marks of some facts are taken in."""
    found = dict(before)
    for stream, event in facts:
        if isinstance(event, SessionMarked | MarkChange):
            found[parse_session(streams.parts(stream)[2])] = event.code
    return found
