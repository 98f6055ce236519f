"""Compulsory school age: readable cases, and an oracle that walks the calendar day by day."""

from calendar import FRIDAY, monthcalendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.law.age import age_on_31_august, begins, birth_cohort, ends, is_compulsory
from tests.policies.answers import answered

BIRTHS = st.dates(date(1993, 8, 1), date(2040, 12, 31))
PRESCRIBED = {(8, 31), (12, 31), (3, 31)}
DAY = timedelta(days=1)


@pytest.mark.cases("roll/compulsory_school_age")
def test_age_is_as_the_law_says(case):
    got = answered(lambda: answers(**case["given"]))
    assert {key: got[key] for key in case["expect"]} == case["expect"]


def answers(born=None, cohort=None, on=None, school_year=None):
    found = {"cohort": birth_cohort(born) if born else cohort}
    found["ends"] = ends(found["cohort"])
    if born:
        found["begins"] = begins(born)
    if on:
        found["compulsory"] = is_compulsory(on, found["begins"], found["cohort"])
    if school_year:
        found["age"] = age_on_31_august(found["cohort"], school_year)
    return found


@given(BIRTHS)
def test_it_begins_on_the_first_prescribed_day_from_the_fifth_birthday(born):
    leap_day = (born.month, born.day) == (2, 29)
    day = date(born.year + 5, 3, 1) if leap_day else born.replace(year=born.year + 5)
    while (day.month, day.day) not in PRESCRIBED:
        day += DAY
    assert begins(born) == day


@given(BIRTHS)
def test_it_ends_on_the_last_friday_of_june_of_the_year_of_the_sixteenth_birthday(born):
    """The school year runs from September; the last Friday is read off a calendar."""
    year_of_16 = born.year + 16 + (born.month >= 9)
    fridays = [week[FRIDAY] for week in monthcalendar(year_of_16, 6) if week[FRIDAY]]
    assert ends(birth_cohort(born)) == date(year_of_16, 6, fridays[-1])


@given(BIRTHS, st.integers(2000, 2050))
def test_age_on_31_august_is_that_of_every_child_of_the_cohort(born, school_year):
    age = school_year - born.year - ((born.month, born.day) > (8, 31))
    assert age_on_31_august(birth_cohort(born), school_year) == age
