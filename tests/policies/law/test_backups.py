"""SI 2024/208 reg 5(3): at least once a month; reg 7(b): six years after the school year."""

from datetime import date

import pytest

from policies.law.calendar import backup_kept_until, backup_state

TERMS = [(date(2026, 9, 2), date(2026, 12, 18)), (date(2027, 9, 3), date(2027, 12, 17))]


@pytest.mark.parametrize(
    ("made", "terms", "last"),
    [
        (date(2026, 11, 20), TERMS, date(2033, 9, 2)),
        (date(2027, 9, 3), TERMS, date(2034, 8, 31)),
        (date(2026, 11, 20), [], date(2033, 8, 31)),
        (date(2029, 1, 5), TERMS, date(2035, 8, 31)),
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
