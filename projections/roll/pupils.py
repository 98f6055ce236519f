"""Find pupils by part of a name, UPN or local id."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger import names
from ledger.english import number_of
from ledger.sealing.keys import BEYOND_USE
from projections.queries.columns import Column, Listing
from projections.queries.people import Person
from projections.queries.question import Answer, Question, argument
from projections.queries.view import View
from projections.readmodel.records.roll import Details


@dataclass(frozen=True, slots=True)
class FoundPupil:
    """A pupil, the groups of a day, whether on roll that day; UPNs and local ids held before.

    ``by``: the former one that was looked for, if it was.
    """

    person: Person
    groups: Sequence[str]
    on_roll: bool
    formerly: Sequence[str]
    by: str | None

    @property
    def name(self) -> str:
        """The name, and the former number by which the pupil was found."""
        name = f"{self.person.forename} {self.person.surname}"
        return name if self.by is None else f"{name} (formerly {self.by})"


COLUMNS: tuple[Column[FoundPupil], ...] = (
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("local_id", "Local id", lambda row: row.person.local_id or None),
    Column("", "Name", text=lambda row: row.name),
    Column("surname", value=lambda row: row.person.surname),
    Column("forename", value=lambda row: row.person.forename),
    Column("groups", "Groups"),
    Column("on_roll", "On roll"),
    Column("formerly", value=lambda row: row.formerly or None, sparse=True, csv=False),
)


@dataclass(frozen=True, kw_only=True)
class PupilFind(Question[list[FoundPupil]]):
    """attendance pupil find: find pupils by part of a name, UPN or local id.

    Pupils whose name, UPN or local id contains a text, on roll or not; a number held before too.
    Accents, apostrophes, hyphens and case do not matter: edie finds Édie.
    """

    text: str = argument("part of a name, UPN or local id", metavar="TEXT")

    def find(self, view: View) -> list[FoundPupil]:
        """Find the pupils, by surname and forename."""
        former = _former(view)
        found = [
            _found(view, person, former.get(person.index, []), by)
            for person in view.people.values()
            for by in _found_by(self.text, person, former.get(person.index, []))
        ]
        found.sort(key=lambda row: (row.person.surname, row.person.forename, row.person.upn))
        return found

    def present(self, found: list[FoundPupil]) -> Answer:
        """Show one row a pupil."""
        listing = Listing(COLUMNS, found)
        title = f"{number_of(len(found), 'pupil')} found for {self.text!r}"
        return Answer({"rows": listing}, blocks=[listing.grid(title)])

    def unknown(self) -> Answer:
        """Return nobody."""
        return Answer({"rows": Listing(COLUMNS, [])})


def _found_by(text: str, person: Person, former: Sequence[str]) -> Iterator[str | None]:
    """Yield the former number by which a pupil is found; none where it is by what holds now."""
    name, number = names.search_key(text), names.tidy(text).casefold()
    full = (f"{person.forename} {person.surname}", person.name)
    named = any(name in names.search_key(each) for each in full) and (name or not number)
    if named or any(number in each.casefold() for each in (person.upn, person.local_id)):
        yield None
        return
    yield from [each for each in former if number in each.casefold()][:1]


def _former(view: View) -> dict[int, list[str]]:
    """Return the UPNs and local ids that pupils had and have no more, the oldest first."""
    versions: dict[int, list[Details]] = {}
    for each in view.ever(Details):
        versions.setdefault(each.pupil, []).append(each)
    return {
        pupil: _no_more(view, sorted(found, key=lambda each: each.kf))
        for pupil, found in versions.items()
        if len(found) > 1 and pupil in view.people
    }


def _no_more(view: View, versions: Sequence[Details]) -> list[str]:
    person = view.people[versions[0].pupil]
    sealed = (each for version in versions for each in (version.upn, version.local_id))
    held = dict.fromkeys(view.open(each) for each in sealed)
    now = (None, BEYOND_USE, person.upn, person.local_id)
    return [each for each in held if each is not None and each not in now]


def _found(view: View, person: Person, formerly: Sequence[str], by: str | None) -> FoundPupil:
    mine = (m for m in view.memberships if m.pupil == person.index)
    groups = sorted(m.name for m in mine if m.covers(view.on))
    on_roll = any(s.pupil == person.index and s.covers(view.on) for s in view.spells)
    return FoundPupil(person, groups, on_roll, formerly, by)
