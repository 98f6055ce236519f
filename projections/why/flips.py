"""Why a flag of absence flipped: the cause that decided it, and the share of every other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ledger.values import Session
from policies.law.absence import shares
from projections.queries.selection import Population, pupils_in_statistics
from projections.queries.tally import COUNTED
from projections.why.causes import (
    BIRTH_DATE,
    BOARDING,
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
    """A pupil whose flags differ between the two ends of a way; ``effect``: by how much.

    ``possible`` and ``absent``: by how many sessions one cause of it moved them.
    """

    pupil: int
    kind: str
    effect: tuple[int, ...]
    events: frozenset[int]
    sessions: frozenset[Session]
    changes: tuple[MarkChange, ...]
    possible: int = 0
    absent: int = 0


def flags(finder: Finder, population: Population) -> list[dict[int, Flags]]:
    """Return the flags of every enrolment, stage by stage."""

    def at(number: int, stage: Stage) -> dict[int, Flags]:
        held = None if population == "roll" else pupils_in_statistics(stage.view, stage.boarders)
        limits, (possible, absent) = shares(stage.rules_on), finder.cells.absence(number)
        found = possible.nonzero()[0]
        counts = zip(found.tolist(), absent[found].tolist(), possible[found].tolist(), strict=True)
        return {
            pupil: Flags(1, limits.persistent.reached(*each), limits.severe.reached(*each))
            for pupil, *each in counts
            if held is None or pupil in held
        }

    return finder.way.of_each(at)


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
                kind_at(finder, own[pupil], last, pupil),
                less(by_stage[-1], by_stage[0]),
                frozenset(more[pupil].union(*(cause.events for cause in every))),
                frozenset().union(*(cause.sessions for cause in every)),
                tuple(change for cause in every for change in cause.changes),
            )
            flipped.append(flip)
    return flipped


def by_cause(flipped: Iterable[Flip], causes: Causes) -> Iterator[Flip]:
    """Yield each flip in parts, one a kind of cause: the one that decided has its effect.

    What moved no session, a rule or a corrected birth date, may have decided; then the others
    are beside it.
    """
    own: defaultdict[int, defaultdict[str, Cause]] = defaultdict(lambda: defaultdict(Cause))
    for (_, kind, pupil), cause in causes.items():
        own[pupil][kind].join(cause)
    for flip in flipped:
        kinds = {kind: each for kind, each in own[flip.pupil].items() if any(_share(each))}
        others = flip.events.difference(*(c.events for k, c in kinds.items() if k != flip.kind))
        for kind in dict.fromkeys((flip.kind, *kinds)):
            cause, decided = kinds.get(kind, Cause()), kind == flip.kind
            yield replace(
                flip,
                kind=kind,
                effect=flip.effect if decided else (0,) * len(flip.effect),
                events=frozenset(others or flip.events if decided else cause.events),
                sessions=frozenset(cause.sessions) if kind in kinds else flip.sessions,
                changes=tuple(cause.changes) if kind in kinds else flip.changes,
                absent=_share(cause)[0],
                possible=_share(cause)[1],
            )


def _share(cause: Cause) -> tuple[int, int]:
    """Return by how much a cause moved absent and possible sessions."""
    effect = dict(zip(COUNTED, map(int, cause.effect), strict=True))
    return effect["authorised"] + effect["unauthorised"], effect["possible"]


def less(after: Iterable[int], before: Iterable[int]) -> tuple[int, ...]:
    """Return some counts less others, each by each."""
    return tuple(int(a) - int(b) for a, b in zip(after, before, strict=True))


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


def kind_at(finder: Finder, own: Causes, last: int, pupil: int) -> str:
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
    absent, possible = _share(cause)
    return abs(absent), abs(possible)
