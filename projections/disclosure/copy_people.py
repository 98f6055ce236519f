"""The admission register in a copy for the family: details, roll, groups, people, notices."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from projections.disclosure.copy import RELATION_FLAGS, THIRD_PARTY, Copy, Section, staff_in_words
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
    rows = copy.view.stood(", ".join(_DETAILS), "details", "pupil = :v0", copy.pupil)
    stated = dict(zip(_DETAILS, rows[0], strict=True)) if rows else {}
    found = [
        {"detail": heading, "stated": copy.without_place(field, copy.view.open(stated[field]))}
        for field, heading in _DETAILS.items()
        if stated.get(field)
    ]
    columns = {"detail": "Detail", "stated": "As it stands"}
    return Section("details", "Details on the admission register", columns, found)


def _roll(copy: Copy) -> Section:
    columns = "starts_on, leaves_on, ground, next_school"
    found = [
        {
            "from": first,
            "to": last,
            "ground": ground or None,
            "next_school": copy.without_place("next_school", copy.view.open(school)),
        }
        for first, last, ground, school in sorted(
            copy.view.stood(columns, "roll", "pupil = :v0", copy.pupil)
        )
    ]
    headings = {"from": "First day", "to": "Last day", "ground": "Ground", "next_school": "Next"}
    return Section("roll", "On roll", headings, found)


def _groups(copy: Copy) -> Section:
    found = [
        {"kind": kind, "name": name, "from": since, "to": until}
        for kind, name, since, until in sorted(
            copy.view.stood("kind, name, since, until", "memberships", "pupil = :v0", copy.pupil),
            key=lambda row: (row[0], row[2] or "", row[1]),
        )
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


def _person(copy: Copy, parent: str, relation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parent as whoever asks may see them.

    A parent sees themselves and that there are others; a pupil sees names, and no contacts.
    """
    rows = copy.view.stood(", ".join(_CONTACTS), "parents", "parent = :v0", parent)
    texts = map(copy.view.open, rows[0] if rows else [None] * len(_CONTACTS))
    stated = dict(zip(_CONTACTS, texts, strict=True))
    own = parent == copy.parent
    shown = {
        field: copy.without_place(field, stated[field]) if own else stated[field] and THIRD_PARTY
        for field in _CONTACTS
    }
    return {
        "name": copy.name_of(parent) if own or copy.parent is None else THIRD_PARTY,
        "relationship": copy.view.open(relation["relationship"]),
        **{flag: relation[flag] for flag in RELATION_FLAGS},
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
    columns = ("parent", "kind", "issued_on", "offence_first", "offence_last", "paid_on")
    more = ("withdrawn_on", "outcome")
    rows = copy.view.stood(", ".join((*columns, *more)), "notices", "pupil = :v0", copy.pupil)
    own = [dict(zip((*columns, *more), row, strict=True)) for row in sorted(rows, key=_by_issue)]
    found = [{**row} for row in own if row["parent"] == copy.parent]
    others = len(own) - len(found)
    headings = {
        "kind": "Kind",
        "issued_on": "Issued",
        "offence_first": "From",
        "offence_last": "To",
        "paid_on": "Paid",
        "withdrawn_on": "Withdrawn",
        "outcome": "Outcome",
    }
    notes = ["Notices to anybody else are about them, and are left out."] if others else []
    return Section("notices", "Penalty notices to whoever asks", headings, found, notes)


def _by_issue(row: Any) -> tuple[date, str]:  # noqa: ANN401 - a row of the table
    return date.fromisoformat(row[2]), row[0]
