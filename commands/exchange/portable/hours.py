"""Times of marks that lie an hour off in summer: London times written as UTC, or the reverse.

Marks that are late one by one are what a register is for. When most of those of summer time are,
by up to an hour, and an hour earlier they would lie within the times of their registers, that is
one question about how the source writes its times.
"""

from commands.exchange.portable.occasions import Occasion
from commands.exchange.portable.rows import NOT_STATED, MarkRows
from ledger.errors import Refused
from ledger.formats.portable import MARKS
from ledger.formats.sheet import Problems

HOUR = 3_600_000_000
MANY = 50
"""From how many marks on it is a question: two sessions of a class. A decision of the product."""
SHARE = (2, 3)
"""And from which share of those that are so written in summer time on. Likewise."""


class HoursOff:
    """Counts the new marks that would lie within their register an hour earlier, or later."""

    def __init__(self, rows: MarkRows) -> None:
        self._rows = rows
        self._timed = 0
        self._summer = [0, 0]
        self._off = [0, 0]
        self._first = [0, 0]

    def see(self, index: int, occasion: Occasion, number: int = 1) -> None:
        """Look at the time of a new mark, where the source leaves it to us whether it is late.

        ``number``: of how many marks, this one the first, that is the time.
        """
        stated, extras = self._rows.stated[index], self._rows.extras.get(index)
        if stated == NOT_STATED or occasion.hours is None or (extras and extras.kind):
            return
        self._timed += number
        if not occasion.summer:
            return
        utc = self._rows.utc[index]
        opens, closes = occasion.hours
        self._summer[utc] += number
        outside = stated > closes if utc else stated < opens
        if outside and opens <= stated + (-HOUR if utc else HOUR) <= closes:
            self._off[utc] += number
            self._first[utc] = self._first[utc] or self._rows.line[index]

    def ask(self, problems: Problems) -> None:
        """Ask about them, once, where they are many."""
        for utc in (0, 1):
            off, (part, whole) = self._off[utc], SHARE
            if off >= MANY and off * whole >= self._summer[utc] * part:
                why = _zulu(off, self._timed) if utc else _local(off, self._timed)
                problems.find(MARKS, self._first[utc], why)


def _zulu(off: int, timed: int) -> Refused:
    return Refused(
        "times-in-utc",
        f"{off:,} of {timed:,} marks are after closing, by up to an hour, in summer time: "
        "are these London times written with Z?",
        "leave the Z away to have them read as London time",
    )


def _local(off: int, timed: int) -> Refused:
    return Refused(
        "times-not-in-utc",
        f"{off:,} of {timed:,} marks are before the register opened, by up to an hour, in summer "
        "time: are these UTC times written without Z?",
        "write a Z after them to have them read as UTC",
    )
