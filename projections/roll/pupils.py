"""Find pupils by part of a name, UPN or local id."""

from dataclasses import dataclass
from typing import Any

from ledger.english import number_of
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Question, argument
from projections.queries.view import Person, View


@dataclass(frozen=True, kw_only=True)
class PupilFind(Question[Any]):
    """attendance pupil find: find pupils by part of a name, UPN or local id.

    Pupils whose name, UPN or local id contains a text, on roll or not.
    """

    text: str = argument("part of a name, UPN or local id", metavar="TEXT")

    def answer(self, view: View) -> Answer:
        """Answer with one row a pupil, by surname and forename."""
        wanted = self.text.casefold()
        found = [p for p in view.people.values() if any(wanted in t.casefold() for t in _names(p))]
        found.sort(key=lambda p: (p.surname, p.forename, p.upn))
        rows = [_row(view, person) for person in found]
        document = {"as_of": view.as_of(), "rows": rows}
        columns = ("upn", "local_id", "surname", "forename", "groups", "on_roll")
        if view.knows_nothing:
            return Answer(
                {**document, "knows_nothing": True}, columns, [Lines([view.ignorance()])]
            )
        body = [
            (
                r["upn"],
                r["local_id"] or "",
                f"{r['forename']} {r['surname']}",
                ", ".join(r["groups"]),
                "yes" if r["on_roll"] else "no",
            )
            for r in rows
        ]
        headings = ("UPN", "Local id", "Name", "Groups", "On roll")
        title = f"{number_of(len(rows), 'pupil')} found for {self.text!r}"
        grid = Grid(title, headings, body, notes=[view.provenance()])
        return Answer(document, columns, [grid])


def _names(person: Person) -> tuple[str, ...]:
    full = f"{person.forename} {person.surname}"
    return (person.upn, person.local_id, full, person.name)


def _row(view: View, person: Person) -> dict[str, Any]:
    return {
        "upn": person.upn,
        "local_id": person.local_id or None,
        "surname": person.surname,
        "forename": person.forename,
        "groups": sorted(
            m.name for m in view.memberships if m.pupil == person.index and m.covers(view.on)
        ),
        "on_roll": any(s.pupil == person.index and s.covers(view.on) for s in view.spells),
    }
