"""School days and school years: readable cases, and oracles that count day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.law.calendar import school_days_between, school_year_of

DAYS = st.dates(date(2024, 7, 1), date(2027, 10, 1))
MONDAY, TUESDAY, FRIDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 20)
NEXT_MONDAY = date(2026, 11, 23)
WEEK = [MONDAY, TUESDAY, FRIDAY, NEXT_MONDAY]


@pytest.mark.cases("calendar/school_year")
def test_the_school_year_is_that_of_the_terms(case):
    """First and last day of the school year that holds a date."""
    terms = [(first, last) for first, last in case["given"]["terms"]]
    expected = (case["expect"]["first"], case["expect"]["last"]) if case["expect"] else None
    assert school_year_of(case["given"]["on"], terms) == expected


@given(DAYS, st.lists(DAYS, min_size=1, max_size=8))
def test_a_school_year_starts_with_the_first_term_after_july(on, firsts):
    """The earliest term of an August to July, and up to the day before the next such."""
    terms = [(first, first + timedelta(days=30)) for first in firsts]
    start, last = school_year_of(on, terms)
    years = {year: min(held) for year in range(2023, 2028) if (held := _held(firsts, year))}
    fitting = [first for first in years.values() if first <= on]
    assert start == max(fitting, default=min(years.values()))
    year = min(year for year, first in years.items() if first == start)
    following = years.get(year + 1, date(year + 1, 9, 1))
    assert last == following - timedelta(days=1)


def _held(firsts, year):
    return [first for first in firsts if date(year, 8, 1) <= first <= date(year + 1, 7, 31)]


@pytest.mark.parametrize(
    ("after", "until", "count"),
    [
        (MONDAY, MONDAY, 0),
        (MONDAY, TUESDAY, 1),
        (MONDAY, FRIDAY, 2),
        (FRIDAY, NEXT_MONDAY, 1),
        (date(2026, 11, 18), date(2026, 11, 19), 0),
        (date(2026, 11, 1), date(2026, 12, 31), 4),
        (FRIDAY, MONDAY, 0),
    ],
)
def test_school_days_are_counted_after_one_day_up_to_another(after, until, count):
    """The first day is left out, the last one counts; a day without school never does."""
    assert school_days_between(WEEK, after, until) == count


@given(st.sets(DAYS), DAYS, DAYS)
def test_the_count_is_that_of_counting_one_by_one(days, after, until):
    """The same as looking at every date."""
    expected = sum(after < day <= until for day in days)
    assert school_days_between(sorted(days), after, until) == expected
