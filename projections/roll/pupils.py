"""Find pupils by part of a name, UPN or local id."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.english import number_of
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Question, argument
from projections.queries.view import Person, View


@dataclass(frozen=True, slots=True)
class FoundPupil:
    """A pupil, the groups of a day, and whether on roll that day."""

    person: Person
    groups: Sequence[str]
    on_roll: bool


COLUMNS: tuple[Column[FoundPupil], ...] = (
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("local_id", "Local id", lambda row: row.person.local_id or None),
    Column("", "Name", text=lambda row: f"{row.person.forename} {row.person.surname}"),
    Column("surname", value=lambda row: row.person.surname),
    Column("forename", value=lambda row: row.person.forename),
    Column("groups", "Groups"),
    Column("on_roll", "On roll"),
)


@dataclass(frozen=True, kw_only=True)
class PupilFind(Question[list[FoundPupil]]):
    """attendance pupil find: find pupils by part of a name, UPN or local id.

    Pupils whose name, UPN or local id contains a text, on roll or not.
    """

    text: str = argument("part of a name, UPN or local id", metavar="TEXT")

    def find(self, view: View) -> list[FoundPupil]:
        """Find the pupils, by surname and forename."""
        wanted = self.text.casefold()
        found = [p for p in view.people.values() if any(wanted in t.casefold() for t in _names(p))]
        found.sort(key=lambda p: (p.surname, p.forename, p.upn))
        return [_found(view, person) for person in found]

    def present(self, found: list[FoundPupil]) -> Answer:
        """Show one row a pupil."""
        listing = Listing(COLUMNS, found)
        title = f"{number_of(len(found), 'pupil')} found for {self.text!r}"
        return Answer({"rows": listing}, blocks=[listing.grid(title)])

    def unknown(self) -> Answer:
        """Return nobody."""
        return Answer({"rows": Listing(COLUMNS, [])})


def _names(person: Person) -> tuple[str, ...]:
    full = f"{person.forename} {person.surname}"
    return (person.upn, person.local_id, full, person.name)


def _found(view: View, person: Person) -> FoundPupil:
    mine = (m for m in view.memberships if m.pupil == person.index)
    groups = sorted(m.name for m in mine if m.covers(view.on))
    on_roll = any(s.pupil == person.index and s.covers(view.on) for s in view.spells)
    return FoundPupil(person, groups, on_roll)
