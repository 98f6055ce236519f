"""School days, weeks and years, and what the law counts in them.

Deadlines in school, calendar and working days; the days of the school census; when a record may
go; how often a back-up is to be made. Whoever asks gives the days or terms of a school: no
calendar is kept here. Regulations are those of SI 2024/208, unless another is named.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from ledger.errors import Refused
from policies.packs.values import Rule, parameters

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


# School weeks: Monday to Sunday, with at least one session met (SI 2007/1867 reg 9A(6)).


def monday(day: date) -> date:
    """Return the Monday of the week that holds a day."""
    return day - timedelta(days=day.weekday())


def school_weeks(met: Iterable[date]) -> list[date]:
    """Return the Mondays of the school weeks, in order.

    ``met`` are the dates of the sessions that the school meets, repeats allowed. A week that is
    wholly closed or cancelled holds none and is no school week.
    """
    return sorted({monday(day) for day in met})


def week_number(weeks: Sequence[date], day: date) -> int:
    """Return the place, from 0, of the school week that holds a day.

    ``weeks`` are Mondays in order. A day in no school week is an error of the caller: nothing
    can have been recorded on it.
    """
    at = bisect_right(weeks, day) - 1
    if at < 0 or weeks[at] + _WEEK <= day:
        raise ValueError(f"{day} is in no school week")  # noqa: TRY003 - for whoever calls
    return at


def window(weeks: Sequence[date], on: date, length: int) -> Sequence[date]:
    """Return the consecutive school weeks, ``length`` of them, ending with the latest by a day.

    The latest is the one whose Monday is on or before ``on``. Fewer where there are not yet as
    many; none where there is none.
    """
    stop = bisect_right(weeks, on)
    return weeks[max(0, stop - length) : stop]


# The days of the school census, by the pattern that the published days follow.

_CENSUS_DAYS = ("census.autumn_day", "census.spring_day", "census.summer_day")
_WEEK = timedelta(days=7)


def census_days(first: date, last: date) -> list[date]:
    """Return the census days from one day to another, both included, in order.

    Days before the pattern is known are left out, not guessed.
    """
    found = [
        day
        for name in _CENSUS_DAYS
        for rule in parameters().rows(name)
        for year in range(first.year, last.year + 1)
        if rule.covers(day := _census_day(rule, year)) and first <= day <= last
    ]
    return sorted(found)


def census_known_from() -> date:
    """Return the first day for which the pattern of the census days is known."""
    return min(rule.since for name in _CENSUS_DAYS for rule in parameters().rows(name))


def _census_day(rule: Rule, year: int) -> date:
    """Return the day of the rule in a year: so many days of the week into its month."""
    month, weekday, number = (int(rule.table[key]) for key in ("month", "weekday", "number"))
    start = date(year, month, 1)
    ahead = (weekday - start.isoweekday()) % 7
    return start + timedelta(days=ahead) + (number - 1) * _WEEK


# Deadlines in school days, calendar days and working days, and when a record may go.

_SATURDAY = 5
_PROVISIONAL = "register.provisional_school_days"


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
    rule = parameters().value(_PROVISIONAL, session)
    return nth_school_day(days, session, rule.number)


def provisional_days_over(days: Sequence[date], session: date, until: date) -> int | None:
    """Count the school days by which a provisional entry stood too long; zero where it did not.

    Those beyond the fifth after the day of the session, up to the day on which it was replaced or
    still stands (SI 2024/208 reg 10(7)). Days without school add none: what is to be replaced by
    a Friday is too late on the Monday, not on the Saturday. None where the law of the day had no
    such number.
    """
    rule = parameters().find(_PROVISIONAL, session)
    if rule is None:
        return None
    return max(0, school_days_between(days, session, until) - rule.number)


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


# How often a back-up is to be made, and how long each is kept.

BackupState = Literal["made", "due", "overdue"]
_AUGUST = 31 * _DAY
"""Belongs to the school year before: a day earlier by so much is in the same one by July."""
_MONTHS = 12


def backup_kept_until(made: date, terms: Sequence[tuple[date, date]]) -> date:
    """Return the last day on which a back-up is still to be kept, by the rule of its day.

    Six years after the end of the school year that it relates to (SI 2024/208 reg 7(b)), which
    is the one in which it was made. Where its terms are not known it ends on 31 August.
    """
    year = school_year_of(made, terms)
    if year is None or not year[0] <= made <= year[1]:
        july = made - _AUGUST
        year = school_year_of(made, [(july, july)])
    assert year is not None  # noqa: S101 - of a term there is a school year

    rule = parameters().value("register.backup_preserved", made).table
    begins = year[1] + rule["days_later"] * _DAY
    return years_later(begins, rule["years"]) - _DAY


def backup_state(made: Sequence[date], since: date | None, on: date) -> BackupState | None:
    """Return whether the period that holds ``on`` has its back-up.

    At least once a month (SI 2024/208 reg 5(3)): each calendar month has its own. ``overdue``
    where the month before had none either; ``since``: the day on which the ledger began, before
    which there was nothing to back up. None for a day before the law asked for any.
    """
    try:
        months = parameters().value("register.backup_months", on).number
    except Refused:
        return None
    first = _earlier(on.replace(day=1), months - 1)
    if any(first <= day <= on for day in made):
        return "made"
    before = _earlier(first, months)
    began = since if since is not None else on
    if any(before <= day < first for day in made) or began >= first:
        return "due"
    return "overdue"


def _earlier(first: date, months: int) -> date:
    """Return the first day of the month so many months before."""
    number = first.year * _MONTHS + first.month - 1 - months
    return date(number // _MONTHS, number % _MONTHS + 1, 1)
