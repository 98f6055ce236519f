"""The parents of one pupil, and what each is to the pupil, among what a use case asked for."""

from collections.abc import Iterator

from commands.core.command import State
from commands.core.ranges import Range, one, starting
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
