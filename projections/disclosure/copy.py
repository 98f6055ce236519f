"""Whose copy is made, who asks, what they may see; and how a part of it is described.

Third parties are redacted (UK GDPR art 15(4)). A confidential address never appears: not the
parent's, and not the pupil's, which may be the same.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from ledger import names
from ledger.clock import dated
from ledger.errors import Refused
from ledger.sealing.keys import BEYOND_USE, REDACTED
from policies.law.disclosure import barring_flag, is_entitled
from projections.queries.blocks import Grid, Lines
from projections.queries.columns import Column, Listing
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, versions_of
from projections.readmodel.record import Sealed, is_sealed
from projections.readmodel.records.roll import Details, Parent, Relation

THIRD_PARTY = "[another person]"
CONFIDENTIAL = "[confidential address]"
FOR_REVIEW = "[held back for review: may name others]"
MASKED = "[redacted: another person]"
_LEAST = 3
_LEAST_DIGITS = 6
_PLACES = ("address", "last_school", "next_school", "phone", "email")
T = TypeVar("T")


class Entry(NamedTuple):
    """What stands for one session: its date, half of the day, code and meaning."""

    day: date
    half: str
    code: str
    meaning: str

    @property
    def session(self) -> str:
        """The session, as it is written."""
        return f"{self.day}/{self.half}"


@dataclass
class Copy:
    """Whose copy is made, for whom, of which days, and what may be seen.

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
    authority: str | None
    first: date
    held_back: int = 0

    @cached_property
    def describer(self) -> Describer:
        """Names and times of what was recorded."""
        return Describer(self.view)

    @cached_property
    def versions(self) -> list[Version]:
        """Every version of the pupil's marks within the days of the copy."""
        return versions_of(self.view, [self.pupil], self.first, self.view.on)

    @cached_property
    def entries(self) -> list[Entry]:
        """What stands, by session."""
        last = {v.session: v for v in self.versions if v.kind != "plan"}
        return [self._entry(version) for _, version in sorted(last.items())]

    def _entry(self, version: Version) -> Entry:
        day, code = date.fromisoformat(version.session[:10]), version.code or ""
        rule = self.view.rules.codes.find(code, day)
        meaning = rule.description if rule else "not a code of its day"
        return Entry(day, version.session[11:], code, meaning)

    @cached_property
    def confidential(self) -> bool:
        """Whether an address was ever stated to be confidential, whenever the copy is as at."""
        related = {each.parent for each in self.view.in_log(Relation, pupil=self.pupil)}
        return bool(self.view.in_log(Parent, parent=related, address_confidential="yes"))

    @cached_property
    def mask(self) -> "Mask":
        """What takes others out of a text."""
        return Mask(self.view, self.pupil, self.parent)

    def release(self, text: str | None) -> str | None:
        """Return a free text where it was reviewed, without others; else that it is held back."""
        if not text or text in (BEYOND_USE, REDACTED):
            return text
        if self.review is None:
            self.held_back += 1
            return FOR_REVIEW
        return self.mask(text)

    def release_sealed(self, sealed: Sealed | None) -> str | None:
        """Return a sealed free text as `release` does."""
        return self.release(self.view.open(sealed))

    def of_parent(self, parent: str, *fields: str) -> str:
        """Return details of a parent as recorded, one after the other."""
        known = self.view.standing(Parent, parent=parent)
        texts = (self.view.open(getattr(each, field)) for each in known for field in fields)
        return " ".join(filter(None, texts))

    def name_of(self, parent: str) -> str:
        """Return a parent's name as recorded."""
        return self.of_parent(parent, "title", "forename", "surname")

    def reader_in(self, recipient: str) -> str | None:
        """Return who a recipient is, without ids, where that is whoever asks for this copy."""
        if self.parent is not None:
            to, of_them, _ = recipient.partition(f" (parent {self.parent})")
            return f"{to} (who asked for this copy)" if of_them else None
        person = self.view.person(self.pupil)
        names = [] if person is None else [person.name, f"{person.forename} {person.surname}"]
        same = _normal_form(recipient) in map(_normal_form, names)
        return f"{recipient} (the pupil)" if same else None

    def without_place(self, field: str, text: str | None) -> str | None:
        """Return a detail in clear, but none that tells where somebody lives in confidence."""
        return CONFIDENTIAL if text and self.confidential and field in _PLACES else text

    def day_of(self, position: int, stated: int | None = None) -> str:
        """Return the London date on which an event was recorded, here or by who states it."""
        return dated(self.view.done_at(position, stated))

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


# -- the parts of a copy -------------------------------------------------------------------------


class Part(NamedTuple):
    """One part of a copy, as it may be seen: a titled table; ``columns``: heading by key.

    Several parts of one key are one list of the document: the register has a part a term.
    """

    key: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()

    @property
    def listing(self) -> Listing[Sequence[Any]]:
        """Its rows, under its columns."""
        named = enumerate(self.columns.items())
        return Listing([Column(key, text, itemgetter(n)) for n, (key, text) in named], self.rows)

    def block(self) -> Grid | Lines:
        """Return the part to be read; where nothing is held, a line says so."""
        if not self.rows:
            return Lines([f"{self.title}: none on record", *self.notes, ""])
        return self.listing.grid(self.title, notes=self.notes)


class Cell(NamedTuple, Generic[T]):
    """What a copy says of a row; ``heading``: empty where only the document holds it.

    ``value``: what is said, or the name of the row's attribute, where that is not the key.
    """

    key: str
    heading: str
    value: str | Callable[[Copy, T], Any] = ""

    def of(self, copy: Copy, row: T) -> Any:  # noqa: ANN401 - whatever the row holds
        """Return what is said: a sealed text as `Copy.release` gives it, unless said otherwise."""
        if callable(self.value):
            return self.value(copy, row)
        name = self.value or self.key
        found = getattr(row, name)
        return copy.release_sealed(found) if is_sealed(row, name) else found


@dataclass(frozen=True)
class Section(Generic[T]):
    """What a part of every copy is made of: the rows about the pupil, and what is said of each.

    ``notes``: what stands beneath, given the rows as they may be seen.
    """

    key: str
    title: str
    rows: Callable[[Copy], Iterable[T]]
    cells: Sequence[Cell[T]]
    notes: Callable[[Copy, Sequence[Sequence[Any]]], Sequence[str]] | None = None

    def of(self, copy: Copy) -> Part:
        """Return the part, its texts opened once: those held back are counted."""
        rows = [[cell.of(copy, row) for cell in self.cells] for row in self.rows(copy)]
        columns = {cell.key: cell.heading for cell in self.cells}
        notes = self.notes(copy, rows) if self.notes else ()
        return Part(self.key, self.title, columns, rows, notes)


# -- what is taken out of free text that a person has reviewed ----------------------------------
#
# A second safeguard: only what is written as it is recorded is found, in whatever case, with
# whatever spaces, accents, apostrophes and hyphens.


class Mask:
    """What names or leads to others than the pupil and the parent who asks (none: the pupil).

    Whatever was ever recorded counts, whenever the copy is as at.
    """

    def __init__(self, view: View, pupil: int, parent: str | None) -> None:
        self._view, self._pupil, self._to_parent = view, pupil, parent is not None
        self._pupils, self._parents = view.in_log(Details), view.in_log(Parent)
        self._asking = [each for each in self._parents if each.parent == parent]
        self._others = [each for each in self._parents if each.parent != parent]

    def __call__(self, text: str) -> str:
        """Return a text without what is found in it."""
        return names.without(text, self._pattern, MASKED)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        own = {_normal_form(text) for text in self._names_of_own()}
        found = {text for text in self._names_of_others() if _normal_form(text) not in own}
        patterns = {*map(_pattern_of, {*found, *self._confidential()}), *self._telephones(own)}
        longest_first = sorted(filter(None, patterns), key=lambda each: (-len(each), each))
        either = "|".join(longest_first) or "(?!)"
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)

    def _names_of_own(self) -> Iterator[str]:
        yield from self._names(each for each in self._pupils if each.pupil == self._pupil)
        yield from self._names(self._asking)
        for each in self._asking:
            yield from self._texts([each.address, each.email, each.phone])

    def _names_of_others(self) -> Iterator[str]:
        yield from self._names(each for each in self._pupils if each.pupil != self._pupil)
        for address in self._texts(each.address for each in self._others):
            yield from _parts(address)
        yield from self._texts(each.email for each in self._others)
        if self._to_parent:
            related = {each.parent for each in self._view.in_log(Relation, pupil=self._pupil)}
            yield from self._names(each for each in self._others if each.parent in related)

    def _confidential(self) -> Iterator[str]:
        hidden = {each.parent for each in self._parents if each.address_confidential == "yes"}
        for address in self._texts(e.address for e in self._parents if e.parent in hidden):
            yield from _parts(address)

    def _telephones(self, own: set[str]) -> Iterator[str]:
        for phone in self._texts(each.phone for each in self._others):
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
    return names.search_key(text)


def _pattern_of(text: str) -> str:
    """Return a pattern of a text, with whatever spaces and commas between its words."""
    words = re.split(r"[\s,]+", names.folded(text).strip(", \n"))
    return r"[\s,]+".join(map(re.escape, words)).replace("'", "'?")
