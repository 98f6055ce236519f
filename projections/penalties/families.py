"""Parents and earlier notices as known: what one more notice would be, on our records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from ledger.values import parse_session
from policies.law.notices import Notice, prospect
from policies.law.parents import Liable, liable
from projections.queries.view import View

_RELATION = "pupil, parent, relationship, parental_responsibility, care, since, until"
_NOTICE = (
    "pupil, parent, kind, issued_on, offence_first, offence_last, received_on, paid_on, "
    "withdrawn_on, outcome, outcome_on, sessions"
)


class Parent(NamedTuple):
    """Somebody who is a parent, or not ruled out, as far as the record says."""

    parent_id: str
    liable: Liable
    has_address: bool


@dataclass
class Families:
    """The parents, notices and confirmations of a view, read once for a whole answer."""

    view: View

    @cached_property
    def notices(self) -> dict[int, list[tuple[str, Notice]]]:
        """Every notice known, with its parent, for each child; the earliest first."""
        found: dict[int, list[tuple[str, Notice]]] = {}
        for row in sorted(self.view.stood(_NOTICE, "notices"), key=lambda r: (r[0], r[3], r[1])):
            found.setdefault(row[0], []).append((row[1], _notice(row[2:])))
        return found

    def notices_for(self, pupil: int) -> list[Notice]:
        """Return the notices for a child, to whichever parent."""
        return [notice for _, notice in self.notices.get(pupil, ())]

    @cached_property
    def _relations(self) -> dict[int, list[tuple[Any, ...]]]:
        found: dict[int, list[tuple[Any, ...]]] = {}
        on = self.view.on.isoformat()
        for row in sorted(self.view.stood(_RELATION, "relations"), key=lambda r: (r[0], r[1])):
            pupil, parent, *stated, since, until = row
            if (since or on) <= on <= (until or on):
                found.setdefault(pupil, []).append((parent, *stated))
        return found

    @cached_property
    def _addresses(self) -> set[str]:
        return {parent for parent, address in self.view.stood("parent, address", "parents")
                if address}  # fmt: skip

    @cached_property
    def _confirmed(self) -> dict[tuple[int, str], str]:
        """The last day by ``on`` on which the authority confirmed, for child and parent."""
        columns = "pupil, parent, confirmed_on"
        rows = self.view.stood(
            columns, "confirmations", "confirmed_on <= :v0", self.view.on.isoformat()
        )
        return {(pupil, parent): day for pupil, parent, day in sorted(rows)}

    def parents(self, pupil: int) -> Iterator[Parent]:
        """Yield those who are parents of a child or not ruled out, by id."""
        for parent, relationship, responsibility, care in self._relations.get(pupil, ()):
            words = self.view.open(relationship)
            found = liable(responsibility, care, words, self.view.on)
            if found is not None:
                yield Parent(parent, found, parent in self._addresses)

    def row(self, pupil: int, parent: Parent) -> dict[str, Any]:
        """Return what one more notice to a parent would be, as an answer has it."""
        given = [n for who, n in self.notices.get(pupil, ()) if who == parent.parent_id]
        one_more = prospect(given, self.view.on)
        return {
            "parent_id": parent.parent_id,
            "liable": parent.liable,
            "previous": len(one_more.previous),
            "outcome": one_more.outcome,
            "amount_within_21_days": one_more.low,
            "amount": one_more.high,
            "la_confirmed_on": self._confirmed.get((pupil, parent.parent_id)),
        }


def _notice(row: tuple[Any, ...]) -> Notice:
    kind, issued, first, last, received, paid, withdrawn, outcome, decided, sessions = row
    return Notice(
        kind=kind,
        issued_on=date.fromisoformat(issued),
        offence_first=_day(first),
        offence_last=_day(last),
        received_on=_day(received),
        paid_on=_day(paid),
        withdrawn_on=_day(withdrawn),
        outcome=outcome,
        outcome_on=_day(decided),
        sessions=tuple(parse_session(text) for text in (sessions or "").split(";") if text),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
