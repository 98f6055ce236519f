"""School weeks: readable cases, and an oracle that looks at every Monday."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.law.calendar import school_weeks, week_number, window

DAYS = st.dates(date(2024, 8, 19), date(2025, 9, 30))


@pytest.mark.cases("calendar/school_weeks")
def test_school_weeks_are_as_the_law_says(case):
    """The Mondays of the weeks, and of the window that a case asks for."""
    weeks = school_weeks(case["given"]["met"])
    assert weeks == case["expect"]["weeks"]
    if "window" in case["expect"]:
        found = window(weeks, case["given"]["on"], case["given"]["weeks"])
        assert list(found) == case["expect"]["window"]


@given(st.lists(DAYS))
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
