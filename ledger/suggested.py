"""Commands that a text suggests, as they work where it is read: with ledger and name as given.

A text says ``attendance pupil find NAME``; whoever typed ``--ledger`` or ``--as`` before a command
has to type them again, and is shown them. What the environment sets holds for what is copied too.
"""

import re
import shlex
from collections.abc import Iterable
from typing import NamedTuple

from ledger.form import Place

_UNSIGNED = ("backup", "demo", "evidence", "import", "init", "timestamp")
"""First words of commands that record without a name, or record nothing."""
NOBODY = "STAFF_ID"


class Given(NamedTuple):
    """What was typed before a command; ``named``: whether anybody is named, however."""

    ledger: str | None = None
    staff: str | None = None
    named: bool = False


def suggesting(places: Iterable[Place], given: Given, text: str) -> str:
    """Return a text whose commands are as they have to be typed."""
    if "attendance " not in text:
        return text
    known = {" ".join(place.words): place for place in places}
    longest = sorted(known, key=len, reverse=True)
    command = re.compile(rf"\battendance ({'|'.join(map(re.escape, longest))})(?![\w-])")
    return command.sub(lambda found: _as_typed(known[found[1]], given), text)


def _as_typed(place: Place, given: Given) -> str:
    before = [] if given.ledger is None else ["--ledger", given.ledger]
    signs = place.module.startswith("commands.") and place.words[0] not in _UNSIGNED
    if signs and (given.staff is not None or not given.named):
        before += ["--as", given.staff or NOBODY]
    return " ".join(("attendance", shlex.join(before), *place.words)).replace("  ", " ")
