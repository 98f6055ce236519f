"""School weeks: Monday to Sunday, with at least one session met (SI 2007/1867 reg 9A(6))."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta


def monday(day: date) -> date:
    """Return the Monday of the week that holds a day."""
    return day - timedelta(days=day.weekday())


def school_weeks(met: Iterable[date]) -> list[date]:
    """Return the Mondays of the school weeks, in order.

    ``met`` are the dates of the sessions that the school meets, repeats allowed. A week that is
    wholly closed or cancelled holds none and is no school week.
    """
    return sorted({monday(day) for day in met})


def number_of(weeks: Sequence[date], day: date) -> int:
    """Return the place, from 0, of the school week that holds a day.

    ``weeks`` are Mondays in order. A day in no school week is an error of the caller: nothing
    can have been recorded on it.
    """
    at = bisect_left(weeks, monday(day))
    if at == len(weeks) or weeks[at] != monday(day):
        raise ValueError(f"{day} is in no school week")  # noqa: TRY003 - for whoever calls
    return at


def window(weeks: Sequence[date], on: date, length: int) -> Sequence[date]:
    """Return the consecutive school weeks, ``length`` of them, ending with the latest by a day.

    The latest is the one whose Monday is on or before ``on``. Fewer where there are not yet as
    many; none where there is none.
    """
    stop = bisect_right(weeks, on)
    return weeks[max(0, stop - length) : stop]
