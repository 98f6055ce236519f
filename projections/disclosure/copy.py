"""Whose copy is made, who asks, what they may see, and what is taken out of free text.

Third parties are redacted (UK GDPR art 15(4)). A confidential address never appears: not the
parent's, and not the pupil's, which may be the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.errors import Refused
from ledger.sealing.keys import BEYOND_USE, REDACTED
from policies.law.disclosure import barring_flag, is_entitled
from projections.queries.blocks import Grid, Lines
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.record import Sealed
from projections.readmodel.records.roll import Details, Parent, Relation

THIRD_PARTY = "[another person]"
CONFIDENTIAL = "[confidential address]"
FOR_REVIEW = "[held back for review: may name others]"
MASKED = "[redacted: another person]"
_LEAST = 3
_LEAST_DIGITS = 6
_PLACES = ("address", "last_school", "next_school", "phone", "email")
RELATION_FLAGS = ("lives_with", "parental_responsibility", "care")
"""What a parent may be to a pupil, each yes, no or not stated."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a copy, to be read and as data: a titled table.

    ``columns``: key of a row -> its heading; ``notes`` stand beneath.
    """

    key: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = ()

    def block(self) -> Grid | Lines:
        """Return the part to be read; where nothing is held, a line says so."""
        if not self.rows:
            return Lines([f"{self.title}: none on record", *self.notes, ""])
        body = [tuple(_cell(row[key]) for key in self.columns) for row in self.rows]
        return Grid(self.title, tuple(self.columns.values()), body, notes=self.notes)


def _cell(value: Any) -> str:  # noqa: ANN401 - any value of a row
    return "" if value is None else str(value)


@dataclass
class Copy:
    """Whose copy is made, for whom, and what may be seen.

    ``pupil``: row number; ``who``: UPN or local id as asked; ``parent``: the id of the parent
    who asks, none for the pupil; ``review``: the staff id of who reviewed the free text, none
    where nobody did; ``authority``: by which somebody asks who is no parent by responsibility or
    care; ``held_back``: how many texts were held back so far.
    """

    view: View
    pupil: int
    who: str
    parent: str | None
    review: str | None
    authority: str | None = None
    held_back: int = 0

    @cached_property
    def describer(self) -> Describer:
        """Names and times of what was recorded."""
        return Describer(self.view)

    @cached_property
    def parents(self) -> dict[str, Relation]:
        """Everyone recorded as parent or contact, with what they are to the pupil."""
        known = self.view.standing(Relation, pupil=self.pupil)
        return {each.parent: each for each in sorted(known, key=_by_contact_order)}

    @cached_property
    def confidential(self) -> bool:
        """Whether an address was ever stated to be confidential, whenever the copy is as at."""
        related = {each.parent for each in self.view.in_log(Relation, pupil=self.pupil)}
        return bool(self.view.in_log(Parent, parent=related, address_confidential="yes"))

    @cached_property
    def mask(self) -> "Mask":
        """What takes others out of a text."""
        return Mask(self.view, self.pupil, self.parent)

    def release_sealed(self, sealed: Sealed | None) -> str | None:
        """Return a sealed free text as `release` does."""
        return self.release(self.view.open(sealed))

    def release(self, text: str | None) -> str | None:
        """Return a free text where it was reviewed, without others; else that it is held back."""
        if not text or text in (BEYOND_USE, REDACTED):
            return text
        if self.review is None:
            self.held_back += 1
            return FOR_REVIEW
        return self.mask(text)

    def name_of(self, parent: str) -> str:
        """Return a parent's name as recorded."""
        names = (
            self.view.open(name)
            for each in self.view.standing(Parent, parent=parent)
            for name in (each.title, each.forename, each.surname)
        )
        return " ".join(filter(None, names))

    def without_place(self, field: str, text: str | None) -> str | None:
        """Return a detail in clear, but none that tells where somebody lives in confidence."""
        return CONFIDENTIAL if text and self.confidential and field in _PLACES else text

    def check(self) -> None:
        """Refuse a parent to whom nothing may be given, by the newest that is recorded."""
        if self.parent is None:
            return
        flag: str | None = "no relation is recorded"
        for relation in self.view.newest(Relation, parent=self.parent, pupil=self.pupil):
            flag = barring_flag(relation.no_contact)
            entitled = is_entitled(relation.parental_responsibility, relation.care)
            if flag is None and self.authority is None and not entitled:
                flag = (
                    "neither parental_responsibility nor care is yes, and no --authority is given"
                )
        if flag is not None:
            raise Refused(
                "parent-barred",
                f"nothing is given to {self.parent}: {flag}",
                "take advice before anything leaves",
            )


def staff_in_words(by: Mapping[str, Any] | None) -> str:
    """Return name and title of a member of staff, who acted in their job."""
    if by is None:
        return "not stated"
    return ", ".join(filter(None, (by["name"], by["job_title"]))) or "not stated"


def _by_contact_order(relation: Relation) -> tuple[int, str]:
    order = relation.contact_order
    return (order if order is not None else len(RELATION_FLAGS) << 20, relation.parent)


# -- what is taken out of free text that a person has reviewed ----------------------------------
#
# A second safeguard: only what is written as it is recorded is found, in whatever case and with
# whatever spaces.


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
        own = {_normal_form(text) for text in self._own()}
        found = {text for text in self._others() if _normal_form(text) not in own}
        patterns = {*map(_pattern_of, {*found, *self._confidential()}), *self._telephones(own)}
        longest_first = sorted(patterns, key=lambda each: (-len(each), each))
        either = "|".join(longest_first) or "(?!)"
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)

    @cached_property
    def _pupils(self) -> list[Details]:
        return self._view.in_log(Details)

    @cached_property
    def _parents(self) -> list[Parent]:
        return self._view.in_log(Parent)

    def _own(self) -> Iterator[str]:
        yield from self._names(each for each in self._pupils if each.pupil == self._pupil)
        own = [each for each in self._parents if each.parent == self._parent]
        for parent in own:
            yield from self._texts([parent.address, parent.email, parent.phone])
        yield from self._names(own)

    def _others(self) -> Iterator[str]:
        yield from self._names(each for each in self._pupils if each.pupil != self._pupil)
        others = [each for each in self._parents if each.parent != self._parent]
        for address in self._texts(each.address for each in others):
            yield from _parts(address)
        yield from self._texts(each.email for each in others)
        if self._parent is not None:
            related = {each.parent for each in self._view.in_log(Relation, pupil=self._pupil)}
            yield from self._names(each for each in others if each.parent in related)

    def _confidential(self) -> Iterator[str]:
        hidden = {each.parent for each in self._parents if each.address_confidential == "yes"}
        for address in self._texts(e.address for e in self._parents if e.parent in hidden):
            yield from _parts(address)

    def _telephones(self, own: set[str]) -> Iterator[str]:
        for phone in self._texts(e.phone for e in self._parents if e.parent != self._parent):
            digits = re.findall(r"\d", phone)
            if _normal_form(phone) in own:
                continue
            long = len(digits) >= _LEAST_DIGITS
            yield r"[\s()./-]*".join(digits) if long else _pattern_of(phone)

    def _texts(self, sealed: Iterable[Sealed | None]) -> Iterator[str]:
        texts = map(self._open, dict.fromkeys(sealed))
        yield from (text for text in texts if len(text) >= _LEAST)

    def _names(self, people: Iterable[Details | Parent]) -> Iterator[str]:
        """Yield full names, either way round."""
        for person in people:
            surname, first = self._open(person.surname), [self._open(person.forename)]
            if isinstance(person, Details):
                first.append(self._open(person.name_used))
            for name in filter(None, first if surname else ()):
                yield f"{name} {surname}"
                yield f"{surname}, {name}"

    def _open(self, sealed: Sealed | None) -> str:
        text = (self._view.open(sealed) or "").strip()
        return "" if text in (BEYOND_USE, REDACTED) else text


def _parts(address: str) -> Iterator[str]:
    """Yield an address, and its first line where that is one of a house."""
    yield address
    first = re.split(r"[,\n]", address)[0].strip()
    if re.search(r"\d", first) and re.search(r"\s", first):
        yield first


def _normal_form(text: str) -> str:
    return " ".join(text.casefold().split())


def _pattern_of(text: str) -> str:
    """Return a pattern of a text, with whatever spaces and commas between its words."""
    return r"[\s,]+".join(map(re.escape, re.split(r"[\s,]+", text.strip(", \n"))))
