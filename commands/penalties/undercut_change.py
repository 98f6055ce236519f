"""What a decision changes: whether it could matter to a paper, and the registers compared."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from commands.core.papers import Paper
from commands.penalties.undercut_case import Register, Undercut, undercut
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.register import MarkChange, SessionMarked
from ledger.state.calendar import Calendar
from ledger.state.school import School, evolve
from ledger.store.store import Fact, Recorded
from ledger.values import Session, parse_session
from policies.law import penalties as threshold
from policies.law.school_weeks import school_weeks
from policies.packs.codes import Codes
from policies.packs.values import parameters


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
