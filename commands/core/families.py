"""Parents on record, and what each is to one pupil, among what a use case asked for."""

from collections.abc import Iterator
from datetime import date
from typing import Protocol

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


def is_named_in(state: State, parent_id: str, text: str) -> bool:
    """Tell whether a text holds both names of a parent, in whatever case and with what accents."""
    person = state.school.parents.get(parent_id)
    if person is None or person.forename is None:
        return False
    words = [state.open_text(person.forename), state.open_text(person.surname)]
    return all(names.search_key(word) in names.search_key(text) for word in words)
