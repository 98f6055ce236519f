"""The statistics of `audit weeks`, against sums and definitions written out."""

import math
import random

import pytest

from projections.audit import weeks_model as model
from projections.audit.weeks_model import departures, discoveries, tail


def probability(k, mean, spread):
    """Of exactly ``k``: negative binomial."""
    size = 1 / spread
    ways = math.lgamma(k + size) - math.lgamma(size) - math.lgamma(k + 1)
    return math.exp(
        ways + size * math.log(size / (size + mean)) + k * math.log(mean / (size + mean))
    )


def summed(count, mean, spread):
    """The probability of ``count`` or more, added up from that of each smaller number."""
    return 1 - math.fsum(probability(k, mean, spread) for k in range(count))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 20, 100])
@pytest.mark.parametrize("mean", [0.02, 1.0, 7.5, 80.0])
@pytest.mark.parametrize("spread", [0.01, 0.2, 3.0])
def test_the_tail_is_the_sum_of_its_terms(count, mean, spread):
    """To twelve places, on both sides of the mean."""
    assert tail(count, mean, spread) == pytest.approx(summed(count, mean, spread), abs=1e-11)


def test_the_tail_keeps_its_precision_where_a_sum_from_below_loses_it():
    """Twenty where half of one is expected: the terms from twenty on, added up."""
    terms = (probability(k, 0.5, 0.2) for k in range(20, 400))
    assert tail(20, 0.5, 0.2) == pytest.approx(math.fsum(terms), rel=1e-9)


def test_the_tail_falls_with_the_count_and_rises_with_mean_and_spread():
    """As a tail does above the mean."""
    assert tail(30, 10, 0.1) < tail(20, 10, 0.1) < tail(20, 12, 0.1) < tail(20, 12, 0.3)


def naive(tails, rate):
    """Benjamini and Hochberg as published: all up to the last p(i) <= i / m x rate."""
    ordered = sorted(tails)
    least = [p for i, p in enumerate(ordered, 1) if p <= rate * i / len(tails)]
    return [bool(least) and p <= least[-1] for p in tails]


@pytest.mark.parametrize("seed", range(20))
def test_discoveries_are_those_of_the_published_procedure(seed):
    """At several rates."""
    draw = random.Random(seed)  # noqa: S311 - makes numbers up
    tails = [draw.random() ** draw.choice((1, 6)) for _ in range(draw.randint(1, 60))]
    for rate in (0.01, 0.05, 0.2):
        assert [q <= rate for q in discoveries(tails)] == naive(tails, rate)


PLACES = ["first", *["middle"] * 5, "last"] * 6


def counts(seed):
    """Six half terms of seven weeks, twice as many changes in first weeks."""
    draw = random.Random(seed)  # noqa: S311 - makes numbers up
    means = [20 if place == "first" else 10 for place in PLACES]
    return [sum(draw.random() < mean / 200 for _ in range(200)) for mean in means]


def test_a_week_that_stands_out_has_the_smallest_tail():
    """And is expected at what the others make of it."""
    told = counts(1)
    told[17] = 45
    found = departures(told, [300] * 42, PLACES)
    least = min(found, key=lambda each: each.p)
    assert found.index(least) == 17
    assert least.p < 1e-5
    assert 8 < least.expected < 12


def test_first_weeks_are_compared_with_first_weeks():
    """Twice as many after every holiday is the school's own pattern."""
    found = departures(counts(2), [300] * 42, PLACES)
    firsts = [each for each, place in zip(found, PLACES, strict=True) if place == "first"]
    others = [each for each, place in zip(found, PLACES, strict=True) if place != "first"]
    assert min(each.expected for each in firsts) > max(each.expected for each in others)
    assert min(each.p for each in found) > 0.001


def test_a_campaign_of_many_weeks_does_not_hide_behind_itself():
    """A third of the weeks with forty more: each of them before every honest one."""
    told = counts(3)
    planted = set(range(0, 42, 3))
    told = [c + 40 if n in planted else c for n, c in enumerate(told)]
    found = departures(told, [300] * 42, PLACES)
    order = sorted(range(42), key=lambda n: found[n].p)
    assert set(order[:14]) == planted


def test_a_school_without_any_change_has_no_departure():
    """Nothing is expected, nothing is unusual; also where nobody was absent."""
    for absent in (300, 0):
        assert {each.p for each in departures([0] * 12, [absent] * 12, ["middle"] * 12)} == {1.0}


def test_one_change_where_there_never_was_one_is_no_sensation():
    """A single one among twelve weeks is about as likely as one in twelve."""
    found = departures([0] * 11 + [1], [300] * 12, ["middle"] * 12)
    assert 0.02 < found[11].p < 0.2


def test_the_same_counts_give_the_same_answer():
    """To the last digit."""
    assert departures(counts(4), [300] * 42, PLACES) == departures(counts(4), [300] * 42, PLACES)


def test_a_tail_that_cannot_be_found_is_no_number(monkeypatch):
    """It fails loudly instead of being a little wrong."""
    monkeypatch.setattr(model, "_ITERATIONS", 2)
    with pytest.raises(ArithmeticError):
        tail(20, 10, 0.2)


def test_looking_again_ends(monkeypatch):
    """However long the pattern would go on changing; each look takes more weeks in."""
    told, tails = counts(5), []
    for rounds in (0, 1, 8):
        monkeypatch.setattr(model, "_ROUNDS", rounds)
        tails.append(sum(each.p < 0.05 for each in departures(told, [300] * 42, PLACES)))
    assert tails[0] > tails[2]
