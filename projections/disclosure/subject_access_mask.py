"""What is taken out of free text that a person has reviewed: simple matches, a second safeguard.

Only what is written as it is recorded is found, in whatever case and with whatever spaces.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ledger.sealing.keys import BEYOND_USE, REDACTED
from projections.queries.view import View

MASKED = "[redacted: another person]"
_LEAST = 3
_LEAST_DIGITS = 6


class Mask:
    """What names or leads to others than the pupil and the parent who asks (none: the pupil).

    Whatever was ever recorded counts, whenever the copy is as at.
    """

    def __init__(self, view: View, pupil: int, parent: str | None) -> None:
        self._view, self._pupil, self._parent = view, pupil, parent

    def __call__(self, text: str) -> str:
        """Return a text without what is found in it."""
        return self._pattern.sub(MASKED, text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        own = {_plain(text) for text in self._own()}
        found = {text for text in self._others() if _plain(text) not in own}
        patterns = {*map(_written, {*found, *self._confidential()}), *self._telephones(own)}
        longest_first = sorted(patterns, key=lambda each: (-len(each), each))
        either = "|".join(longest_first) or "(?!)"
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)

    def _own(self) -> Iterator[str]:
        yield from self._names("details", "pupil = ?", self._pupil, used=True)
        for column in ("address", "email", "phone"):
            yield from self._texts(column, "parent = ?", self._parent)
        yield from self._names("parents", "parent = ?", self._parent)

    def _others(self) -> Iterator[str]:
        yield from self._names("details", "pupil != ?", self._pupil, used=True)
        for address in self._texts("address", "parent IS NOT ?", self._parent):
            yield from _parts(address)
        yield from self._texts("email", "parent IS NOT ?", self._parent)
        if self._parent is not None:
            where = "parent != ? AND parent IN (SELECT parent FROM relations WHERE pupil = ?)"
            yield from self._names("parents", where, self._parent, self._pupil)

    def _confidential(self) -> Iterator[str]:
        where = "parent IN (SELECT parent FROM parents WHERE address_confidential = 'yes')"
        for address in self._texts("address", where):
            yield from _parts(address)

    def _telephones(self, own: set[str]) -> Iterator[str]:
        for phone in self._texts("phone", "parent IS NOT ?", self._parent):
            digits = re.findall(r"\d", phone)
            if _plain(phone) in own:
                continue
            long = len(digits) >= _LEAST_DIGITS
            yield r"[\s()./-]*".join(digits) if long else _written(phone)

    def _texts(self, column: str, where: str, *values: Any) -> Iterator[str]:  # noqa: ANN401
        sql = f"SELECT DISTINCT {column} FROM parents WHERE {where}"  # noqa: S608 - our own names
        for (sealed,) in self._view.db.execute(sql, values):
            text = self._opened(sealed)
            if len(text) >= _LEAST:
                yield text

    def _names(
        self,
        table: str,
        where: str,
        *values: Any,  # noqa: ANN401
        used: bool = False,
    ) -> Iterator[str]:
        """Yield full names, either way round."""
        columns = "surname, forename, name_used" if used else "surname, forename"
        sql = f"SELECT DISTINCT {columns} FROM {table} WHERE {where}"  # noqa: S608 - our own names
        for sealed in self._view.db.execute(sql, values):
            surname, *first = map(self._opened, sealed)
            for name in filter(None, first if surname else ()):
                yield f"{name} {surname}"
                yield f"{surname}, {name}"

    def _opened(self, sealed: str | None) -> str:
        text = (self._view.open(sealed) or "").strip()
        return "" if text in (BEYOND_USE, REDACTED) else text


def _parts(address: str) -> Iterator[str]:
    """Yield an address, and its first line where that is one of a house."""
    yield address
    first = re.split(r"[,\n]", address)[0].strip()
    if re.search(r"\d", first) and re.search(r"\s", first):
        yield first


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _written(text: str) -> str:
    """Return a pattern of a text, with whatever spaces and commas between its words."""
    return r"[\s,]+".join(map(re.escape, re.split(r"[\s,]+", text.strip(", \n"))))
