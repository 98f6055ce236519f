"""The days of the school census."""

from datetime import date

from policies.law.calendar import census_days, census_known_from

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
    """A range that begins or ends on a census day holds it."""
    assert census_days(date(2025, 10, 2), date(2026, 1, 15)) == PUBLISHED[9:11]
    assert census_days(date(2025, 10, 3), date(2026, 1, 14)) == []


def test_days_before_the_pattern_is_known_are_not_guessed():
    """Nothing is said of them."""
    assert census_known_from() == date(2022, 9, 1)
    assert census_days(date(2020, 1, 1), date(2022, 9, 30)) == []
