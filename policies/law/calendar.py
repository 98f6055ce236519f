"""Counting in school days, and finding the school year that holds a date."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta

_LAST_MONTH_BEFORE_A_SCHOOL_YEAR = 7
_LAST_DAY_WITHOUT_A_NEXT_YEAR = (8, 31)
_DAY = timedelta(days=1)


def school_days_between(days: Sequence[date], after: date, until: date) -> int:
    """Count the school days later than ``after``, up to and including ``until``.

    ``days`` are the dates on which the school meets, ascending and without repeats. Zero where
    ``until`` is not later than ``after``.
    """
    return max(0, bisect_right(days, until) - bisect_right(days, after))


def school_year_of(on: date, terms: Sequence[tuple[date, date]]) -> tuple[date, date] | None:
    """Return the first and last day of the school year that holds ``on``; None without terms.

    A school year begins with the first term that starts after July (Education Act 1996 s.579)
    and runs to the day before the next one, or to 31 August where the next is not known. A date
    outside every school year belongs to the nearest earlier one, else to the first. ``terms``
    are (first day, last day) in any order.
    """
    starts = _starts(terms)
    if not starts:
        return None
    index = max(0, bisect_right(starts, on) - 1)
    return starts[index], _last_day(starts, index)


def _starts(terms: Sequence[tuple[date, date]]) -> list[date]:
    earliest: dict[int, date] = {}
    for first, _ in terms:
        year = _calendar_year(first)
        earliest[year] = min(first, earliest.get(year, first))
    return sorted(earliest.values())


def _calendar_year(term_first: date) -> int:
    """Return the calendar year whose August is the last one not after this first day."""
    return term_first.year - (term_first.month <= _LAST_MONTH_BEFORE_A_SCHOOL_YEAR)


def _last_day(starts: Sequence[date], index: int) -> date:
    year = _calendar_year(starts[index]) + 1
    following = starts[index + 1] if index + 1 < len(starts) else None
    # A year without terms in between must not stretch this one over it.
    if following is not None and _calendar_year(following) == year:
        return following - _DAY
    return date(year, *_LAST_DAY_WITHOUT_A_NEXT_YEAR)
