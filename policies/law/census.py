"""The days of the school census, by the pattern that the published days follow."""

from datetime import date, timedelta

from policies.packs.values import Rule, parameters

_RULES = ("census.autumn_day", "census.spring_day", "census.summer_day")
_WEEK = timedelta(days=7)


def census_days(first: date, last: date) -> list[date]:
    """Return the census days from one day to another, both included, in order.

    Days before the pattern is known are left out, not guessed.
    """
    found = [
        day
        for name in _RULES
        for rule in parameters().rows(name)
        for year in range(first.year, last.year + 1)
        if rule.covers(day := _day(rule, year)) and first <= day <= last
    ]
    return sorted(found)


def known_from() -> date:
    """Return the first day for which the pattern of the census days is known."""
    return min(rule.since for name in _RULES for rule in parameters().rows(name))


def _day(rule: Rule, year: int) -> date:
    """Return the day of the rule in a year: so many days of the week into its month."""
    month, weekday, number = (int(rule.table[key]) for key in ("month", "weekday", "number"))
    start = date(year, month, 1)
    ahead = (weekday - start.isoweekday()) % 7
    return start + timedelta(days=ahead) + (number - 1) * _WEEK
