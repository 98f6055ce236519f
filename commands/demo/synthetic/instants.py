"""London wall times: when registers are open, and instants as the portable folder states them."""

from datetime import date, datetime, time
from functools import cache
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from commands.demo.synthetic.settings import table
from ledger.values import Half, Session

_NOON = time(12)
_LONDON = ZoneInfo("Europe/London")
_OFFICE_OPENS = 8 * 3600 + 30 * 60
_OFFICE_CLOSES = 16 * 3600 + 30 * 60
_AFTER_CLOSING = 300


class Instant(NamedTuple):
    """A wall time in London: a day and the seconds since its midnight."""

    day: date
    second: int

    def __str__(self) -> str:
        minutes, second = divmod(self.second, 60)
        hour, minute = divmod(minutes, 60)
        return f"{self.day}T{hour:02}:{minute:02}:{second:02}{_offset(self.day)}"


@cache
def _offset(day: date) -> str:
    """Return London's offset at noon: clocks change at night, schools work by day."""
    return datetime.combine(day, _NOON, _LONDON).isoformat()[-len("+00:00") :]


@cache
def register_open(half: Half) -> tuple[int, int]:
    """Return when a register opens and closes, in seconds since midnight."""
    opens, closes = table("calendar")["school"]["register"][half.lower()]
    return _seconds(opens), _seconds(closes)


def _seconds(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 3600 + at.minute * 60 + at.second


def closing(session: Session) -> Instant:
    """Return when the register of a session closes."""
    return Instant(session.date, register_open(session.half)[1])


def office_time(day: date, after: Session, random: Random) -> Instant:
    """Return a time in office hours of a day, some minutes after a session's register closed."""
    earliest = _OFFICE_OPENS
    if day == after.date:
        earliest = closing(after).second + _AFTER_CLOSING
    return Instant(day, random.randint(earliest, _OFFICE_CLOSES))
