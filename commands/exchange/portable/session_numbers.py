"""A session as one small number: hundreds of thousands of rows name a few hundred of them."""

from datetime import date
from functools import lru_cache

from ledger.values import HALVES, Half, Session


def number(day: date, half: Half) -> int:
    """Return the number of a session, two a day."""
    return 2 * day.toordinal() + HALVES.index(half)


@lru_cache(8192)
def session(number: int) -> Session:
    """Return the session that has a number."""
    return Session(date.fromordinal(number // 2), HALVES[number % 2])
