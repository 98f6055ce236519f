"""Cutting counts by stretch of time, and the mean of pupil rates beside the pooled one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from fractions import Fraction
from typing import Literal

import numpy as np

from ledger.state.calendar import Calendar
from ledger.values import Session, school_year_number
from projections.queries.rectangle import Flags
from projections.queries.tally import Tally

Period = Literal["term", "half-term", "week", "weekday", "session"]
PERIODS: tuple[Period, ...] = ("term", "half-term", "week", "weekday", "session")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def periods(per: Period, sessions: list[Session], calendar: Calendar) -> list[tuple[str, Flags]]:
    """Return the periods that the sessions fall in, in order of time, with their columns.

    A term's name is that of its half terms without their number; both carry the school year:
    ``2025/26 Autumn 1``. A week is written as its Monday.
    """
    found: dict[tuple[int, str], Flags] = {}
    for at, session in enumerate(sessions):
        key = _key(per, session, calendar)
        if key not in found:
            found[key] = np.zeros(len(sessions), np.bool_)
        found[key][at] = True
    return [(name, found[order, name]) for order, name in sorted(found)]


def _key(per: Period, session: Session, calendar: Calendar) -> tuple[int, str]:
    """Return the place of a session's period among the others, and its name."""
    day = session.date
    match per:
        case "week":
            return 0, (day - timedelta(days=day.weekday())).isoformat()
        case "weekday":
            return day.weekday(), _WEEKDAYS[day.weekday()]
        case "session":
            return 0, session.half
    return _term(session, calendar, whole=per == "term")


def _term(session: Session, calendar: Calendar, *, whole: bool) -> tuple[int, str]:
    half = next(t for t in calendar.terms if t.first <= session.date <= t.last)
    year = school_year_number(half.first)
    same = [t for t in calendar.terms if school_year_number(t.first) == year]
    name = _unnumbered(half.name) if whole else half.name
    first = min(t.first for t in same if (_unnumbered(t.name) if whole else t.name) == name)
    return first.toordinal(), f"{year}/{(year + 1) % 100:02} {name}"


def _unnumbered(name: str) -> str:
    return name.rstrip("0123456789 ") or name


def mean_rate(tallies: Iterable[Tally]) -> str | None:
    """Return the mean of the pupils' own rates of attendance, one decimal, half up.

    It weighs every pupil alike, whatever the number of their sessions: not the pooled rate.
    None where nobody has a possible session.
    """
    attended: defaultdict[int, int] = defaultdict(int)
    pupils = 0
    for tally in tallies:
        if tally.possible:
            attended[tally.possible] += tally.attended
            pupils += 1
    if not pupils:
        return None
    rates = sum((Fraction(n, possible) for possible, n in attended.items()), Fraction())
    tenths = rates * 1000 / pupils + Fraction(1, 2)
    whole = tenths.numerator // tenths.denominator
    return f"{whole // 10}.{whole % 10}"
