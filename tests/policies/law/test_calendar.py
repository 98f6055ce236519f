"""Claims about school days, weeks and years, deadlines, census days and when a back-up is due."""

from calendar import isleap
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.law import calendar
from policies.law.calendar import (
    backup_kept_until,
    backup_state,
    census_days,
    census_known_from,
    school_days_between,
    school_weeks,
    school_year_of,
    week_number,
    window,
)
from policies.law.notices import deemed_service
from policies.packs.values import parameters
from tests.policies.answers import answered

DAYS = st.dates(date(2024, 7, 1), date(2027, 10, 1))
MONDAY, TUESDAY, FRIDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 20)
NEXT_MONDAY = date(2026, 11, 23)
WEEK = [MONDAY, TUESDAY, FRIDAY, NEXT_MONDAY]


@pytest.mark.cases("calendar/school_year")
def test_the_school_year_is_that_of_the_terms(case):
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
    expected = sum(after < day <= until for day in days)
    assert school_days_between(sorted(days), after, until) == expected


DAYS_OF_THE_RULE = st.dates(date(2024, 8, 19), date(2025, 9, 30))


@pytest.mark.cases("calendar/school_weeks")
def test_school_weeks_are_as_the_law_says(case):
    weeks = school_weeks(case["given"]["met"])
    assert weeks == case["expect"]["weeks"]
    if "window" in case["expect"]:
        found = window(weeks, case["given"]["on"], case["given"]["weeks"])
        assert list(found) == case["expect"]["window"]


@given(st.lists(DAYS_OF_THE_RULE))
def test_a_school_week_is_seven_days_from_a_monday_with_a_session(met):
    """Reg 9A(6) word by word, for every Monday of the time."""
    mondays = [date(2024, 8, 19) + timedelta(weeks=n) for n in range(60)]
    seven = [[m + timedelta(days=n) for n in range(7)] for m in mondays]
    expected = [days[0] for days in seven if any(day in met for day in days)]
    assert school_weeks(met) == expected
    assert [week_number(expected, m + timedelta(days=6)) for m in expected] == [
        *range(len(expected))
    ]


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 30), date(2026, 12, 7)])
def test_a_day_in_no_school_week_is_an_error(day):
    """Nothing is recorded in a week without school: whoever asks has mixed up calendars."""
    with pytest.raises(ValueError, match="is in no school week"):
        week_number([date(2026, 11, 23), date(2026, 12, 14)], day)


PUBLISHED = [
    date(2022, 10, 6), date(2023, 1, 19), date(2023, 5, 18),
    date(2023, 10, 5), date(2024, 1, 18), date(2024, 5, 16),
    date(2024, 10, 3), date(2025, 1, 16), date(2025, 5, 15),
    date(2025, 10, 2), date(2026, 1, 15), date(2026, 5, 21),
]  # fmt: skip


def test_the_pattern_gives_the_days_that_were_published():
    """All of 2022/23 to 2025/26, as the source in census.toml lists them."""
    assert census_days(date(2022, 9, 1), date(2026, 8, 31)) == PUBLISHED


def test_both_ends_are_included():
    assert census_days(date(2025, 10, 2), date(2026, 1, 15)) == PUBLISHED[9:11]
    assert census_days(date(2025, 10, 3), date(2026, 1, 14)) == []


def test_days_before_the_pattern_is_known_are_not_guessed():
    assert census_known_from() == date(2022, 9, 1)
    assert census_days(date(2020, 1, 1), date(2022, 9, 30)) == []


DAY = timedelta(days=1)
TERMS = [(date(2026, 9, 2), date(2026, 10, 23)), (date(2026, 11, 2), date(2026, 12, 18))]
INSET = date(2026, 11, 27)
DAYS_OF_A_CALENDAR = st.dates(date(2024, 1, 1), date(2027, 10, 1))
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
    given = dict(case["given"])
    what = given.pop("what")
    if what == "stood":
        over = calendar.provisional_days_over(school(), given["session"], given["until"])
        assert {"over": "no number" if over is None else over} == case["expect"]
        return
    ask = LAST_DAY[what]
    assert answered(lambda: {"last": ask(**given) or "unknown"}) == case["expect"]


@pytest.mark.cases("calendar/working_days")
def test_post_is_served_on_the_second_working_day(case):
    """Weekends and bank holidays do not count; a year not known is refused."""
    got = answered(lambda: {"served": deemed_service(case["given"]["posted"])})
    assert got == case["expect"]


@pytest.mark.cases("calendar/bank_holidays")
def test_every_bank_holiday_is_as_published(case):
    """All of a year, its first day and its last: which weekdays are no working days."""
    year = case["given"]["year"]
    days = [date(year, 1, 1) + n * DAY for n in range(365 + isleap(year))]
    closed = [day for day in days if day.weekday() < 5 and not calendar.is_working_day(day)]
    assert closed == [day for day in case["expect"]["days"] if day.weekday() < 5]
    listed = parameters().value("bank_holidays.england", days[0])
    assert (list(listed.days), listed.until) == (case["expect"]["days"], days[-1])


@given(st.sets(DAYS_OF_A_CALENDAR), DAYS_OF_A_CALENDAR, st.integers(1, 10))
def test_the_nth_school_day_is_that_of_counting_one_by_one(days, after, number):
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


TWO_YEARS = [(date(2026, 9, 2), date(2026, 12, 18)), (date(2027, 9, 3), date(2027, 12, 17))]


@pytest.mark.parametrize(
    ("made", "terms", "last"),
    [
        (date(2026, 11, 20), TWO_YEARS, date(2033, 9, 2)),
        (date(2027, 9, 3), TWO_YEARS, date(2034, 8, 31)),
        (date(2026, 11, 20), [], date(2033, 8, 31)),
        (date(2029, 1, 5), TWO_YEARS, date(2035, 8, 31)),
        (date(2024, 8, 18), [], date(2027, 8, 31)),
        (date(2024, 8, 19), [], date(2030, 8, 31)),
    ],
)
def test_a_back_up_is_kept_for_six_years_after_its_school_year(made, terms, last):
    assert backup_kept_until(made, terms) == last


NOV = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("made", "since", "on", "found"),
    [
        ([date(2026, 11, 1)], date(2026, 1, 1), NOV, "made"),
        ([date(2026, 11, 20)], date(2026, 1, 1), NOV, "made"),
        ([date(2026, 11, 21)], date(2026, 1, 1), NOV, "overdue"),
        ([date(2026, 10, 31)], date(2026, 1, 1), NOV, "due"),
        ([date(2026, 10, 1)], date(2026, 1, 1), NOV, "due"),
        ([date(2026, 9, 30)], date(2026, 1, 1), NOV, "overdue"),
        ([], date(2026, 11, 1), NOV, "due"),
        ([], date(2026, 10, 31), NOV, "overdue"),
        ([], None, NOV, "due"),
        ([date(2026, 12, 31)], date(2026, 1, 1), date(2027, 1, 4), "due"),
        ([], None, date(2001, 1, 1), None),
    ],
)
def test_each_month_has_its_back_up(made, since, on, found):
    assert backup_state(made, since, on) == found
