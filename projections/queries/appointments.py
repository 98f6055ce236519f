"""Roles given where nobody was head or authoriser, who could have given them: told everywhere."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ledger.clock import local
from projections.queries.versions import recorded_fields
from projections.queries.view import View
from projections.readmodel.records.school import RoleChange


class Appointment(NamedTuple):
    """That somebody was given roles so: by an entry, when, why and by whom, where that is open.

    ``by``: none where nobody was on the staff who could be named.
    """

    position: int
    at: int
    staff_id: str
    roles: Sequence[str]
    reason: str | None
    by: str | None

    @property
    def words(self) -> str:
        """Say it in a sentence, without names."""
        return (
            f"entry {self.position} of {local(self.at):%Y-%m-%d}: nobody was head or authoriser, "
            f"and the role {' and '.join(self.roles)} was given all the same"
        )


def appointments(view: View) -> list[Appointment]:
    """Return them in the order of the log."""
    found = (each for each in view.standing(RoleChange) if each.vacant)
    return [
        Appointment(
            each.position,
            view.commits.of(each.position).at,
            each.staff,
            each.given,
            view.open(each.reason),
            each.by,
        )
        for each in sorted(found, key=lambda each: each.position)
    ]


def field(found: Iterable[Appointment], *, names: bool = True) -> dict[str, Any]:
    """Return what a document says of them: nothing where there are none."""
    rows = [_document(each, names=names) for each in found]
    return {"appointed": rows} if rows else {}


def _document(each: Appointment, *, names: bool) -> dict[str, Any]:
    named = {"staff_id": each.staff_id, "reason": each.reason, "by": each.by}
    told = {"position": each.position, **recorded_fields(each.at), "roles": list(each.roles)}
    return told | (named if names else {})


def lines(found: Iterable[Appointment]) -> Iterator[str]:
    """Yield a sentence of each, with whom, by whom and why."""
    for each in found:
        yield f"{each.words}, to {each.staff_id} by {each.by or 'nobody named'}: {each.reason}"
