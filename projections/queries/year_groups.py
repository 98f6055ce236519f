"""The order of year groups, where their names tell it."""

import re
from collections.abc import Iterable

_NUMBERED = re.compile(r"(?:national curriculum year|year|yr|ncy|y)?\s*(\d{1,2})", re.IGNORECASE)
_NAMED = re.compile(r"(?:year|yr|y)?\s*(reception|r|nursery|n)\d?", re.IGNORECASE)
_RECEPTION, _NURSERY = 0, -1


def rank(name: str) -> int | None:
    """Return a year group's place: Year 7 is 7, reception 0, nursery -1; none: not known."""
    text = name.strip()
    if found := _NUMBERED.fullmatch(text):
        return int(found[1])
    if found := _NAMED.fullmatch(text):
        return _RECEPTION if found[1][0] in "rR" else _NURSERY
    return None


def in_order(names: Iterable[str]) -> list[str] | None:
    """Return year groups, the most junior first; none where a name does not tell its place."""
    ranked = [(rank(name), name) for name in set(names)]
    known = [(place, name) for place, name in ranked if place is not None]
    return [name for _, name in sorted(known)] if len(known) == len(ranked) else None
