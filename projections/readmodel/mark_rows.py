"""Where the versions of a mark stand in their table: one number for pupil, session and version.

So a pupil's history lies together, and no second index has to be kept. Apart from the models,
since questions look for marks by these numbers without loading what writes them.
"""

from datetime import date, timedelta

VERSIONS = 1 << 12
"""Room for the versions of one mark."""
_SESSIONS = 1 << 16
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = FIRST_DAY + timedelta(days=_SESSIONS // 2 - 1)
"""The days of which a pupil's marks have their place."""
_ordinals: dict[str, int] = {}


def row_id(pupil: int, session: str) -> int:
    """Return the id of version 1 of a pupil's mark; later versions follow it."""
    ordinal = _ordinals.get(session)
    if ordinal is None:
        days = (date.fromisoformat(session[:10]) - FIRST_DAY).days
        ordinal = _ordinals[session] = 2 * days + (session[11] == "P")
    return (pupil * _SESSIONS + ordinal) * VERSIONS


def version_ids(pupil: int, session: str) -> tuple[int, int]:
    """Return the ids between which the versions of one mark lie."""
    first = row_id(pupil, session)
    return first, first + VERSIONS - 1


def row_ids(pupil: int, first: date, last: date) -> tuple[int, int]:
    """Return the ids between which every version of a pupil's marks from day to day lies."""
    return row_id(pupil, f"{first}/AM"), version_ids(pupil, f"{last}/PM")[1]
