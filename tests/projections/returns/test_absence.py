"""School days on end, against an oracle that tries every stretch of days."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.values import Session
from projections.queries.rectangle import Rectangle
from projections.returns.absence import days_of, long_runs, runs
from projections.returns.past_returns import PastReturn, PastReturns

MONDAY = date(2026, 11, 2)
DAY = timedelta(days=1)
# What a session may be: absent as counted, present, without a mark, not met, off roll.
SORTS = st.sampled_from("AAAAAAPxcr")
registers = st.lists(st.tuples(SORTS, SORTS), max_size=24)


def register(days):
    """A register of one pupil: two sessions a day, each of one sort."""
    sessions = [Session(MONDAY + n * DAY, half) for n in range(len(days)) for half in ("AM", "PM")]
    cells = np.array([[cell for day in days for cell in day]], "U1").reshape(1, len(sessions))
    none = np.zeros(cells.shape, np.bool_)
    whole = Rectangle(
        sessions,
        ["", "O"],
        (cells == "A").astype(np.uint8),
        none,
        cells != "r",
        cells != "c",
        none,
    )
    return whole, cells == "A"


def longest(days):
    """Every stretch of days of which each counts or is passed over; the longest ones' days."""

    def counts(day):
        met = [cell for cell in day if cell not in "cr"]
        return bool(met) and set(met) == {"A"}

    def passed_over(day):
        return "c" in day and set(day) <= {"c", "r"}

    found = set()
    for first in range(len(days)):
        for last in range(first, len(days)):
            stretch = range(first, last + 1)
            if all(counts(days[n]) or passed_over(days[n]) for n in stretch):
                found.add(tuple(n for n in stretch if counts(days[n])))
    return {a for a in found if a and not any(set(a) < set(b) for b in found)}


@settings(max_examples=150, deadline=None)
@given(registers)
def test_runs_agree_with_trying_every_stretch(days):
    """No longer stretch, none missing, in order and apart."""
    whole, absent = register(days)
    held = days_of(whole, absent)
    found = runs(held, 0, held.every)
    assert {tuple((day - MONDAY).days for day in run) for run in found} == longest(days)
    assert all(a[-1] < b[0] for a, b in pairwise(found))


@settings(max_examples=150, deadline=None)
@given(registers, st.integers(1, 12), st.none() | st.integers(-1, 24))
def test_what_has_been_told_of_agrees_with_asking_every_day(days, needed, returned):
    """Listed: long enough only since the return, or long enough again since."""
    whole, absent = register(days)
    made = () if returned is None else (PastReturn(MONDAY + returned * DAY, frozenset()),)
    told = PastReturns(MONDAY, made)
    expected = {
        stretch
        for stretch in longest(days)
        if len(stretch) >= needed
        and (
            returned is None
            or sum(n <= returned for n in stretch) < needed
            or sum(n > returned for n in stretch) >= needed
        )
    }
    found = long_runs(days_of(whole, absent), 0, needed, told)
    assert {tuple((day - MONDAY).days for day in run) for run in found} == expected
