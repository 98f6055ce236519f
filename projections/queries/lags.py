"""How late something is: in school days after a session, between two numbers where none is known.

What a wrong clock stamped was made between two times. Where both are as many school days after a
session, that is its lag; where not, it counts as the greater, and is told from one to the other.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeGuard

from ledger.clock import Corrected, local_date
from policies.law.calendar import school_days_between


class Lag(int):
    """A number that is not known exactly: ``least`` at the least; it counts as the greatest."""

    least: int

    @classmethod
    def between(cls, least: int, greatest: int) -> int:
        """Return a number that lies between two; the number itself where they are the same."""
        if least == greatest:
            return greatest
        made = cls(greatest)
        made.least = least
        return made


def is_open(number: int | None) -> TypeGuard[Lag]:
    """Tell whether a lag is only known to lie between two numbers."""
    return isinstance(number, Lag)


def school_days_after(days: Sequence[date], session: date, at: int) -> int:
    """Return how many school days after the day of a session an instant is."""
    ends = (school_days_between(days, session, local_date(each)) for each in (earliest_of(at), at))
    return Lag.between(*ends)


def earliest_of(at: int) -> int:
    """Return the earliest that an instant can have been."""
    return at.earliest if isinstance(at, Corrected) else at


def in_words(number: int | None) -> str:
    """Write a lag, ``0 to 6`` where it is not known exactly; nothing where there is none."""
    if is_open(number):
        return f"{number.least} to {number}"
    return "" if number is None else str(number)


def of_days(number: int) -> str:
    """Write a lag with its unit: ``1 school day``, ``0 to 6 school days``."""
    one = number == 1 and not is_open(number)
    return f"{in_words(number)} {'school day' if one else 'school days'}"


def document(number: int | None) -> dict[str, Any] | None:
    """Return between which numbers a lag lies, as a document has it; none where it is known."""
    return {"from": number.least, "to": int(number)} if is_open(number) else None


def fields(number: int) -> dict[str, Any]:
    """Return a lag in school days as a document has it."""
    between = document(number)
    return {"late_by_school_days": number} | ({"late_between": between} if between else {})
