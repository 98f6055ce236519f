"""Parents on record, and what each is to one pupil, among what a use case asked for."""

from collections.abc import Iterator

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


def is_named_in(state: State, parent_id: str, text: str) -> bool:
    """Tell whether a text holds both names of a parent, in whatever case and with what accents."""
    person = state.school.parents.get(parent_id)
    if person is None or person.forename is None:
        return False
    words = [state.open_text(person.forename), state.open_text(person.surname)]
    return all(names.search_key(word) in names.search_key(text) for word in words)
