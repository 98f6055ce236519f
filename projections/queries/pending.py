"""Amendments that wait for a second person's approval, as known at a view's point in time.

What stands is the mark as it was; but an answer that rests on it has to say that a change waits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.values import Session, parse_session
from projections.queries.question import number_of
from projections.queries.view import View

if TYPE_CHECKING:
    from projections.queries.rectangle import Flags

_COLUMNS = (
    "pupil, session, batch, original, code, grounds, reason, "
    '"by", name, job_title, position, minutes_late, nature'
)


@dataclass(frozen=True, slots=True)
class Pending:
    """One requested amendment that nobody has decided; ``reason``, ``name``, ``nature`` sealed.

    ``pupil``: the row number; ``position``: of the request.
    """

    pupil: int
    session: str
    batch: str
    original: str
    code: str
    grounds: tuple[str, ...]
    reason: str
    by: str
    name: str
    job_title: str
    position: int
    minutes_late: int | None = None
    nature: str | None = None

    @property
    def at(self) -> Session:
        """The session, read."""
        return parse_session(self.session)


def pending(view: View) -> list[Pending]:
    """Return what waits, by session and then pupil, whatever the session's date."""
    rows = view.stood(_COLUMNS, "approvals", "decision IS NULL")
    found = [_pending(row) for row in rows]
    return sorted(found, key=lambda each: (each.session, each.pupil))


def _pending(row: Sequence[Any]) -> Pending:
    grounds = tuple(row[5].split())
    return Pending(*row[:5], grounds, *row[6:])  # type: ignore[call-arg]


def shown(view: View, sessions: Sequence[Session], cells: "Flags") -> list[Pending]:
    """Return what waits on some cells of a register [pupils, sessions], such as those counted."""
    place = {session: n for n, session in enumerate(sessions)}
    return [
        each
        for each in pending(view)
        if each.pupil < len(cells) and each.at in place and cells[each.pupil, place[each.at]]
    ]


def added(found: Collection[Pending]) -> dict[str, int]:
    """Return what a document says of changes that wait: nothing where none does."""
    return {"pending": len(found)} if found else {}


def notes(found: Collection[Pending]) -> list[str]:
    """Say that changes wait, if any do: what is shown is without them."""
    if not found:
        return []
    waits = "waits" if len(found) == 1 else "wait"
    what = number_of(len(found), "requested amendment")
    return [f"{what} {waits} for approval; the marks stand as they were: attendance approvals"]
