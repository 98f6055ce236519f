"""How far each week departs from a school's own pattern: an exact tail, and false discoveries.

The model is in WEEKS.md of this package. Nothing here knows what is counted: a count ``c`` of an
exposure ``n`` for each week, and the place of the week in its half term.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FEWEST = 6
"""Weeks below which a school has no pattern of its own to depart from."""
Q = 0.05
"""The share of false discoveries that is accepted among the weeks flagged."""
_SPREADS = np.geomspace(0.01, 3.0, 12)
_SET_ASIDE = 0.0001
_ROUNDS = 8
_SHRINK = 2
_TINY = 1e-300
_ENOUGH = 1e-14
_ITERATIONS = 5000


@dataclass(frozen=True, slots=True)
class Departure:
    """A week against the others: what was to be expected, and how likely as many or more are."""

    expected: float
    p: float


def departures(
    counts: Sequence[int], exposed: Sequence[int], places: Sequence[Hashable]
) -> list[Departure]:
    """Return for each week how far its count departs from what the other weeks make likely.

    The pattern is learnt from the half of the weeks with the lower rates first, then from all
    that do not depart from it strongly (p below 1 in 10,000), again and again until they stay the
    same: so a campaign of many weeks does not hide behind itself.
    """
    c, n = np.array(counts, np.int64), np.maximum(np.array(exposed, np.float64), 0.5)
    kinds = {place: at for at, place in enumerate(dict.fromkeys(places))}
    place = np.array([kinds[each] for each in places], np.int64)
    rates = (c + 0.5) / (n + 1)
    low = kept = np.asarray(rates <= np.median(rates))
    found = _judge(c, n, place, kept)
    for _ in range(_ROUNDS):
        tails = np.array([each.p for each in found])
        again = low | (tails >= _SET_ASIDE)
        if (again == kept).all():
            break
        kept = again
        found = _judge(c, n, place, kept)
    return found


def _judge(c: Ints, n: Floats, place: Ints, kept: Flags) -> list[Departure]:
    """Judge each week by the kept ones without itself."""
    likely = _likelihoods(c, _pattern(c, n, place, kept).means, kept)
    every = likely.sum(axis=0)
    found = []
    for at in range(len(c)):
        others = kept.copy()
        others[at] = False
        pattern = _pattern(c, n, place, others)
        mean = float(pattern.means[at])
        unsure = pattern.unsure(int(place[at]))
        tails = [tail(int(c[at]), mean, float(v)) for v in _SPREADS + unsure]
        weights = _weights(every - likely[at])
        found.append(Departure(mean, float(min(1.0, weights @ np.array(tails)))))
    return found


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What some weeks say of every week: the means, and how little they are sure of them.

    ``total`` and ``weeks``: changes and weeks seen; ``seen`` and ``seen_weeks``: by place, with
    what two average weeks would add.
    """

    means: Floats
    total: float
    weeks: int
    seen: Floats
    seen_weeks: Floats

    def unsure(self, place: int) -> Floats:
        """Return, for each spread, the squared relative error of the mean of a place."""
        of_rate = 1 / self.total + _SPREADS / self.weeks
        of_place = 1 / self.seen[place] + _SPREADS / self.seen_weeks[place]
        return np.asarray(of_rate + of_place, np.float64)


def _pattern(c: Ints, n: Floats, place: Ints, others: Flags) -> _Pattern:
    total, weeks = float(c[others].sum()) + 0.5, int(others.sum())
    usual = total / float(n[others].sum()) * n
    number = int(place.max()) + 1
    two_weeks = max(1.0, _SHRINK * total / weeks)
    seen, usually, held = (
        np.asarray(np.bincount(place[others], each[others], number), np.float64)
        for each in (c, usual, np.ones(len(c)))
    )
    seen, usually, held = seen + two_weeks, usually + two_weeks, held + _SHRINK
    return _Pattern(usual * (seen / usually)[place], total, weeks, seen, held)


def _likelihoods(c: Ints, means: Floats, kept: Flags) -> Floats:
    """Return the log-likelihood of each kept week under each spread; [weeks, spreads]."""
    found = np.zeros((len(c), len(_SPREADS)))
    for at in np.nonzero(kept)[0]:
        for g, spread in enumerate(_SPREADS):
            found[at, g] = _log_probability(int(c[at]), float(means[at]), float(spread))
    return found


def _weights(likely: Floats) -> Floats:
    """Return the weight of each spread: likelihoods, the spreads equally likely beforehand."""
    weights = np.exp(likely - likely.max())
    return np.asarray(weights / weights.sum(), np.float64)


def _log_probability(count: int, mean: float, spread: float) -> float:
    """Return the logarithm of the negative binomial probability of a count."""
    size = 1 / spread
    ways = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
    return ways + size * math.log(size / (size + mean)) + count * math.log(mean / (size + mean))


def tail(count: int, mean: float, spread: float) -> float:
    """Return the probability of ``count`` or more: negative binomial, variance m + spread m^2.

    Exact to rounding: the regularised incomplete beta function I_x(count, 1 / spread) at
    x = m / (m + 1 / spread).
    """
    if count == 0:
        return 1.0
    size = 1 / spread
    x = mean / (mean + size)
    if x < (count + 1) / (count + size + 2):
        return _beta(float(count), size, x)
    return 1.0 - _beta(size, float(count), 1 - x)


def _beta(a: float, b: float, x: float) -> float:
    """Return I_x(a, b) for x below (a + 1) / (a + b + 2), by its continued fraction (Lentz).

    Abramowitz and Stegun 26.5.8; it converges there within some square root of a + b steps.
    """
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front += a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, _inverse(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _ITERATIONS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = _inverse(1 + term * d), 1 + term / c
            fraction *= d * c
        if abs(d * c - 1) < _ENOUGH:
            return math.exp(front) * fraction / a
    message = f"no tail for {a}, {b}, {x}"
    raise ArithmeticError(message)


def _inverse(value: float) -> float:
    return 1 / (value if abs(value) > _TINY else _TINY)


def discoveries(tails: Sequence[float]) -> list[float]:
    """Return for each p the smallest share of false discoveries at which it would be flagged.

    Benjamini and Hochberg (1995): the least p(j) x m / j over all p(j) as large or larger.
    """
    number = len(tails)
    found, least = [1.0] * number, 1.0
    for rank, at in reversed(list(enumerate(sorted(range(number), key=tails.__getitem__), 1))):
        least = min(least, tails[at] * number / rank)
        found[at] = least
    return found
