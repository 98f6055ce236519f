"""Deadlines in school days, calendar days and working days, and when a record may go."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from policies.packs.values import parameters

_DAY = timedelta(days=1)
_SATURDAY = 5


def nth_school_day(days: Sequence[date], after: date, number: int) -> date | None:
    """Return the nth school day later than a date; None where the calendar ends before it.

    ``days`` are the dates on which the school meets, ascending and without repeats.
    """
    at = bisect_right(days, after) + number - 1
    return days[at] if at < len(days) else None


def provisional_deadline(days: Sequence[date], session: date) -> date | None:
    """Return the last day on which a provisional entry is to be replaced.

    The fifth school day after the day of the session (SI 2024/208 reg 10(7)). None where the
    calendar ends before it; refused as ``date-outside-rule`` for an earlier session.
    """
    rule = parameters().value("register.provisional_school_days", session)
    return nth_school_day(days, session, rule.number)


def new_pupil_deadline(entered: date) -> date:
    """Return the last day for the return of a new pupil: the fifth day after the entry.

    Calendar days: SI 2024/208 reg 13(1).
    """
    return entered + parameters().value("returns.new_pupil_days", entered).number * _DAY


def last_day(first: date, days: int) -> date:
    """Return the last day of a period of so many days that begins with ``first``."""
    return first + (days - 1) * _DAY


def is_working_day(day: date) -> bool:
    """Tell whether a day is no Saturday, Sunday or bank holiday (SI 2007/1867 reg 22(2)).

    Refused as ``date-outside-rule`` where the bank holidays of its year are not known.
    """
    holidays = parameters().value("bank_holidays.england", day).days
    return day.weekday() < _SATURDAY and day not in holidays


def nth_working_day(after: date, number: int) -> date:
    """Return the nth working day later than a date."""
    day = after
    while number:
        day += _DAY
        number -= is_working_day(day)
    return day


def years_later(day: date, years: int) -> date:
    """Return the first day after a period of so many years that begins with ``day``.

    Of a period that begins on 29 February: 1 March, unless that year has a 29 February too.
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def years_earlier(day: date, years: int) -> date:
    """Return the day before a period of so many years that ends with ``day``.

    Of a period that ends on 29 February: 28 February, unless that year has a 29 February too.
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)


def may_go(entered: date, school_year_last: date, on: date) -> date:
    """Return the earliest day on which a record may be destroyed, by the rule of ``on``.

    The later of the end of six years beginning with the day of the entry, and of six years after
    the end of its school year, for the sake of the back-ups (SI 2024/208 reg 7(a), (b)).
    ``entered``: the day of the latest entry that belongs to it, an amendment included.
    ``on``: the day on which destroying it is considered, not the day of the entry.
    """
    kept = parameters().value("register.preserved", on).table
    backed_up = parameters().value("register.backup_preserved", on).table
    return max(_kept_until(entered, kept), _kept_until(school_year_last, backed_up))


def _kept_until(day: date, kept: Mapping[str, int]) -> date:
    return years_later(day + kept["days_later"] * _DAY, kept["years"])
