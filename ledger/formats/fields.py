"""The cells of a CSV file as values, and what is wrong with a value, said once for every file.

A reader takes the text of a cell as it is in the file, and refuses what it does not understand.
The functions at the end look at values that were read, and return the refusal, if there is one.
"""

import re
from collections.abc import Callable, Collection
from datetime import date, time
from functools import lru_cache, partial
from typing import Any, NamedTuple

from ledger import names, values
from ledger.clock import iso, parse_instant
from ledger.errors import Refused
from ledger.formats import portable

_LONGEST = 64
_REFERENCE = re.compile(r"[A-Za-z0-9_-]+")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
_PLAIN = re.compile(r"[A-Za-z0-9_.:/-]+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_OF_A_WEEK = re.compile(r"(?i)(mon|tue|wed|thu|fri|sat|sun)[a-z]* *[ /]? *(am|pm)")
_MOST_DIGITS = 9  # no minute, rank or count comes near; what is stored stays far below 64 bits

Read = Callable[[str], Any]


class Field(NamedTuple):
    """How a column is read: as which attribute, by which function, whether it must be given.

    ``empty``: the value of a cell that is empty, where it need not be given.
    """

    attribute: str
    read: Read
    mandatory: bool = False
    empty: Any = None

    def value(self, column: str, cell: str) -> Any:  # noqa: ANN401 - as its reader has it
        """Return the value of a cell, or refuse it under the name of its column."""
        try:
            found = self.read(cell) if cell.strip() else ""
        except Refused as why:
            raise Refused(why.code, f"{column}: {why.what}", why.remedy) from None
        if found != "":
            return found
        if self.mandatory:
            raise empty(column)
        return self.empty


day = lru_cache(4096)(values.parse_date)
"""Read an ISO date."""
instant = lru_cache(4096)(parse_instant)
"""Read an instant as microseconds."""
text = names.text
"""Read a text, composed and without its margins."""
name = names.name
"""Read a name: of a person, a group, a school; one line, each blank one space."""
upn = values.check_upn
"""Read a UPN whose form and check letter are right."""


def day_text(cell: str) -> str:
    """Read an ISO date that is kept as a text, for it is sealed."""
    return day(cell).isoformat()


def number(cell: str) -> int:
    """Read a whole number, not negative."""
    if not cell.isdecimal() or not cell.isascii():
        raise Refused("number", f"{cell!r} is not a whole number", "write digits only")
    if len(cell) > _MOST_DIGITS:
        raise Refused("number", f"{cell} is out of every reach", "check the number")
    return int(cell)


def one_of(*allowed: str) -> Read:
    """Return the reader of a word from a list."""
    return partial(among, allowed=allowed)


def among(cell: str, allowed: Collection[str]) -> str:
    """Return a word that is on a list, or refuse it."""
    if cell not in allowed:
        raise unknown_word(cell, allowed)
    return cell


def unknown_word(cell: str, allowed: Collection[str]) -> Refused:
    """Return the refusal of a word that is not on a list."""
    return Refused("word", f"{cell!r} is not known here", f"use one of {', '.join(allowed)}")


def half(cell: str) -> values.Half:
    """Read AM or PM."""
    if cell not in values.HALVES:
        raise Refused("session", f"{cell!r} is neither AM nor PM", "write one of the two")
    return "AM" if cell == "AM" else "PM"


def roles(cell: str) -> tuple[str, ...]:
    """Read the roles of a member of staff."""
    return tuple(among(role, ROLES) for role in _parts(cell))


def sessions(cell: str) -> tuple[str, ...]:
    """Read the sessions that a notice relies on."""
    return tuple(str(values.parse_session(part)) for part in _parts(cell))


def session(cell: str) -> str:
    """Read a session."""
    return str(values.parse_session(cell))


def agreed_session(text: str) -> str:
    """Read a session agreed: of every week, ``Mon AM``, or of a day, ``2026-11-20/AM``."""
    found = _OF_A_WEEK.fullmatch(text.strip())
    if found is None:
        return str(values.parse_session(text))
    return f"{found[1].title()} {found[2].upper()}"


def agreed_sessions(cell: str) -> tuple[str, ...]:
    """Read the sessions of an agreement."""
    return tuple(agreed_session(part) for part in _parts(cell))


def plain_word(text: str) -> str:
    """Read the name of a rule, ``attendance.below_93``, a figure, a digest or a session."""
    if len(text) > _LONGEST or not _PLAIN.fullmatch(text):
        what = f"{text!r} is no name of a rule: letters and digits, with . : / - _ between them"
        raise Refused("rule-form", what, "write it as the policy has it: attendance.below_93")
    return text


def time_of_day(text: str) -> str:
    """Read a time of day as ``09:40``."""
    try:
        hours, minutes = _TIME.fullmatch(text).groups()  # type: ignore[union-attr] # told below
        return time(int(hours), int(minutes)).isoformat("minutes")
    except (AttributeError, ValueError):
        raise Refused("time-form", f"{text!r} is no time of day", "write it as 09:40") from None


def texts(cell: str) -> tuple[str, ...]:
    """Read a list of words."""
    return tuple(_parts(cell))


def relied_on(cell: str) -> tuple[str, ...]:
    """Read sessions with the code that stood for each: ``2026-11-20/AM U``."""
    found = [part.split() for part in _parts(cell)]
    if any(len(words) != 2 for words in found):  # noqa: PLR2004 - session and code
        what = f"{cell!r} is not a list of sessions with their codes"
        raise Refused("entries", what, "write each as 2026-11-20/AM U, with ; between them")
    return tuple(f"{values.parse_session(at)} {code}" for at, code in found)


def reference(cell: str) -> str:
    """Read what something is called in the system that it comes from: letters, digits, - and _."""
    if len(cell) > _LONGEST or not _REFERENCE.fullmatch(cell):
        what = f"{cell!r} is no reference: letters, digits, - and _, {_LONGEST} at the most"
        raise Refused("reference", what, "correct it as its system has it")
    return cell


def digest(cell: str) -> str:
    """Read the SHA-256 of a file, 64 hexadecimal digits."""
    if not _DIGEST.fullmatch(cell):
        raise Refused("digest", f"{cell!r} is no SHA-256", "write its 64 digits, or none")
    return cell


def _parts(cell: str) -> list[str]:
    stripped = (part.strip() for part in cell.split(portable.LIST_SEPARATOR))
    return [part for part in stripped if part]


def flag(cell: str) -> bool:
    """Read yes or no as truth."""
    return among(cell, ("yes", "no")) == "yes"


ROLES = ("teacher", "attendance_officer", "head", "authoriser", "safeguarding", "trust", "auditor")


def reversed_dates(
    first: date | None, last: date | None, names: tuple[str, str]
) -> Refused | None:
    """Return what is wrong when two dates are the wrong way round."""
    if first is None or last is None or first <= last:
        return None
    return Refused(
        "dates-reversed",
        f"{names[1]} {last} is before {names[0]} {first}",
        "correct one of the two dates",
    )


def future_day(when: date | None, today: date, name: str) -> Refused | None:
    """Return what is wrong when a day has not come yet."""
    if when is None or when <= today:
        return None
    return Refused("future", f"{name} {when} has not come yet", "correct the date")


def future_instant(when: int | None, now: int, name: str) -> Refused | None:
    """Return what is wrong when an instant has not come yet."""
    if when is None or when <= now:
        return None
    return Refused("future", f"{name} {iso(when)} has not come yet", "correct the time")


def empty(column: str, remedy: str = "it must be given") -> Refused:
    """Return the refusal of a cell that is empty."""
    return Refused("field-empty", f"{column} is empty", remedy)


def twice(what: str) -> Refused:
    """Return the refusal of what may be stated once only."""
    return Refused("twice", f"{what} is stated twice", "keep one of the two")
