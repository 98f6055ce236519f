"""The admission register in a copy for the family: details, roll, groups, people, notices."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from projections.disclosure.copy import RELATION_FLAGS, THIRD_PARTY, Copy, Section, staff_in_words
from projections.readmodel.records.penalties import Notice
from projections.readmodel.records.roll import Details, Membership, Parent, Relation, Spell
from projections.roll import admission_rows

_DETAILS = {
    "surname": "Surname",
    "forename": "Forename",
    "name_used": "Name used",
    "upn": "UPN",
    "local_id": "Local id",
    "dob": "Date of birth",
    "sex": "Sex",
    "address": "Address",
    "last_school": "Last school",
}
_CONTACTS = ("address", "phone", "email")


def people_sections(copy: Copy) -> Iterator[Section]:
    """Yield what the admission register holds, and the notices given to whoever asks."""
    yield _details(copy)
    yield _roll(copy)
    yield _groups(copy)
    yield _people(copy)
    yield _amendments(copy)
    yield _notices(copy)


def _details(copy: Copy) -> Section:
    stated = [
        {"detail": heading, "stated": copy.without_place(field, copy.view.open(text))}
        for details in copy.view.standing(Details, pupil=copy.pupil)
        for field, heading in _DETAILS.items()
        if (text := getattr(details, field))
    ]
    columns = {"detail": "Detail", "stated": "As it stands"}
    return Section("details", "Details on the admission register", columns, stated)


def _roll(copy: Copy) -> Section:
    found = [
        {
            "from": each.starts_on,
            "to": each.leaves_on,
            "ground": each.ground or None,
            "next_school": copy.without_place("next_school", copy.view.open(each.next_school)),
        }
        for each in sorted(
            copy.view.standing(Spell, pupil=copy.pupil), key=lambda each: each.starts_on
        )
    ]
    headings = {"from": "First day", "to": "Last day", "ground": "Ground", "next_school": "Next"}
    return Section("roll", "On roll", headings, found)


def _groups(copy: Copy) -> Section:
    known = copy.view.standing(Membership, pupil=copy.pupil)
    found = [
        {"kind": each.kind, "name": each.name, "from": each.since, "to": each.until}
        for each in sorted(known, key=lambda m: (m.kind, m.since or date.min, m.name))
    ]
    headings = {"kind": "Kind", "name": "Group", "from": "From", "to": "To"}
    return Section("groups", "Years, registration groups and cohorts", headings, found)


def _people(copy: Copy) -> Section:
    found = [_person(copy, parent, relation) for parent, relation in copy.parents.items()]
    headings = {
        "name": "Name",
        "relationship": "Is",
        "lives_with": "Lives with",
        "parental_responsibility": "Parental responsibility",
        "care": "Care",
        "address": "Address",
        "phone": "Telephone",
        "email": "E-mail",
    }
    return Section("people", "Parents and contacts", headings, found)


def _person(copy: Copy, parent: str, relation: Relation) -> dict[str, Any]:
    """Return a parent as whoever asks may see them.

    A parent sees themselves and that there are others; a pupil sees names, and no contacts.
    """
    stated: dict[str, str | None] = dict.fromkeys(_CONTACTS)
    for known in copy.view.standing(Parent, parent=parent):
        stated = {field: copy.view.open(getattr(known, field)) for field in _CONTACTS}
    own = parent == copy.parent
    shown = {
        field: copy.without_place(field, stated[field]) if own else stated[field] and THIRD_PARTY
        for field in _CONTACTS
    }
    return {
        "name": copy.name_of(parent) if own or copy.parent is None else THIRD_PARTY,
        "relationship": copy.view.open(relation.relationship),
        **{flag: getattr(relation, flag) for flag in RELATION_FLAGS},
        **shown,
    }


def _amendments(copy: Copy) -> Section:
    """Return the amendments about the pupil and whoever asks; of others only that they were."""
    found = [
        _amendment(copy, row)
        for row in admission_rows.amendments(copy.view, copy.describer, [copy.pupil])
    ]
    headings = {
        "field": "Detail",
        "original": "Was",
        "amended": "Became",
        "reason": "Why",
        "on": "When",
        "by": "By",
    }
    return Section("admission_amendments", "Amendments of these", headings, found)


def _amendment(copy: Copy, row: Mapping[str, Any]) -> dict[str, Any]:
    parent, field = row["parent_id"], row["field"]
    hidden = parent is not None and parent != copy.parent
    was, became = (
        row[each] and THIRD_PARTY if hidden else copy.without_place(field, row[each])
        for each in ("original", "amended")
    )
    return {
        "field": field if parent is None else f"{field} ({THIRD_PARTY if hidden else parent})",
        "original": was,
        "amended": became,
        "reason": copy.release(row["reason"]),
        "on": (row["stated_at"] or row["recorded_at"])[:10],
        "by": staff_in_words(row["by"]),
    }


def _notices(copy: Copy) -> Section:
    known = copy.view.standing(Notice, pupil=copy.pupil)
    own = [each for each in known if each.parent == copy.parent]
    headings = {
        "kind": "Kind",
        "issued_on": "Issued",
        "offence_first": "From",
        "offence_last": "To",
        "paid_on": "Paid",
        "withdrawn_on": "Withdrawn",
        "outcome": "Outcome",
    }
    found = [
        {"parent": each.parent, **{name: getattr(each, name) for name in headings}}
        for each in sorted(own, key=lambda each: each.issued_on)
    ]
    others = len(known) - len(own)
    notes = ["Notices to anybody else are about them, and are left out."] if others else []
    return Section("notices", "Penalty notices to whoever asks", headings, found, notes)
