"""The people in a copy for the family: who asks, what they may see, who is left out.

Third parties are redacted (UK GDPR art 15(4)). A confidential address never appears: not the
parent's, and not the pupil's, which may be the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from ledger.errors import Refused
from ledger.sealing.keys import BEYOND_USE, REDACTED
from policies.law.disclosure import barred, entitled
from projections.queries.question import Grid, Lines
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.roll import admission_rows

# -- subject_access_mask -------------------------------------------------------------------
# What is taken out of free text that a person has reviewed: simple matches, a second safeguard.
#
# Only what is written as it is recorded is found, in whatever case and with whatever spaces.


MASKED = "[redacted: another person]"
_LEAST = 3
_LEAST_DIGITS = 6


class Mask:
    """What names or leads to others than the pupil and the parent who asks (none: the pupil).

    Whatever was ever recorded counts, whenever the copy is as at.
    """

    def __init__(self, view: View, pupil: int, parent: str | None) -> None:
        self._view, self._pupil, self._parent = view, pupil, parent

    def __call__(self, text: str) -> str:
        """Return a text without what is found in it."""
        return self._pattern.sub(MASKED, text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        own = {_plain(text) for text in self._own()}
        found = {text for text in self._others() if _plain(text) not in own}
        patterns = {*map(_written, {*found, *self._confidential()}), *self._telephones(own)}
        longest_first = sorted(patterns, key=lambda each: (-len(each), each))
        either = "|".join(longest_first) or "(?!)"
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)

    def _own(self) -> Iterator[str]:
        yield from self._names("details", "pupil = ?", self._pupil, used=True)
        for column in ("address", "email", "phone"):
            yield from self._texts(column, "parent = ?", self._parent)
        yield from self._names("parents", "parent = ?", self._parent)

    def _others(self) -> Iterator[str]:
        yield from self._names("details", "pupil != ?", self._pupil, used=True)
        for address in self._texts("address", "parent IS NOT ?", self._parent):
            yield from _parts(address)
        yield from self._texts("email", "parent IS NOT ?", self._parent)
        if self._parent is not None:
            where = "parent != ? AND parent IN (SELECT parent FROM relations WHERE pupil = ?)"
            yield from self._names("parents", where, self._parent, self._pupil)

    def _confidential(self) -> Iterator[str]:
        where = "parent IN (SELECT parent FROM parents WHERE address_confidential = 'yes')"
        for address in self._texts("address", where):
            yield from _parts(address)

    def _telephones(self, own: set[str]) -> Iterator[str]:
        for phone in self._texts("phone", "parent IS NOT ?", self._parent):
            digits = re.findall(r"\d", phone)
            if _plain(phone) in own:
                continue
            long = len(digits) >= _LEAST_DIGITS
            yield r"[\s()./-]*".join(digits) if long else _written(phone)

    def _texts(self, column: str, where: str, *values: Any) -> Iterator[str]:  # noqa: ANN401
        sql = f"SELECT DISTINCT {column} FROM parents WHERE {where}"  # noqa: S608 - our own names
        for (sealed,) in self._view.db.execute(sql, values):
            text = self._opened(sealed)
            if len(text) >= _LEAST:
                yield text

    def _names(
        self,
        table: str,
        where: str,
        *values: Any,  # noqa: ANN401
        used: bool = False,
    ) -> Iterator[str]:
        """Yield full names, either way round."""
        columns = "surname, forename, name_used" if used else "surname, forename"
        sql = f"SELECT DISTINCT {columns} FROM {table} WHERE {where}"  # noqa: S608 - our own names
        for sealed in self._view.db.execute(sql, values):
            surname, *first = map(self._opened, sealed)
            for name in filter(None, first if surname else ()):
                yield f"{name} {surname}"
                yield f"{surname}, {name}"

    def _opened(self, sealed: str | None) -> str:
        text = (self._view.open(sealed) or "").strip()
        return "" if text in (BEYOND_USE, REDACTED) else text


def _parts(address: str) -> Iterator[str]:
    """Yield an address, and its first line where that is one of a house."""
    yield address
    first = re.split(r"[,\n]", address)[0].strip()
    if re.search(r"\d", first) and re.search(r"\s", first):
        yield first


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _written(text: str) -> str:
    """Return a pattern of a text, with whatever spaces and commas between its words."""
    return r"[\s,]+".join(map(re.escape, re.split(r"[\s,]+", text.strip(", \n"))))


# -- subject_access_section ----------------------------------------------------------------
# One part of a copy for the family: the same rows to be read and as data.


THIRD_PARTY = "[another person]"
CONFIDENTIAL = "[confidential address]"
FOR_REVIEW = "[held back for review: may name others]"


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table; ``columns``: key of a row -> its heading; ``notes`` stand beneath."""

    key: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = ()

    def block(self) -> Grid | Lines:
        """Return the part to be read; where nothing is held, a line says so."""
        if not self.rows:
            return Lines([f"{self.title}: none on record", *self.notes, ""])
        body = [tuple(_shown(row[key]) for key in self.columns) for row in self.rows]
        return Grid(self.title, tuple(self.columns.values()), body, notes=self.notes)


def _shown(value: Any) -> str:  # noqa: ANN401 - any value of a row
    return "" if value is None else str(value)


# -- copy ----------------------------------------------------------------------------------
# The people in a copy for the family: who asks, what they may see, who is left out.
#
# Third parties are redacted (UK GDPR art 15(4)). A confidential address never appears: not the
# parent's, and not the pupil's, which may be the same.


_WHERE = ("address", "last_school", "next_school", "phone", "email")
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
_NAMES = ("title", "surname", "forename")
_CONTACTS = ("address", "phone", "email")
_FLAGS = ("lives_with", "parental_responsibility", "care")


@dataclass
class Copy:
    """Whose copy is made, for whom, and what may be seen.

    ``pupil``: row number; ``who``: UPN or local id as asked; ``parent``: the id of the parent
    who asks, none for the pupil; ``review``: the staff id of who reviewed the free text, none
    where nobody did; ``authority``: by which somebody asks who is no parent by responsibility or
    care; ``held``: how many texts were held back so far.
    """

    view: View
    pupil: int
    who: str
    parent: str | None
    review: str | None
    authority: str | None = None
    held: int = 0

    @cached_property
    def describer(self) -> Describer:
        """Names and times of what was recorded."""
        return Describer(self.view)

    @cached_property
    def parents(self) -> dict[str, dict[str, Any]]:
        """Everyone recorded as parent or contact, with what they are to the pupil."""
        columns = ("parent", "relationship", "contact_order", "no_contact", *_FLAGS)
        rows = self.view.stood(", ".join(columns), "relations", "pupil = :v0", self.pupil)
        relations = (dict(zip(columns, row, strict=True)) for row in rows)
        return {r["parent"]: r for r in sorted(relations, key=_by_contact_order)}

    @cached_property
    def confidential(self) -> bool:
        """Whether an address was ever stated to be confidential, whenever the copy is as at."""
        sql = (
            "SELECT 1 FROM parents p JOIN relations r ON r.parent = p.parent "
            "WHERE r.pupil = ? AND p.address_confidential = 'yes' LIMIT 1"
        )
        return self.view.db.execute(sql, [self.pupil]).fetchone() is not None

    @cached_property
    def mask(self) -> Mask:
        """What takes others out of a text."""
        return Mask(self.view, self.pupil, self.parent)

    def free(self, sealed: str | None) -> str | None:
        """Return a sealed free text as `told` does."""
        return self.told(self.view.open(sealed))

    def told(self, text: str | None) -> str | None:
        """Return a free text where it was reviewed, without others; else that it is held back."""
        if not text or text in (BEYOND_USE, REDACTED):
            return text
        if self.review is None:
            self.held += 1
            return FOR_REVIEW
        return self.mask(text)

    def name_of(self, parent: str) -> str:
        """Return a parent's name as recorded."""
        columns = ", ".join(_NAMES)
        rows = self.view.stood(columns, "parents", "parent = :v0", parent)
        title, surname, forename = map(self.view.open, rows[0] if rows else (None,) * 3)
        return " ".join(filter(None, (title, forename, surname)))

    def where(self, field: str, text: str | None) -> str | None:
        """Return a detail in clear, but none that tells where somebody lives in confidence."""
        return CONFIDENTIAL if text and self.confidential and field in _WHERE else text

    def check(self) -> None:
        """Refuse a parent to whom nothing may be given, by the newest that is recorded."""
        if self.parent is None:
            return
        sql = (
            "SELECT parental_responsibility, care, no_contact FROM relations "
            "WHERE parent = ? AND pupil = ? AND kt IS NULL"
        )
        row = self.view.db.execute(sql, [self.parent, self.pupil]).fetchone()
        flag = barred(row[2]) if row else "no relation is recorded"
        if flag is None and self.authority is None and not entitled(*row[:2]):
            flag = "neither parental_responsibility nor care is yes, and no --authority is given"
        if flag is not None:
            raise Refused(
                "parent-barred",
                f"nothing is given to {self.parent}: {flag}",
                "take advice before anything leaves",
            )


def _by_contact_order(relation: Mapping[str, Any]) -> tuple[int, str]:
    order = relation["contact_order"]
    return (order if order is not None else len(_FLAGS) << 20, relation["parent"])


def sections(copy: Copy) -> Iterator[Section]:
    """Yield what the admission register holds: details, roll, groups, people, amendments."""
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
        {"detail": heading, "stated": copy.where(field, copy.view.open(stated[field]))}
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
            "next_school": copy.where("next_school", copy.view.open(school)),
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
        field: copy.where(field, stated[field]) if own else stated[field] and THIRD_PARTY
        for field in _CONTACTS
    }
    return {
        "name": copy.name_of(parent) if own or copy.parent is None else THIRD_PARTY,
        "relationship": copy.view.open(relation["relationship"]),
        **{flag: relation[flag] for flag in _FLAGS},
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
        row[each] and THIRD_PARTY if hidden else copy.where(field, row[each])
        for each in ("original", "amended")
    )
    return {
        "field": field if parent is None else f"{field} ({THIRD_PARTY if hidden else parent})",
        "original": was,
        "amended": became,
        "reason": copy.told(row["reason"]),
        "on": (row["stated_at"] or row["recorded_at"])[:10],
        "by": named(row["by"]),
    }


def named(by: Mapping[str, Any] | None) -> str:
    """Return name and title of a member of staff, who acted in their job."""
    if by is None:
        return "not stated"
    return ", ".join(filter(None, (by["name"], by["job_title"]))) or "not stated"


def _notices(copy: Copy) -> Section:
    columns = ("parent", "kind", "issued_on", "offence_first", "offence_last", "paid_on")
    more = ("withdrawn_on", "outcome")
    rows = copy.view.stood(", ".join((*columns, *more)), "notices", "pupil = :v0", copy.pupil)
    own = [dict(zip((*columns, *more), row, strict=True)) for row in sorted(rows, key=_issued)]
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


def _issued(row: Any) -> tuple[date, str]:  # noqa: ANN401 - a row of the table
    return date.fromisoformat(row[2]), row[0]
