"""Persistent and severe absence: readable cases, and oracles that try session by session."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.law.absence import Share, lines, of_statistical_age, shares
from policies.law.age import birth_cohort
from tests.policies.answers import answered

COUNTS = st.tuples(st.integers(0, 400), st.integers(0, 400)).map(sorted)
SHARES = st.sampled_from([Share(1, 10), Share(1, 2), Share(3, 20), Share(2, 5)])


def test_the_lines_are_those_of_every_flag_of_absence_and_of_the_attendance_left():
    """DfE, methodology 3.2.2: 10 % and 50 % of absence; so 90 % and 50 % of attendance."""
    assert lines() == {10, 50, 90}


@pytest.mark.cases("figures/absence")
def test_absence_is_as_the_definition_says(case):
    got = answered(lambda: absence(**case["given"]))
    assert {key: got[key] for key in case["expect"]} == case["expect"]


def absence(absent, possible, on):
    both = shares(on)
    return {
        "persistent": both.persistent.reached(absent, possible),
        "severe": both.severe.reached(absent, possible),
        "until_persistent": both.persistent.sessions_until(absent, possible),
        "until_severe": both.severe.sessions_until(absent, possible),
        "to_leave": both.persistent.sessions_to_leave(absent, possible),
    }


@given(COUNTS, SHARES)
def test_a_share_is_reached_exactly_when_the_fraction_is(counts, share):
    absent, possible = counts
    exact = possible > 0 and Fraction(absent, max(possible, 1)) >= Fraction(*share)
    assert share.reached(absent, possible) == exact


@given(COUNTS, SHARES)
def test_sessions_until_are_those_of_being_absent_again_and_again(counts, share):
    absent, possible = counts
    k = 0
    while not share.reached(absent + k, possible + k):
        k += 1
    assert share.sessions_until(absent, possible) == k


@given(COUNTS, SHARES)
def test_sessions_to_leave_are_those_of_attending_again_and_again(counts, share):
    absent, possible = counts
    k = 0
    while share.reached(absent, possible + k):
        k += 1
    assert share.sessions_to_leave(absent, possible) == k


@pytest.mark.cases("figures/statistical_age")
def test_age_for_statistics_is_that_on_31_august(case):
    cohort, year = birth_cohort(case["given"]["born"]), case["given"]["school_year"]
    got = answered(lambda: {"counted": of_statistical_age(cohort, year)})
    assert got == case["expect"]


def test_both_shares_of_today():
    both = shares(date(2026, 11, 20))
    assert (both.persistent, both.severe) == (Share(1, 10), Share(1, 2))
