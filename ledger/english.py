"""Numbers, dates and lists as people write them.

Whatever is shown to a reader in a sentence is written here, so that a head teacher, a family and
the log's own messages read the same English.
"""

from collections.abc import Sequence
from datetime import date

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
            "eleven", "twelve")  # fmt: skip


def number_of(count: int, thing: str, things: str | None = None) -> str:
    """Write a number of things: ``1 change``, ``2 changes``, ``2 entries`` where it is given."""
    return f"{count} {noun(count, thing, things)}"


def noun(count: int, thing: str, things: str | None = None) -> str:
    """Return the name of a thing in the number that fits: ``change`` of 1, else ``changes``."""
    return thing if count == 1 else things or f"{thing}s"


_HOUR, _DAY = 60, 24 * 60


def duration(minutes: int) -> str:
    """Write whole minutes: ``45 minutes``, ``1 hour 5 minutes``; none: ``less than a minute``."""
    if minutes < 1:
        return "less than a minute"
    if minutes < _HOUR:
        return number_of(minutes, "minute")
    long = minutes >= _DAY
    whole, rest = divmod(minutes // _HOUR, _DAY // _HOUR) if long else divmod(minutes, _HOUR)
    units = ("day", "hour") if long else ("hour", "minute")
    more = f" {number_of(rest, units[1])}" if rest else ""
    return f"{number_of(whole, units[0])}{more}"


def in_words(number: int) -> str:
    """Write a small number in words; a greater one in figures."""
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def day(on: date | str) -> str:
    """Write a date as people say it: ``20 November 2026``."""
    found = date.fromisoformat(on) if isinstance(on, str) else on
    return f"{found.day} {found:%B %Y}"


def weekday(on: date) -> str:
    """Write a date with the day of the week: ``Friday 20 November 2026``."""
    return f"{on:%A} {day(on)}"


def part_of_day(half: str) -> str:
    """Name the half of a school day (``AM`` or ``PM``) as a family does."""
    return "morning" if half == "AM" else "afternoon"


def alternatives(names: Sequence[str]) -> str:
    """Join names of which any will do: ``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
