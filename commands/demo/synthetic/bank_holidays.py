"""Bank holidays in England: by rule, with the exceptions of calendar.toml."""

from datetime import date, timedelta
from functools import cache

from commands.demo.synthetic.settings import table

_FRIDAY = 4


def easter(year: int) -> date:
    """Return Easter Sunday (the anonymous Gregorian algorithm, Meeus, Astronomical Algorithms)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leap, rest = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - moon + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def monday_from(day: date) -> date:
    """Return the first Monday on or after a day."""
    return day + timedelta(days=-day.weekday() % 7)


@cache
def bank_holidays(year: int) -> dict[date, str]:
    """Return the bank holidays of a calendar year that can fall on a school's term.

    New Year's Day (its substitute at a weekend), Easter, May and the one-off days; those of
    August and December never fall inside a term here.
    """
    new_year = date(year, 1, 1)
    days = {
        new_year if new_year.weekday() <= _FRIDAY else monday_from(new_year): "New Year's Day",
        easter(year) - timedelta(days=2): "Good Friday",
        easter(year) + timedelta(days=1): "Easter Monday",
        monday_from(date(year, 5, 1)): "Early May bank holiday",
        monday_from(date(year, 5, 25)): "Spring bank holiday",
    }
    one_off = {date.fromisoformat(d): n for d, n in table("calendar")["one_off"].items()}
    days |= {day: name for day, name in one_off.items() if day.year == year}
    return {day: name for day, name in days.items() if day not in table("calendar")["not_held"]}


def is_bank_holiday(day: date) -> bool:
    """Tell whether a day is a bank holiday."""
    return day in bank_holidays(day.year)
