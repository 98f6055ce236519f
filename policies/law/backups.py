"""How often a back-up is to be made, and how long each is kept."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from ledger.errors import Refused
from policies.law.calendar import school_year_of
from policies.law.deadlines import years_later
from policies.packs.values import parameters

State = Literal["made", "due", "overdue"]
_DAY = date.resolution
_AUGUST = 31 * _DAY
"""Belongs to the school year before: a day earlier by so much is in the same one by July."""
_MONTHS = 12


def kept_until(made: date, terms: Sequence[tuple[date, date]]) -> date:
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


def state(made: Sequence[date], since: date | None, on: date) -> State | None:
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
