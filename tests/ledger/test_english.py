"""Claims about how numbers, dates and lists are written in words."""

from datetime import date

import pytest

from ledger.english import (
    alternatives,
    day,
    duration,
    in_words,
    noun,
    number_of,
    part_of_day,
    weekday,
)


@pytest.mark.parametrize(
    ("count", "written"), [(0, "0 changes"), (1, "1 change"), (1234, "1234 changes")]
)
def test_one_thing_alone_is_in_the_singular(count, written):
    """Nothing and many are plural; only one is not."""
    assert number_of(count, "change") == written


def test_a_plural_of_its_own_is_used_where_it_is_given():
    """The plural of an entry is entries."""
    assert [noun(n, "entry", "entries") for n in (1, 2)] == ["entry", "entries"]


def test_numbers_to_twelve_are_words_and_greater_ones_figures():
    assert [in_words(n) for n in (0, 10, 12, 13)] == ["no", "ten", "twelve", "13"]


def test_a_date_is_written_alike_from_a_date_and_from_its_iso_text():
    """20 November 2026, with no nought before a small day."""
    assert day("2026-11-20") == day(date(2026, 11, 20)) == "20 November 2026"
    assert weekday(date(2026, 11, 2)) == "Monday 2 November 2026"


def test_the_halves_of_a_school_day_are_named_as_families_name_them():
    assert [part_of_day(half) for half in ("AM", "PM")] == ["morning", "afternoon"]


@pytest.mark.parametrize(
    ("names", "written"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_alternatives_are_joined_by_commas_and_the_last_by_or(names, written):
    assert alternatives(names) == written


@pytest.mark.parametrize(
    ("minutes", "written"),
    [
        (0, "less than a minute"), (1, "1 minute"), (59, "59 minutes"), (60, "1 hour"),
        (61, "1 hour 1 minute"), (1439, "23 hours 59 minutes"), (1440, "1 day"),
        (1441, "1 day"), (1500, "1 day 1 hour"), (3540, "2 days 11 hours"),
    ],
)  # fmt: skip
def test_minutes_that_are_hours_or_days_are_told_as_such(minutes, written):
    assert duration(minutes) == written
