"""Commands that a text suggests, as they work where it is read: with ledger and name as given.

A text says ``attendance pupil find NAME``; whoever typed ``--ledger`` or ``--as`` before a command
has to type them again, and is shown them. What the environment sets holds for what is copied too.
"""

import re
import shlex
from collections.abc import Callable, Iterable
from typing import NamedTuple

from ledger import names
from ledger.form import Place

_GIVING, _ROLES = ("staff add", "staff change"), "staff roles"
"""Commands that, with a role, are another act too: that of giving one."""
NOBODY = "STAFF_ID"


class Given(NamedTuple):
    """What was typed before a command; ``named``: whether anybody is named, however.

    ``signs``: of a command's words, whether somebody has to be named for it; ``lacking``: in words
    who may give it where whoever is named may not; empty where they may; ``written``: the texts
    that were typed with a command, which stay as they are.
    """

    ledger: str | None = None
    staff: str | None = None
    named: bool = False
    signs: Callable[[str], bool] = lambda _: False
    lacking: Callable[[str], str] = lambda _: ""
    written: tuple[str, ...] = ()


def suggesting(places: Iterable[Place], given: Given, text: str) -> str:
    """Return a text whose commands are as they have to be typed, by somebody who may give them.

    What somebody wrote stays as it is (`names.as_written`), however much it reads like a command.
    """
    if "attendance" not in text:
        return text
    for each in sorted(given.written, key=len, reverse=True):
        text = text.replace(each, names.as_written(each))
    longest = sorted((" ".join(place.words) for place in places), key=len, reverse=True)
    words = "|".join(map(re.escape, longest))
    command = re.compile(rf"\battendance ({words})(?![\w-])([A-Z_ ]* --role )?")
    others: dict[str, None] = {}

    def as_typed(found: re.Match[str]) -> str:
        signs = given.signs(found[1])
        gives = found[2] and found[1] in _GIVING
        other = given.lacking(_ROLES if gives else found[1]) if signs and given.named else ""
        if other:
            others[other] = None
        before = [] if given.ledger is None else ["--ledger", given.ledger]
        if signs and (other or given.staff is not None or not given.named):
            before += ["--as", NOBODY if other or given.staff is None else given.staff]
        typed = ("attendance", shlex.join(before), found[1])
        return " ".join(filter(None, typed)) + (found[2] or "")

    shown = names.shown(command.sub(as_typed, text))
    return f"{shown} (--as somebody who is {' or '.join(others)})" if others else shown
