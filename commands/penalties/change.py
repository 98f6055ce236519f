"""What of a decision could move a figure, and the registers before it and after it."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import NamedTuple

from commands.penalties.places import Calendars, Marks, Moved
from commands.penalties.undercut_case import Register
from ledger.events import streams
from ledger.events.base import Event, in_clear
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.register import MarkChange, SessionMarked
from ledger.state.school import School, evolve
from ledger.store.facts import Fact, Recorded
from ledger.values import parse_session
from policies.law import penalties
from policies.law.calendar import school_weeks
from policies.packs.codes import Codes
from policies.packs.values import parameters


class Change(NamedTuple):
    """The facts of a decision that could move a figure; ``pupils`` none: of anybody."""

    facts: list[Fact]
    pupils: set[str] | None


def relevant_change(facts: Iterable[Fact], school: School, today: date) -> Change:
    """Return the facts that could move what others rest on; taking a register cannot."""
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


def school_after(school: School, facts: Iterable[Fact]) -> School:
    """Return the school with some facts taken in; the one given stays as it is."""
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
        evolve(copied, stream, in_clear(event))
    return copied


def _moves_calendar(event: Event, today: date) -> bool:
    if isinstance(event, SessionsClosed | SessionCancelled | ClosureWithdrawn):
        return event.date <= today
    return isinstance(event, TermSet)


class MarkPair(NamedTuple):
    """The codes that stand of one pupil's marks, before a change and after it."""

    before: Marks
    after: Marks


class ChangedMarks:
    """The marks that some facts are about, by pupil."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by_pupil: dict[str, list[Fact]] = {}
        for fact in facts:
            if fact.stream.startswith(streams.MARK):
                self._by_pupil.setdefault(streams.subject(fact.stream), []).append(fact)

    @property
    def pupils(self) -> set[str]:
        """Whose marks they are."""
        return set(self._by_pupil)

    def of(self, pupil_id: str, recorded: Iterable[Recorded]) -> MarkPair:
        """Return what stands of a pupil's marks; ``recorded``: of them so far."""
        before = _codes_after({}, (Fact(r.stream, r.event) for r in recorded))
        return MarkPair(before, _codes_after(before, self._by_pupil.get(pupil_id, ())))


class Sides:
    """The school before a change and after it, and the registers of its pupils.

    ``measure``: of the threshold in force, none where the law has none.
    """

    def __init__(self, school: School, change: Change, codes: Codes, today: date) -> None:
        self._schools = school, school_after(school, change.facts)
        was = school.calendar()
        now = self._schools[1].calendar() if change.pupils is None else was
        self.calendars = Calendars(was, now, today)
        self._change, self.codes, self.today = change, codes, today
        in_force = parameters().find("penalty_notices.threshold", today)
        self.measure = penalties.measure(today) if in_force else None

    @property
    def concerned(self) -> list[str]:
        """The pupils on record whom the change may concern, by id."""
        held, named = self._schools[0].pupils, self._change.pupils
        return sorted(held if named is None else held.keys() & named)

    def moved(self, pupil_id: str) -> Moved:
        """Return the sessions up to today whose place differs for a pupil."""
        return self.calendars.moved(*(school.pupils[pupil_id] for school in self._schools))

    def before(self, pupil_id: str, marks: Marks) -> Register:
        """Return a pupil's register before the change."""
        return self._register(0, pupil_id, marks)

    def after(self, pupil_id: str, marks: Marks) -> Register:
        """Return a pupil's register after it."""
        return self._register(1, pupil_id, marks)

    def _register(self, side: int, pupil_id: str, marks: Marks) -> Register:
        calendar = (self.calendars.before, self.calendars.after)[side]
        pupil = self._schools[side].pupils[pupil_id]
        return Register(pupil, calendar, self.weeks[side], marks, self.codes, self.today)

    @cached_property
    def weeks(self) -> tuple[Sequence[date], Sequence[date]]:
        """The school weeks before and after."""
        was, now = self.calendars.before, self.calendars.after
        before = school_weeks(was.school_days())
        return before, before if now is was else school_weeks(now.school_days())

    @property
    def other_weeks(self) -> bool:
        """Whether other weeks that have begun by today are school weeks after it."""
        if self.calendars.before is self.calendars.after:
            return False
        before, after = ([week for week in weeks if week <= self.today] for weeks in self.weeks)
        return before != after


def _codes_after(before: Marks, facts: Iterable[Fact]) -> Marks:
    """Return the codes that stand once some facts about one pupil's marks are recorded."""
    found = dict(before)
    for stream, event in facts:
        if isinstance(event, SessionMarked | MarkChange):
            found[parse_session(streams.parts(stream)[2])] = event.code
    return found
