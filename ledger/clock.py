"""The one clock, and London time: instants are integer microseconds since 1970, UTC."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from functools import lru_cache
from zoneinfo import ZoneInfo

from ledger.errors import Refused

LONDON = ZoneInfo("Europe/London")
SECOND = 1_000_000
Clock = Callable[[], int]


class Corrected(int):
    """An instant that a wrong clock stamped: it lies between two, and counts as the later one.

    ``earliest``: the earliest that it can be; ``said``: what the clock said; ``position``: the
    entry that says so.
    """

    earliest: int
    said: int
    position: int

    @classmethod
    def between(cls, earliest: int, latest: int, *, said: int, position: int) -> "Corrected":
        """Return an instant that lies between two."""
        made = cls(latest)
        made.earliest, made.said, made.position = earliest, said, position
        return made


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UTC = _EPOCH.replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)
_HOUR = timedelta(hours=1) // _MICROSECOND


def now() -> int:
    """Return the machine's clock in microseconds; the only place that reads it."""
    return time.time_ns() // 1000


def to_instant(moment: datetime) -> int:
    """Return an aware datetime as microseconds, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def local(instant: int) -> datetime:
    """Return an instant as London wall time."""
    return (_EPOCH + instant * _MICROSECOND).astimezone(LONDON)


def local_date(instant: int) -> date:
    """Return the London calendar date of an instant."""
    return _date_of_hour(instant // _HOUR)


@lru_cache(maxsize=1 << 16)
def _date_of_hour(hour: int) -> date:
    """Return the London date of an hour since 1970: a day there begins with a whole one."""
    return local(hour * _HOUR).date()


def told(instant: int, write: Callable[[int], str]) -> str:
    """Write an instant; of one that a wrong clock stamped, between which others it lies."""
    if not isinstance(instant, Corrected):
        return write(instant)
    first, last, said = map(write, (instant.earliest, int(instant), instant.said))
    return f"between {first} and {last}; the clock said {said}"


def dated(instant: int) -> str:
    """Write the London date of an instant as ISO 8601 has it, with what is known of its clock."""
    return told(instant, lambda each: local_date(each).isoformat())


@lru_cache(maxsize=1 << 12)
def iso(instant: int) -> str:
    """Write an instant in UTC, ISO 8601, without needless zeros: ``2026-11-20T09:30:00Z``."""
    return (_EPOCH_UTC + instant * _MICROSECOND).isoformat() + "Z"


def at_london(day: date, wall: wall_time) -> int:
    """Return the instant of a London wall time; refuse one that the clocks skip.

    A time that occurs twice (the end of summer time) is the first of the two.
    """
    moment = datetime.combine(day, wall, tzinfo=LONDON)
    instant = to_instant(moment)
    if local(instant).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise Refused(
            "time-does-not-exist",
            f"{moment.replace(tzinfo=None).isoformat()} does not exist in London: clocks went on",
            "give a time outside the hour that was skipped, or one with an offset",
        )
    return instant


def end_of_day(day: date) -> int:
    """Return the last microsecond of a London day."""
    return at_london(day + timedelta(days=1), wall_time()) - 1


def parse_instant(text: str) -> int:
    """Read an ISO 8601 instant: an offset or Z, else London; a bare date is its end."""
    try:
        return _instant(text)
    except (ValueError, OverflowError):
        raise Refused(
            "instant",
            f"{text!r} is not a date or time",
            "write 2026-11-20, 2026-11-20T09:30 or 2026-11-20T09:30:00Z",
        ) from None


def _instant(text: str) -> int:
    try:
        return end_of_day(date.fromisoformat(text))
    except ValueError:
        moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return at_london(moment.date(), moment.time())
    return to_instant(moment)
