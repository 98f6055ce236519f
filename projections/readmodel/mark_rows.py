"""Where the versions of a mark stand in their table: one number for pupil, session and version.

So a pupil's history lies together, and no second index has to be kept. Apart from the models,
since questions look for marks by these numbers without loading what writes them.
"""

from collections.abc import Iterable
from datetime import date, timedelta

VERSIONS = 1 << 12
"""Room for the versions of one mark."""
_SESSIONS = 1 << 16
OF_A_PUPIL = _SESSIONS * VERSIONS
"""Room for all marks of one pupil."""
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = FIRST_DAY + timedelta(days=_SESSIONS // 2 - 1)
"""The days of which a pupil's marks have their place."""


class _Ordinals(dict[str, int]):
    """Session -> its place among the half days since 2000, as far from the next as versions go."""

    def __missing__(self, session: str) -> int:
        days = (date.fromisoformat(session[:10]) - FIRST_DAY).days
        found = self[session] = (2 * days + (session[11] == "P")) * VERSIONS
        return found


_ordinals = _Ordinals()


def row_id(pupil: int, session: str) -> int:
    """Return the id of version 1 of a pupil's mark; later versions follow it."""
    return pupil * OF_A_PUPIL + _ordinals[session]


def row_ids_of(pupils: Iterable[int], sessions: Iterable[str]) -> list[int]:
    """Return the ids of version 1 of many marks."""
    pairs = zip(pupils, sessions, strict=True)
    return [pupil * OF_A_PUPIL + _ordinals[session] for pupil, session in pairs]


def version_ids(pupil: int, session: str) -> tuple[int, int]:
    """Return the ids between which the versions of one mark lie."""
    first = row_id(pupil, session)
    return first, first + VERSIONS - 1


def row_ids(pupil: int, first: date, last: date) -> tuple[int, int]:
    """Return the ids between which every version of a pupil's marks from day to day lies."""
    return row_id(pupil, f"{first}/AM"), version_ids(pupil, f"{last}/PM")[1]
