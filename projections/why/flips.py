"""Why a flag of absence or the threshold of a notice flipped: one cause a pupil, every event."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ledger.values import Session
from policies.law import penalties
from policies.law.absence import shares
from policies.law.calendar import school_weeks
from projections.penalties.case import (
    age_of,
    countable_cells,
    relevant_cells,
    weeks_begun,
    window_counts,
)
from projections.queries.rectangle import Flags as Cells
from projections.queries.selection import CountedCells, Population, pupils_in_statistics
from projections.queries.tally import COUNTED
from projections.why.causes import (
    BIRTH_DATE,
    BOARDING,
    ENTERING,
    KINDS,
    LEAVING,
    RULE,
    Causes,
    Finder,
)
from projections.why.cells import Cause, MarkChange
from projections.why.stages import Stage


class Flags(NamedTuple):
    """What a pupil adds to the counts of an answer on persistent absence."""

    enrolments: int = 0
    persistent: int = 0
    severe: int = 0


ByPupil = Mapping[int, tuple[int, ...]]
"""What each pupil adds to each count of an answer."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A pupil whose flags differ between the two ends of a way."""

    pupil: int
    kind: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    events: frozenset[int]
    sessions: frozenset[Session]
    changes: tuple[MarkChange, ...]


def flags(finder: Finder, population: Population) -> list[dict[int, Flags]]:
    """Return the flags of every enrolment, stage by stage."""
    found = []
    for number, stage in enumerate(finder.way.stages):
        held = None if population == "roll" else pupils_in_statistics(stage.view, stage.boarders)
        limits, (possible, absent) = shares(stage.rules_on), finder.cells.absence(number)
        counts = {int(n): (int(absent[n]), int(possible[n])) for n in possible.nonzero()[0]}
        found.append(
            {
                pupil: Flags(1, limits.persistent.reached(*each), limits.severe.reached(*each))
                for pupil, each in counts.items()
                if held is None or pupil in held
            }
        )
    return found


def flips(
    finder: Finder, causes: Causes, found: Sequence[ByPupil], nothing: tuple[int, ...]
) -> list[Flip]:
    """Return a flip for each pupil whose flags differ, with the kind that decided it.

    ``found``: the flags stage by stage; ``nothing``: those of a pupil who has none.
    """
    own: defaultdict[int, Causes] = defaultdict(dict)
    for key, cause in causes.items():
        own[key[2]][key] = cause
    more = _events(finder)
    flipped = []
    for pupil in sorted(found[0].keys() | found[-1].keys()):
        by_stage = [each.get(pupil, nothing) for each in found]
        if by_stage[0] != by_stage[-1]:
            last = max(n for n in range(1, len(by_stage)) if by_stage[n] != by_stage[n - 1])
            every = own[pupil].values()
            flip = Flip(
                pupil,
                _kind(finder, own[pupil], last, pupil),
                by_stage[0],
                by_stage[-1],
                frozenset(more[pupil].union(*(cause.events for cause in every))),
                frozenset().union(*(cause.sessions for cause in every)),
                tuple(change for cause in every for change in cause.changes),
            )
            flipped.append(flip)
    return flipped


def _events(finder: Finder) -> defaultdict[int, set[int]]:
    """Return the events of each pupil in between, with or without effect on a count."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    if finder.way.of_dates:
        return found
    for (pupil, _), versions in finder.marks.items():
        found[pupil] |= {version.kf for version in versions}
    for by_pupil in finder.changed.values():
        for pupil, positions in by_pupil.items():
            found[pupil] |= positions
    return found


def _kind(finder: Finder, own: Causes, last: int, pupil: int) -> str:
    """Return the kind of cause at the stage that gave the flags what they are at the end."""
    stage, before = finder.way.stages[last], finder.way.stages[last - 1]
    if stage.facts == "rule":
        return RULE
    if stage.facts == "details":
        boards = (pupil in before.boarders, pupil in stage.boarders)
        return BOARDING if boards[0] != boards[1] else BIRTH_DATE
    weights = {
        kind: (*_weight(cause), -KINDS.index(kind))
        for (number, kind, _), cause in own.items()
        if number == last
    }
    # Nothing moved, but another school year counts: its sessions left the window.
    return max(weights, key=lambda kind: weights[kind], default=LEAVING)


def _weight(cause: Cause) -> tuple[int, int]:
    """Return how much a cause weighs on a flag: by absence, then by possible sessions."""
    effect = dict(zip(COUNTED, map(int, cause.effect), strict=True))
    return abs(effect["authorised"] + effect["unauthorised"]), abs(effect["possible"])


# -- the threshold of a penalty notice -----------------------------------------------------


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
    return list(map(_threshold_at, finder.way.stages, finder.cells.counted))


def _relevant(stage: Stage, here: CountedCells) -> Cells:
    whole, people = here.counter.whole, stage.view.people.items()
    # Details may be known before anything else of a pupil is: of whom no session counts yet.
    known = ((n, p) for n, p in people if n < len(whole.codes))
    ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in known}
    return relevant_cells(whole, stage.view.rules.codes, countable_cells(whole, ages))


def _threshold_at(stage: Stage, here: CountedCells) -> dict[int, ThresholdCount]:
    cells = _relevant(stage, here)
    measure = penalties.measure(stage.rules_on)
    weeks = weeks_begun(school_weeks(stage.view.calendar.school_days()), stage.last)
    latest, fullest = window_counts(cells, here.counter.whole.sessions, weeks, measure)
    return {
        int(n): ThresholdCount(
            int(fullest[n] >= measure.sessions),
            int(latest[n] >= measure.sessions),
            int(latest[n]),
        )
        for n in np.nonzero((cells & here.chosen).any(axis=1))[0]
    }


def threshold_flips(
    finder: Finder, causes: Causes, found: list[dict[int, ThresholdCount]]
) -> list[Flip]:
    """Return a flip for each pupil who stands otherwise.

    Between two dates the marks of every relevant entry are among the events, since a window that
    moves on takes up some and leaves others behind.
    """
    flipped = flips(finder, causes, found, ThresholdCount())
    if not finder.way.of_dates:
        return flipped
    marks = finder.relevant_marks(_relevant(finder.way.stages[-1], finder.cells.counted[-1]))
    return [
        replace(
            flip, kind=_threshold_kind(flip), events=flip.events | marks.get(flip.pupil, set())
        )
        for flip in flipped
    ]


def _threshold_kind(flip: Flip) -> str:
    before, after = ThresholdCount(*flip.before), ThresholdCount(*flip.after)
    fewer = after.relevant_entries < before.relevant_entries
    return LEAVING if flip.kind == ENTERING and fewer else flip.kind
