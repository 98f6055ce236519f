"""The weeks of a school in one list, by how far each departs from the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from projections.audit.weeks_counts import KINDS, Kind, Week
from projections.audit.weeks_model import FEWEST, Departure, Q, departures, discoveries


@dataclass(frozen=True, slots=True)
class Ranked:
    """A week in the ranking: the kind in which it departs most, how far, and each kind's part.

    ``p``: the least of the kinds' times their number (Bonferroni); ``q``: the share of false
    discoveries at which it would be flagged (Benjamini and Hochberg, over the weeks).
    """

    week: Week
    kind: Kind
    p: float
    q: float
    kinds: Mapping[Kind, Departure]

    @property
    def flagged(self) -> bool:
        """Whether it is unusual enough to be named by itself."""
        return self.q <= Q

    @property
    def expected(self) -> float:
        """The changes to be expected of the kind."""
        return self.kinds[self.kind].expected


def ranked(weeks: Sequence[Week]) -> list[Ranked]:
    """Return the weeks, the most unusual first; none where there are fewer than `FEWEST`."""
    if len(weeks) < FEWEST:
        return []
    places = [week.place for week in weeks]
    told = {
        kind: departures(
            [week.changed[kind] for week in weeks], [week.absent[kind] for week in weeks], places
        )
        for kind in KINDS
    }
    most = [min(KINDS, key=lambda kind: told[kind][n].p) for n in range(len(weeks))]
    tails = [min(1.0, len(KINDS) * told[kind][n].p) for n, kind in enumerate(most)]
    found = [
        Ranked(week, most[n], tails[n], q, {kind: told[kind][n] for kind in KINDS})
        for n, (week, q) in enumerate(zip(weeks, discoveries(tails), strict=True))
    ]
    return sorted(found, key=lambda each: (each.kinds[each.kind].p, each.week.monday))
