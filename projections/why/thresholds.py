"""Why the threshold of a notice flipped: one cause a pupil and kind of event."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from policies.law import penalties
from policies.law.calendar import school_weeks
from projections.penalties.case import (
    age_of,
    countable_cells,
    relevant_cells,
    weeks_begun,
    window_counts,
)
from projections.queries.rectangle import Flags as Cells
from projections.queries.selection import CountedCells
from projections.readmodel.accessors.changes import NewMark
from projections.why.causes import ENTERING, LEAVING, MARKS, Causes, Finder
from projections.why.cells import Cause
from projections.why.flips import Flip, flips, kind_at, less
from projections.why.stages import Stage


class ThresholdCount(NamedTuple):
    """What a pupil adds to the counts of an answer on the threshold.

    ``met``: some window so far is full; ``met_in_latest_window``: the latest is;
    ``relevant_entries``: those in the latest.
    """

    met: int = 0
    met_in_latest_window: int = 0
    relevant_entries: int = 0


def threshold_counts(finder: Finder) -> list[dict[int, ThresholdCount]]:
    """Return how every pupil with a relevant entry stands, stage by stage."""
    counted = finder.cells.counted
    return finder.way.of_each(lambda number, stage: _threshold_at(stage, counted[number]))


def _relevant(stage: Stage, here: CountedCells) -> Cells:
    whole = here.counter.whole
    return relevant_cells(whole, stage.view.rules.codes, _countable(stage, here))


def _countable(stage: Stage, here: CountedCells) -> Cells:
    whole, people = here.counter.whole, stage.view.people.items()
    # Details may be known before anything else of a pupil is: of whom no session counts yet.
    known = ((n, p) for n, p in people if n < len(whole.codes))
    ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in known}
    return countable_cells(whole, ages)


def _threshold_at(stage: Stage, here: CountedCells) -> dict[int, ThresholdCount]:
    cells = _relevant(stage, here)
    rows = np.nonzero((cells & here.chosen).any(axis=1))[0]
    return dict(zip(map(int, rows), _measured(stage, here, cells[rows]), strict=True))


def _measured(stage: Stage, here: CountedCells, cells: Cells) -> list[ThresholdCount]:
    """Return how a pupil with such relevant cells would stand, for each row."""
    measure = penalties.measure(stage.rules_on)
    weeks = weeks_begun(school_weeks(stage.view.calendar.school_days()), stage.last)
    latest, fullest = window_counts(cells, here.counter.whole.sessions, weeks, measure)
    return [
        ThresholdCount(int(most >= measure.sessions), int(now >= measure.sessions), int(now))
        for now, most in zip(latest, fullest, strict=True)
    ]


def threshold_flips(
    finder: Finder, causes: Causes, found: list[dict[int, ThresholdCount]]
) -> list[Flip]:
    """Return a flip for each pupil who stands otherwise, and each kind of event that did it.

    Between two dates the marks of every relevant entry are among the events, since a window that
    moves on takes up some and leaves others behind.
    """
    flipped = flips(finder, causes, found, ThresholdCount())
    if not finder.way.of_dates:
        split = _ByKind(finder, causes, found)
        return [each for flip in flipped for each in split.parts(flip)]
    marks = finder.relevant_marks(_relevant(finder.way.stages[-1], finder.cells.counted[-1]))
    return [
        replace(
            flip, kind=_threshold_kind(flip), events=flip.events | marks.get(flip.pupil, set())
        )
        for flip in flipped
    ]


def _threshold_kind(flip: Flip) -> str:
    fewer = ThresholdCount(*flip.effect).relevant_entries < 0
    return LEAVING if flip.kind == ENTERING and fewer else flip.kind


_MARKS = 1
"""The stage of the marks: between two times of knowledge they differ first."""
Effect = tuple[int, ...]


class _ByKind:
    """What each kind of event did to the counts of a pupil, between two times of knowledge.

    A mark is of the kind that its own event is, so late entries and amendments of one pupil are
    two causes. Kinds without an effect are left out.
    """

    def __init__(
        self, finder: Finder, causes: Causes, found: Sequence[dict[int, ThresholdCount]]
    ) -> None:
        self._finder, self._causes, self._found = finder, causes, found
        self._stage, self._here = finder.way.stages[_MARKS], finder.cells.counted[_MARKS]

    def parts(self, flip: Flip) -> Iterator[Flip]:
        """Yield a flip in parts, one a kind; their effects add up to its own."""
        versions = self._versions[flip.pupil]
        others = flip.events - {version.kf for version in versions}
        for (number, kind), effect in self._effects(flip.pupil, versions).items():
            cause = self._causes.get((number, kind, flip.pupil), Cause())
            of_kind = {each.kf for each in versions if MARKS[each.kind] == kind}
            events = of_kind if number == _MARKS else cause.events | others
            yield replace(
                flip,
                kind=kind,
                effect=effect,
                events=frozenset(events or flip.events),
                sessions=frozenset(cause.sessions),
                changes=tuple(cause.changes),
            )

    @cached_property
    def _versions(self) -> defaultdict[int, list[NewMark]]:
        """What became known of each pupil's marks in between, in the order of the log."""
        found: defaultdict[int, list[NewMark]] = defaultdict(list)
        for (pupil, _), versions in self._finder.marks.items():
            found[pupil] += versions
        for versions in found.values():
            versions.sort(key=lambda mark: mark.kf)
        return found

    def _effects(self, pupil: int, versions: Sequence[NewMark]) -> dict[tuple[int, str], Effect]:
        """Return what each kind did at each stage, where it did anything."""
        sums: defaultdict[tuple[int, str], Effect] = defaultdict(ThresholdCount)
        own = {key: cause for key, cause in self._causes.items() if key[2] == pupil}
        for kind, effect in self._of_marks(pupil, versions):
            before = sums[_MARKS, kind]
            sums[_MARKS, kind] = tuple(map(sum, zip(before, effect, strict=True)))
        stands = [each.get(pupil, ThresholdCount()) for each in self._found]
        for number, (before, after) in enumerate(pairwise(stands[_MARKS:]), _MARKS + 1):
            if before != after:
                sums[number, kind_at(self._finder, own, number, pupil)] = less(after, before)
        return {key: effect for key, effect in sums.items() if any(effect)}

    def _of_marks(self, pupil: int, versions: Sequence[NewMark]) -> Iterator[tuple[str, Effect]]:
        """Yield what each run of marks of one kind did, one run after another."""
        if not versions or pupil >= len(self._before):
            return
        rows, kinds = [self._before[pupil]], []
        for kind, run in groupby(versions, key=lambda mark: MARKS[mark.kind]):
            rows.append(self._with(rows[-1], pupil, run))
            kinds.append(kind)
        chosen = self._here.chosen[pupil]
        counts = _measured(self._stage, self._here, np.array(rows))
        stands = [
            count if (row & chosen).any() else ThresholdCount()
            for row, count in zip(rows, counts, strict=True)
        ]
        for kind, (before, after) in zip(kinds, pairwise(stands), strict=True):
            yield kind, less(after, before)

    def _with(self, row: Cells, pupil: int, run: Iterator[NewMark]) -> Cells:
        """Return which sessions of a pupil hold a relevant entry once some marks are known."""
        found, codes = row.copy(), self._stage.view.rules.codes
        for mark in run:
            at = self._columns.get(mark.session)
            if at is not None:
                day = self._here.counter.whole.sessions[at].date
                found[at] = codes.relevant(mark.code, day) and self._may_count[pupil, at]
        return found

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {str(session): at for at, session in enumerate(self._here.counter.whole.sessions)}

    @cached_property
    def _before(self) -> Cells:
        """The relevant entries before any of the marks was known."""
        return _relevant(self._finder.way.stages[0], self._finder.cells.counted[0])

    @cached_property
    def _may_count(self) -> Cells:
        return _countable(self._stage, self._here)
