"""Compulsory school age in England, from facts that outlive the date of birth.

``begins`` and ``birth_cohort`` are asked once, when a pupil is entered; every later question is
answered from their results alone, also after the date of birth has been put beyond use.
"""

from calendar import monthrange
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from ledger.errors import Refused
from policies.law.calendar import years_later
from policies.packs.values import Rule, parameters

_STEM = "compulsory_school_age"
_DAY = ".prescribed_day_"


class _Rules(NamedTuple):
    begin_age: Rule
    leaving_date: Rule
    birth_year_starts: tuple[int, int]
    prescribed: tuple[tuple[int, int, date], ...]


@cache
def _rules() -> _Rules:
    table = parameters().table(_STEM)
    names = ("begin_age", "leaving_date", "birth_year_starts")
    (age,), (leaving,), (starts,) = (table[f"{_STEM}.{name}"] for name in names)
    days = [rule for name, (rule, *_) in table.items() if _DAY in name]
    return _Rules(
        age,
        leaving,
        (starts.table["month"], starts.table["day"]),
        tuple((day.table["month"], day.table["day"], day.since) for day in days),
    )


def begins(dob: date) -> date:
    """Return the first day of compulsory school age of a child born on ``dob``.

    The fifth birthday where that is a prescribed day, else the next prescribed day (EA 1996
    s.8(2)). Refused where the fifth birthday is before the rule.
    """
    rules = _rules()
    # A birthday of 29 February is 1 March in other years; no prescribed day lies between the two.
    birthday = years_later(dob, rules.begin_age.number)
    if birthday < rules.begin_age.since:
        raise Refused(
            code="date-outside-rule",
            what=f"no rule on the start of compulsory school age before {rules.begin_age.since}",
            remedy=f"check the date of birth {dob}",
        )
    days = (
        date(year, month, day)
        for year in (birthday.year, birthday.year + 1)
        for month, day, since in rules.prescribed
        if date(year, month, day) >= since
    )
    return min(day for day in days if day >= birthday)


@cache
def ends(birth_cohort: int) -> date:
    """Return the last day of compulsory school age of everyone in a birth cohort.

    The school leaving date of the school year in which they turn 16 (EA 1996 s.8(3)). Refused
    where that is before the rule.
    """
    rule = _rules().leaving_date
    year, month = birth_cohort + 1 + rule.table["age"], rule.table["month"]
    last = date(year, month, monthrange(year, month)[1])
    found = last - timedelta(days=(last.isoweekday() - rule.table["weekday"]) % 7)
    if found < rule.since:
        raise Refused(
            code="date-outside-rule",
            what=f"no rule on the school leaving date before {rule.since}",
            remedy=f"check the birth cohort {birth_cohort}",
        )
    return found


def birth_cohort(dob: date) -> int:
    """Return the calendar year in which the birth year that holds ``dob`` starts.

    Born from 1 September 2012 to 31 August 2013: 2012.
    """
    return dob.year - ((dob.month, dob.day) < _rules().birth_year_starts)


def is_compulsory(on: date, begins: date, birth_cohort: int) -> bool:
    """Tell whether a pupil is of compulsory school age on a day, both ends included.

    ``begins`` and ``birth_cohort`` are what the functions of those names gave.
    """
    return begins <= on <= ends(birth_cohort)


def age_on_31_august(birth_cohort: int, school_year: int) -> int:
    """Return the age in whole years on the 31 August before a school year starts.

    ``school_year`` is the calendar year in which it starts. It is the age by which DfE counts
    (methodology 4.3.1: 5 to 15), not the legal test; all of a birth cohort share it.
    """
    return school_year - birth_cohort - 1
