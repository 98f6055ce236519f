"""Where else a text stands that is to go: the same words about others, and in longer texts."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ledger.errors import Refused
from ledger.sealing.keys import BEYOND_USE, REDACTED, KeyRing, parse_box
from ledger.sealing.punctured import Place

_LEAST = 8
"""Characters below which a text is not looked for inside others: a single word is everywhere."""


class Copy(NamedTuple):
    """Where a text stands again; ``how``: the same, within a longer text, or a part of it."""

    position: int
    field: str
    how: str

    def __str__(self) -> str:
        """Return position and field, and how far it is the same."""
        return f"{self.position} {self.field}{f' ({self.how})' if self.how else ''}"


def copies(ring: KeyRing, gone: Place, text: str, others: Iterable[Place]) -> Iterator[Copy]:
    """Yield where else a text stands, whole or within a longer one, about anybody.

    ``gone``: where it is to be taken away. Of the same person also where a part of it stands by
    itself, since a reason is copied into a longer one (leave that was falsified). A text that does
    not open is passed over: `attendance verify` tells of it.
    """
    sought, subject = _plain(text), parse_box(gone.text).subject
    for place in others:
        if place[:2] == gone[:2]:
            continue
        found = _plain(_opened(ring, place.text))
        if found == sought:
            yield Copy(place.position, place.field, "")
        elif _within(sought, found):
            yield Copy(place.position, place.field, "within a longer text")
        elif _within(found, sought) and parse_box(place.text).subject == subject:
            yield Copy(place.position, place.field, "a part of it")


def check_reason(reason: str, text: str) -> None:
    """Refuse a reason that says again what is to go: a reason of a redaction stays.

    ``text``: as it opens; what is gone already cannot be compared.
    """
    sought, found = _plain(text), _plain(reason)
    if text != REDACTED and (found == sought or _within(sought, found)):
        raise Refused(
            "reason-repeats",
            "the reason repeats the text that is to go, and stays itself",
            "say why without saying what the text said",
        )


def _opened(ring: KeyRing, sealed: str) -> str:
    try:
        text = ring.open(sealed)
    except Refused:
        return ""
    return "" if text in (BEYOND_USE, REDACTED) else text


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _within(part: str, whole: str) -> bool:
    return len(part) >= _LEAST and part in whole
