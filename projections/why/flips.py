"""Why a flag of persistent or severe absence flipped: one cause a pupil, with all its events."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from policies.law.absence import Shares, shares
from projections.queries.enrolments import Population, statistical
from projections.queries.tally import COUNTED
from projections.why.causes import BIRTH_DATE, BOARDING, KINDS, LEAVING, RULE, Causes, Finder
from projections.why.cells import Cause
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


def flags(finder: Finder, population: Population) -> list[dict[int, Flags]]:
    """Return the flags of every enrolment, stage by stage."""
    return [
        _at(finder, number, stage, population) for number, stage in enumerate(finder.way.stages)
    ]


def _at(finder: Finder, number: int, stage: Stage, population: Population) -> dict[int, Flags]:
    limits = shares(stage.rules_on)
    held = None if population == "roll" else statistical(stage.view, stage.boarders)
    possible, absent = finder.cells.absence(number)
    return {
        pupil: _flags(int(absent[pupil]), int(possible[pupil]), limits)
        for pupil in map(int, possible.nonzero()[0])
        if held is None or pupil in held
    }


def _flags(absent: int, possible: int, limits: Shares) -> Flags:
    counts = (absent, possible)
    return Flags(1, int(limits.persistent.reached(*counts)), int(limits.severe.reached(*counts)))


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
            events = more[pupil].union(*(cause.events for cause in own[pupil].values()))
            kind = _kind(finder, own[pupil], last, pupil)
            flipped.append(Flip(pupil, kind, by_stage[0], by_stage[-1], frozenset(events)))
    return flipped


def _events(finder: Finder) -> defaultdict[int, set[int]]:
    """Return the events of each pupil in between, with or without effect on a count."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    if finder.way.of_dates:
        return found
    for (pupil, _), versions in finder.marks.items():
        found[pupil] |= {version.position for version in versions}
    for table in ("details", "roll", "memberships"):
        for pupil, positions in finder.between.by_pupil(table).items():
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
