"""A pupil's figures kept step by step while marks and calendar become known: never recounted.

Which sessions count is asked of the same rectangle as `rates` and `penalties`, anew only where
calendar, roll or ages became known otherwise.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from ledger.values import parse_session
from policies.law.calendar import monday, school_weeks
from policies.law.penalties import Measure, measure
from policies.packs.codes import CodeRule, Codes
from policies.packs.values import parameters
from projections.penalties.case import age_of, countable_cells, counted_from, weeks_begun
from projections.queries.columns import percent
from projections.queries.kept import Kept
from projections.queries.rectangle import rectangle
from projections.queries.view import Interval, View
from projections.readmodel.grid import Grid
from projections.readmodel.records.roll import Membership, Spell

COUNTS = ("possible", "attended", "authorised", "unauthorised")


class Counted(NamedTuple):
    """Figures at one moment; ``fullest_window``: none before the law had the rule."""

    possible: int
    attended: int
    authorised: int
    unauthorised: int
    attendance: str | None
    fullest_window: int | None


@dataclass(frozen=True, slots=True)
class Cells:
    """Which sessions of one pupil count, as calendar, roll and details are known at a moment.

    ``counted``: those that count in rates; ``weeks``: session -> its school week, of those in
    which an entry could be relevant; ``begun``: the school weeks begun by the day asked about.
    """

    counted: frozenset[str] = frozenset()
    weeks: Mapping[str, int] = field(default_factory=dict)
    begun: Sequence[date] = ()


@dataclass(slots=True)
class Figures:
    """What one pupil's known marks come to.

    ``measure``: of the windows, none before the law had the rule; ``stood``: the marks known,
    in sessions that count or not; ``relevant``: those with a code that is a relevant entry.
    """

    codes: Codes
    measure: Measure | None
    cells: Cells = field(default_factory=Cells)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    stood: dict[str, str] = field(default_factory=dict)
    relevant: set[str] = field(default_factory=set)
    _peak: int | None = None

    def move(self, session: str, code: str) -> None:
        """Let a session's mark become known, or become another."""
        if session in self.stood:
            self._add(session, -1)
        self.stood[session] = code
        self._add(session, 1)

    def turn(self, cells: Cells) -> list[str]:
        """Let other sessions count; return those with a mark that do now, or do no longer."""
        old, self.cells, self._peak = self.cells, cells, None
        moved = (old.counted ^ cells.counted) & self.stood.keys()
        for session in moved:
            self._count(self._rule(session), 1 if session in cells.counted else -1)
        aged = (old.weeks.keys() ^ cells.weeks.keys()) & self.relevant
        return sorted(moved | aged)

    def counted(self) -> Counted:
        """Return what they come to now."""
        rate = percent(self.counts["attended"], self.counts["possible"])
        return Counted(**self.counts, attendance=rate, fullest_window=self._fullest())

    def _rule(self, session: str) -> CodeRule | None:
        return self.codes.find(self.stood[session], parse_session(session).date)

    def _add(self, session: str, step: int) -> None:
        rule = self._rule(session)
        if session in self.cells.counted:
            self._count(rule, step)
        if rule is not None and rule.threshold:
            (self.relevant.add if step > 0 else self.relevant.discard)(session)
            self._peak = None

    def _count(self, rule: CodeRule | None, step: int) -> None:
        if rule is not None and rule.possible:
            self.counts["possible"] += step
            kind = "unauthorised" if rule.unauthorised else "authorised"
            self.counts["attended" if rule.attended else kind] += step

    def _fullest(self) -> int | None:
        """Return the relevant entries in the fullest window of school weeks so far."""
        if self.measure is not None and self._peak is None:
            held = [0] * len(self.cells.begun)
            for session in self.relevant & self.cells.weeks.keys():
                held[self.cells.weeks[session]] += 1
            upto = [0, *accumulate(held)]
            size = self.measure.weeks
            windows = (upto[n] - upto[max(0, n - size)] for n in range(len(upto)))
            self._peak = max(windows)
        return self._peak


_RULE = "penalty_notices.threshold"


def measure_on(on: date) -> Measure | None:
    """Return the measure of the windows, none before the law had the rule."""
    return None if parameters().find(_RULE, on) is None else measure(on)


class Moment(NamedTuple):
    """A moment of knowledge: up to a position of the log and a time that sources stated."""

    position: int
    stated: int


class CountingCells:
    """Tells which sessions count, by the same rectangle as `rates` and `penalties`."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._found: dict[tuple[Moment, int], Cells] = {}

    def figures(self) -> Figures:
        """Return the figures of a pupil before anything is known."""
        return Figures(self._view.rules.codes, measure_on(self._view.on))

    @cached_property
    def first(self) -> date:
        """The first day that figures go by."""
        return min(self._view.first, counted_from(self._view.rules.codes))

    def cells(self, moment: Moment, pupil: int, among: Collection[int]) -> Cells:
        """Return which sessions of a pupil counted; ``among``: all who will be asked about."""
        if (moment, pupil) not in self._found:
            numbers = sorted({*among, pupil})
            for number, cells in zip(numbers, self._cells(moment, numbers), strict=True):
                self._found[moment, number] = cells
        return self._found[moment, pupil]

    def _small_school(self, moment: Moment, pupils: list[int]) -> View:
        """Return what was known of some pupils alone, numbered from 0, without any mark."""
        position, stated = moment
        view = replace(self._view, position=position, stated=stated, kept=Kept())
        # The range is the one that the answer names, also where the school year began otherwise.
        view.first = self._view.first
        # Whether a session counts never goes by its mark.
        view.grid, view.row_count = Grid(), len(pupils)
        rows = {pupil: n for n, pupil in enumerate(pupils)}
        # A pupil has the details first recorded where none are known yet.
        view.people = {
            row: view.person(pupil) or view.first_known_person(pupil)
            for pupil, row in rows.items()
        }
        view.spells = [
            Interval(rows[each.pupil], each.starts_on, each.leaves_on)
            for each in view.standing(Spell, pupil=pupils)
        ]
        view.memberships = [
            Interval(rows[m.pupil], m.since or date.min, m.until, m.kind, m.name)
            for m in view.standing(Membership, pupil=pupils)
        ]
        return view

    def _cells(self, moment: Moment, pupils: list[int]) -> list[Cells]:
        view = self._small_school(moment, pupils)
        whole = rectangle(view, first=self.first)
        ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in view.people.items()}
        relevant = countable_cells(whole, ages)
        in_range = np.array([s.date >= view.first for s in whole.sessions], np.bool_)
        weeks = weeks_begun(school_weeks(view.calendar.school_days()), view.on)
        number = {first: n for n, first in enumerate(weeks)}
        names = [str(session) for session in whole.sessions]
        # Any number where a session lies in no school week: nothing is relevant there.
        numbers = [number.get(monday(session.date), -1) for session in whole.sessions]
        return [
            Cells(
                frozenset(names[at] for at in np.nonzero(whole.counted[row] & in_range)[0]),
                {names[at]: numbers[at] for at in np.nonzero(relevant[row])[0]},
                weeks,
            )
            for row in range(len(pupils))
        ]
