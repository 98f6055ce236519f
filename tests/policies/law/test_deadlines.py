"""Deadlines and retention: readable cases, and oracles that walk the calendar."""

from calendar import isleap
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused
from policies.law import calendar
from policies.law.notices import deemed_service

DAY = timedelta(days=1)
TERMS = [(date(2026, 9, 2), date(2026, 10, 23)), (date(2026, 11, 2), date(2026, 12, 18))]
INSET = date(2026, 11, 27)
DAYS = st.dates(date(2024, 1, 1), date(2027, 10, 1))
LAST_DAY = {
    "provisional": lambda session: calendar.provisional_deadline(school(), session),
    "new pupil": calendar.new_pupil_deadline,
    "period": calendar.last_day,
    "may go": calendar.may_go,
    "three years ending": lambda on: calendar.years_earlier(on, 3),
}


def school():
    days = [first + n * DAY for first, last in TERMS for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5 and day != INSET]


@pytest.mark.cases("calendar/deadlines")
def test_a_deadline_is_as_the_law_says(case):
    """The last day, unknown, or refused."""
    given = dict(case["given"])
    ask = LAST_DAY[given.pop("what")]
    if "refused" in case["expect"]:
        with pytest.raises(Refused) as caught:
            ask(**given)
        assert caught.value.code == case["expect"]["refused"]
    else:
        assert (ask(**given) or "unknown") == case["expect"]["last"]


@pytest.mark.cases("calendar/working_days")
def test_post_is_served_on_the_second_working_day(case):
    """Weekends and bank holidays do not count; a year not known is refused."""
    posted = case["given"]["posted"]
    if "refused" in case["expect"]:
        with pytest.raises(Refused) as caught:
            deemed_service(posted)
        assert caught.value.code == case["expect"]["refused"]
    else:
        assert deemed_service(posted) == case["expect"]["served"]


@given(st.sets(DAYS), DAYS, st.integers(1, 10))
def test_the_nth_school_day_is_that_of_counting_one_by_one(days, after, number):
    """The same as ticking off later dates."""
    later = sorted(day for day in days if day > after)
    expected = later[number - 1] if len(later) >= number else None
    assert calendar.nth_school_day(sorted(days), after, number) == expected


@given(st.dates(date(2000, 1, 1), date(2090, 12, 31)), st.integers(1, 12))
def test_years_end_where_the_next_begin(day, years):
    """A period of years that begins with a day is undone by one that ends the day before."""
    after = calendar.years_later(day, years)
    same = (after.month, after.day) == (day.month, day.day)
    leap = (day.month, day.day) == (2, 29) and not isleap(day.year + years)
    assert same != leap
    assert after.year == day.year + years
    if leap:
        assert after == date(day.year + years, 3, 1)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 12, 24), True),
        (date(2026, 12, 25), False),
        (date(2026, 12, 26), False),
        (date(2026, 12, 27), False),
        (date(2026, 12, 28), False),
        (date(2026, 12, 29), True),
    ],
)
def test_a_working_day_is_no_weekend_and_no_bank_holiday(day, working):
    """Christmas 2026, with Boxing Day on a Saturday and its substitute on Monday."""
    assert calendar.is_working_day(day) is working
