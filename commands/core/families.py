"""Parents on record, and what each is to one pupil, among what a use case asked for."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple, Protocol

from commands.core.command import State
from commands.core.ranges import Range, one, starting
from ledger import names
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import RelationRecorded
from ledger.state.school import Pupil


def relation_reads(state: State, pupil: Pupil) -> Iterator[Range]:
    """Ask for what anybody is to a pupil, for `relations_of`; name the parents concerned."""
    yield starting(streams.relation("", pupil.id))._replace(events=True)
    for parent in relations_of(state, pupil):
        yield one(streams.parent(parent))


def relations_of(state: State, pupil: Pupil) -> dict[str, RelationRecorded]:
    """Return what each parent is to a pupil, by the parent's id; the use case asked for it.

    Not out of all relations of the school: so that the decision rests on this pupil's alone.
    """
    prefix = streams.relation("", pupil.id)
    parents = (name.removeprefix(prefix) for name in state.histories if name.startswith(prefix))
    return {parent: state.school.relations[parent, pupil.id] for parent in parents}


def check_parent(state: State, parent_id: str) -> None:
    """Refuse a parent who is not on record."""
    if parent_id not in state.school.parents:
        raise Refused(
            "parent-unknown",
            f"no parent has the id {parent_id!r}",
            "record them with attendance parent record",
        )


def check_parent_of(state: State, pupil: Pupil, parent_id: str, asked: str = "PUPIL") -> None:
    """Refuse a parent who is not on record, or not as one of a pupil; ``asked``: UPN or id."""
    check_parent(state, parent_id)
    if (parent_id, pupil.id) in state.school.relations:
        return
    theirs = sorted(parent for parent, child in state.school.relations if child == pupil.id)
    listed = ", ".join(f"{each} {name_on_record(state, each)}".rstrip() for each in theirs)
    raise Refused(
        "parent-not-related",
        f"parent {parent_id} is not recorded as a parent of {state.name_of(pupil)}; "
        f"recorded are: {listed or 'none'}",
        "check the id; if it is right, record what they are to the pupil first "
        f"(attendance relation record {parent_id} {asked})",
    )


class MaybeWithdrawn(Protocol):
    """What is stated of a penalty notice."""

    @property
    def withdrawn_on(self) -> date | None:
        """The day of withdrawal."""

    @property
    def outcome(self) -> str | None:
        """What has become of it."""

    @property
    def withdrawn_ground(self) -> str | None:
        """The ground of withdrawal."""


def ground_alone(notice: MaybeWithdrawn) -> Refused | None:
    """Return what is wrong where a ground is given for a withdrawal that is not stated."""
    withdrawn = notice.withdrawn_on is not None or notice.outcome == "withdrawn"
    if notice.withdrawn_ground is None or withdrawn:
        return None
    return Refused(
        "withdrawal-missing",
        f"a ground of withdrawal is given ({notice.withdrawn_ground}), but no withdrawal",
        "give the day of withdrawal too, or leave the ground out",
    )


_TITLES = frozenset({"mr", "mrs", "miss", "ms", "mx", "dr", "prof", "rev", "sir", "lady", "lord"})
_ASIDE = re.compile(r"\s*\([^()]*\)$")


class PersonName(NamedTuple):
    """What somebody is called on record; "" for a part that is not recorded."""

    title: str
    forename: str
    surname: str

    def __str__(self) -> str:
        """Write it: ``Mr Sam Iqbal``."""
        return " ".join(filter(None, self))

    def is_called(self, written: str) -> bool:
        """Tell whether this is the name written: ``Sam Iqbal``, ``Mr Sam Iqbal``, ``Mr Iqbal``.

        Compared as in a search; ``(father)`` after it is no part of the name.
        """
        title, forename, surname = self
        forms = ((forename, surname), (title, forename, surname), (title, surname))
        called = [_words(" ".join(form)) for form in forms if all(form)]
        words = _words(_ASIDE.sub("", written))
        return (words if title else [w for w in words if w not in _TITLES]) in called

    def may_be(self, written: str) -> bool:
        """Tell whether somebody called this may be meant: ``Mr Iqbal``, ``S Iqbal``, ``Iqbal``.

        The surname has to be that of the record, and a title or forename that is written too.
        """
        to, surname = _words(_ASIDE.sub("", written)), _words(self.surname)
        title, forename = _words(self.title), _words(self.forename)
        if to[-len(surname) :] != surname:
            return False
        first = to[: -len(surname)]
        called = [word for word in first if word in _TITLES]
        given = [word for word in first if word not in _TITLES]
        same_title = not (called and title) or called == title
        initials = [name[: len(word)] for word, name in zip(given, forename, strict=False)]
        return same_title and (not given or not forename or given[: len(initials)] == initials)


def _words(text: str) -> list[str]:
    return names.search_key(text.replace(".", " ")).split()


def name_on_record(state: State, parent_id: str) -> PersonName:
    """Return what a parent on record is called."""
    record = state.school.parents[parent_id]
    parts = (record.title, record.forename, record.surname)
    return PersonName(*(state.open_text(part) if part else "" for part in parts))


def is_own_name(state: State, pupil: Pupil, written: str) -> bool:
    """Tell whether a name is the pupil's, with the forename on record or the one used."""
    texts = (pupil.details[name] for name in ("forename", "name_used", "surname"))
    forename, used, surname = (state.open_text(text) if text else "" for text in texts)
    own = {names.search_key(f"{first} {surname}") for first in (forename, used) if first}
    return names.search_key(written) in own


def is_named_in(state: State, parent_id: str, text: str) -> bool:
    """Tell whether a text holds both names of a parent, in whatever case and with what accents."""
    person = state.school.parents.get(parent_id)
    if person is None or person.forename is None:
        return False
    words = [state.open_text(person.forename), state.open_text(person.surname)]
    return all(names.search_key(word) in names.search_key(text) for word in words)
