"""Persistent and severe absence, as integer tests on a pupil's own possible sessions.

DfE, "Pupil absence statistics: methodology", 3.2.2: absent for at least 10 %, or 50 %, of them.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from policies.law.age import age_on_31_august
from policies.packs.values import parameters

_SHARES = ("persistent_share", "severe_share")


class Share(NamedTuple):
    """A share of the possible sessions, ``part`` of every ``of``."""

    part: int
    of: int

    def reached(self, absent: int, possible: int) -> bool:
        """Tell whether the absence is this share or more; never where nothing was possible."""
        return possible > 0 and self.of * absent >= self.part * possible

    def sessions_until(self, absent: int, possible: int) -> int:
        """Return how many sessions of absence in a row would reach it; 0 where it is reached."""
        if self.reached(absent, possible):
            return 0
        short = self.part * possible - self.of * absent
        return max(1, -(-short // (self.of - self.part)))

    def sessions_to_leave(self, absent: int, possible: int) -> int:
        """Return how many sessions of full attendance in a row would undo it; 0 where not reached.

        The smallest k with ``of * absent < part * (possible + k)``.
        """
        if not self.reached(absent, possible):
            return 0
        return (self.of * absent - self.part * possible) // self.part + 1


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares in force on a day."""

    persistent: Share
    severe: Share


def shares(on: date) -> Shares:
    """Return the shares in force on a day; refused as ``date-outside-rule`` before 2015/16."""
    persistent, severe = (_share(name, on) for name in _SHARES)
    return Shares(persistent, severe)


@cache
def lines() -> frozenset[Fraction]:
    """Return the percentages at which a flag of any day begins: of absence, and of attendance."""
    values = [rule.table for name in _SHARES for rule in parameters().rows(f"absence.{name}")]
    absent = {Fraction(100 * value["part"], value["of"]) for value in values}
    return frozenset(absent | {100 - each for each in absent})


def _share(name: str, on: date) -> Share:
    value = parameters().value(f"absence.{name}", on).table
    return Share(value["part"], value["of"])


def of_statistical_age(birth_cohort: int, school_year: int) -> bool:
    """Tell whether DfE's absence statistics count a birth cohort in a school year.

    ``school_year`` is the calendar year in which it starts; the age is that on the 31 August
    before (methodology 1.4, 4.3.1). Boarders are left out besides.
    """
    ages = parameters().value("absence.statistical_ages", date(school_year, 9, 1)).table
    return bool(ages["youngest"] <= age_on_31_august(birth_cohort, school_year) <= ages["oldest"])
