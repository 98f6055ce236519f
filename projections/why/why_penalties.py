"""Why the threshold of a penalty notice is met by other pupils: one cause a pupil."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from policies.law import penalties as threshold
from policies.law.school_weeks import school_weeks
from projections.penalties.penalties_register import age_of, begun, countable, held, relevant
from projections.queries.counted import Counted
from projections.queries.rectangle import Flags as Cells
from projections.why.causes import ENTERING, LEAVING, Causes, Finder
from projections.why.flips import Flip, flips
from projections.why.stages import Stage


class Standing(NamedTuple):
    """What a pupil adds to the counts of an answer on the threshold.

    ``met``: some window so far is full; ``met_in_latest_window``: the latest is;
    ``relevant_entries``: those in the latest.
    """

    met: int = 0
    met_in_latest_window: int = 0
    relevant_entries: int = 0


def standings(finder: Finder) -> list[dict[int, Standing]]:
    """Return how every pupil with a relevant entry stands, stage by stage."""
    stages = zip(finder.way.stages, finder.cells.counted, strict=True)
    return [_at(stage, here) for stage, here in stages]


def _relevant(stage: Stage, here: Counted) -> Cells:
    whole, people = here.counter.whole, stage.view.people.items()
    # Details may be known before anything else of a pupil is: of whom no session counts yet.
    known = ((n, p) for n, p in people if n < len(whole.codes))
    ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in known}
    return relevant(whole, stage.view.rules.codes, countable(whole, ages))


def _at(stage: Stage, here: Counted) -> dict[int, Standing]:
    cells = _relevant(stage, here)
    measure = threshold.measure(stage.rules_on)
    weeks = begun(school_weeks(stage.view.calendar.school_days()), stage.last)
    latest, fullest = held(cells, here.counter.whole.sessions, weeks, measure)
    return {
        int(n): Standing(
            int(fullest[n] >= measure.sessions),
            int(latest[n] >= measure.sessions),
            int(latest[n]),
        )
        for n in np.nonzero((cells & here.chosen).any(axis=1))[0]
    }


def moved(finder: Finder, causes: Causes, found: list[dict[int, Standing]]) -> list[Flip]:
    """Return a flip for each pupil who stands otherwise.

    Between two dates the marks of every relevant entry are among the events, since a window that
    moves on takes up some and leaves others behind.
    """
    flipped = flips(finder, causes, found, Standing())
    if not finder.way.of_dates:
        return flipped
    marks = finder.relevant_marks(_relevant(finder.way.stages[-1], finder.cells.counted[-1]))
    return [
        replace(flip, kind=_kind(flip), events=flip.events | marks.get(flip.pupil, set()))
        for flip in flipped
    ]


def _kind(flip: Flip) -> str:
    before, after = Standing(*flip.before), Standing(*flip.after)
    fewer = after.relevant_entries < before.relevant_entries
    return LEAVING if flip.kind == ENTERING and fewer else flip.kind
