"""When entries were recorded: what the clock read, and what is recorded of a clock that was wrong.

The *reading* of a transaction is what the machine's clock said. Where a named person recorded that
a wrong clock stamped entries, these were recorded between two true instants instead, and count as
recorded at the later one. Readings may fall; what was known at an instant needs a time that does
not: the newest so far, of what is known of the clock at a position of the log.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Literal, NamedTuple

from ledger.clock import SECOND, Corrected, local, local_date
from ledger.english import number_of, weekday
from ledger.errors import Refused
from ledger.events.base import Event
from ledger.events.log import ClockCorrected, Committed

BEHIND = 15 * 60 * SECOND
"""So far behind the last entry a clock stamps nothing more, in microseconds.

Less is what the clocks of computers that share a ledger differ by, and what setting one takes.
"""
AHEAD = timedelta(days=60)
"""So long after the last entry, by the calendar, a person first says which day it is.

Longer than the summer holidays and any other break of a school in use.
"""
OffClock = Literal["behind", "ahead"]
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def off(reading: int, last: int) -> OffClock | None:
    """Tell whether a clock is too far from the last entry to stamp another; none: it is not."""
    if last - reading >= BEHIND:
        return "behind"
    return "ahead" if local(reading) - local(last) >= AHEAD else None


def lasting(microseconds: int) -> str:
    """Write how long something is, in its largest unit, rounded down: ``14 minutes``."""
    seconds = microseconds // SECOND
    unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return number_of(seconds // size, unit)


class WrongClock(NamedTuple):
    """Entries ``first`` to ``last`` were stamped by a wrong clock; ``position``: who says so.

    They were recorded between the true instants ``earliest`` and ``latest``.
    """

    position: int
    first: int
    last: int
    earliest: int
    latest: int

    def corrected(self, said: int) -> Corrected:
        """Return an instant that the clock read, with what is known of it."""
        return Corrected.between(self.earliest, self.latest, said=said, position=self.position)


class Stamp(NamedTuple):
    """A transaction's entries, what the clock read, and what is recorded of a wrong clock."""

    first: int
    last: int
    reading: int
    wrong: WrongClock | None = None

    @property
    def earliest(self) -> int:
        """The earliest that it can have been recorded."""
        return self.wrong.earliest if self.wrong else self.reading

    @property
    def latest(self) -> int:
        """The latest that it can have been recorded; what counts."""
        return self.wrong.latest if self.wrong else self.reading


def stamps(
    headers: Iterable[tuple[int, Committed]], known: Sequence[WrongClock]
) -> Iterator[Stamp]:
    """Yield each transaction of the log, by the position of its header, with its times."""
    for position, header in headers:
        yield Stamp(position, position + header.count, header.reading, wrong_at(position, known))


def wrong_clocks(recorded: Iterable[tuple[int, Event]]) -> list[WrongClock]:
    """Return what events say of clocks that were wrong; each with its position."""
    return [
        WrongClock(position, e.first, e.last, e.earliest, e.latest)
        for position, e in recorded
        if isinstance(e, ClockCorrected)
    ]


def wrong_at(position: int, known: Sequence[WrongClock]) -> WrongClock | None:
    """Return what is recorded of the clock that stamped an entry: the newest that covers it."""
    covering = (each for each in reversed(known) if each.first <= position <= each.last)
    return next(covering, None)


def in_force(known: Sequence[WrongClock]) -> list[WrongClock]:
    """Return those that some entry still goes by: not covered by newer ones."""
    ends = [each.last + 1 for each in known]
    return [
        each
        for each in known
        if any(
            each.first <= place <= each.last and wrong_at(place, known) == each
            for place in (each.first, *ends)
        )
    ]


def never_falling(instants: Iterable[int]) -> Iterator[int]:
    """Yield of each instant, in the order of the log, the newest so far."""
    return accumulate(instants, max)


def ahead_of(now: int, stamps: Iterable[Stamp]) -> list[tuple[int, int]]:
    """Return the stretches of entries that count as recorded later than now: first and last."""
    found: list[tuple[int, int]] = []
    joined = False
    for stamp in stamps:
        is_ahead = stamp.latest > now
        if is_ahead and joined:
            found[-1] = (found[-1][0], stamp.last)
        elif is_ahead:
            found.append((stamp.first, stamp.last))
        joined = is_ahead
    return found


# -- what to say of a clock that is too far from the last entry ------------------------------


class Last(NamedTuple):
    """The entry that counts as recorded last: its position, and when that was."""

    position: int
    at: int


def last_of(stamps: Iterable[Stamp]) -> Last:
    """Return the entry that counts as recorded last, the first of several."""
    newest = max(stamps, key=lambda stamp: stamp.latest)
    return Last(newest.last, newest.latest)


def instant_in_words(instant: int) -> str:
    """Write an instant in London time, with the day of the week."""
    here = local(instant)
    return f"{weekday(here)}, {here:%H:%M:%S}"


def refusal(now: int, stamps: Sequence[Stamp]) -> Refused | None:
    """Return why nothing can be stamped by a clock that reads now; none: something can.

    What to do has the command in full.
    """
    last = last_of(stamps)
    found = off(now, last.at)
    if found is None:
        return None
    return _behind(now, stamps, last) if found == "behind" else _ahead(now, last)


def _behind(now: int, stamps: Iterable[Stamp], last: Last) -> Refused:
    first, until = ahead_of(now, stamps)[0]
    entries = f"entry {first} was" if first == until else f"entries {first} to {until} were"
    return Refused(
        "clock-behind",
        f"this computer's clock says {instant_in_words(now)}, and entry {last.position} was "
        f"recorded on {instant_in_words(last.at)}: {lasting(last.at - now)} later",
        "if this computer's clock is wrong, set it and give the command again; if it is right, "
        f"{entries} recorded by a clock that was wrong: record that with "
        f'attendance clock correct {first} {until} --reason "…"',
    )


def _ahead(now: int, last: Last) -> Refused:
    days = (local(now) - local(last.at)).days
    return Refused(
        "clock-ahead",
        f"this computer's clock says {instant_in_words(now)}, {days} days after the last entry "
        f"({instant_in_words(last.at)})",
        "if this computer's clock is wrong, set it and give the command again; if it is right, "
        f"say so with attendance clock confirm {local_date(now)}",
    )
