"""What one command changed of marks and plans: what stood before it, and what stands now.

A command is one transaction of the log, and the position of its header is the batch's number.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from commands.core import clocks, marks
from commands.core.command import State
from commands.core.marks import StatedMark
from ledger.clock import local, told
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.log import Committed
from ledger.events.register import MarkAmended, MarkChange, SessionMarked
from ledger.state.school import Pupil
from ledger.store.facts import Recorded
from ledger.values import Session, parse_session
from policies.packs.codes import Codes

_VERSIONS = SessionMarked | MarkChange
"""The events that give a mark a code."""


class Place(NamedTuple):
    """Whose mark or plan it is, and for which session."""

    pupil: Pupil
    session: Session


class Changed(NamedTuple):
    """A mark or plan that a batch changed; none where there was, or is, none.

    ``later``: the last change of it since the batch; ``within``: whether the batch recorded
    several versions of it.
    """

    place: Place
    before: StatedMark | None
    stands: StatedMark | None
    later: Event | None
    within: bool = False


@dataclass(frozen=True)
class Batch:
    """What one command recorded; ``number``: where its header is in the log."""

    state: State
    number: int
    header: Committed

    def __str__(self) -> str:
        """Name it, with by whom and when it was recorded; the use case must ask for the clocks."""
        by = f" by {self.header.by}" if self.header.by else ""
        at = clocks.recorded_at(self.state, self.number, self.header)
        when = told(at, lambda each: f"{local(each):%Y-%m-%d %H:%M}")
        return f"batch {self.number}{by}, recorded {when}"

    @property
    def last(self) -> int:
        """The position of its last fact."""
        return self.number + self.header.count

    @cached_property
    def _facts(self) -> Sequence[Recorded]:
        kinds = (streams.MARK, streams.PLAN, streams.LEAVE)
        return self.state.facts_of(self.number, self.last, kinds)

    @cached_property
    def kinds(self) -> set[type[Event]]:
        """The kinds of all that it recorded."""
        everything = self.state.facts_of(self.number, self.last, ("",))
        return {type(recorded.event) for recorded in everything}

    @cached_property
    def _entries(self) -> set[str]:
        return {r.stream for r in self._facts if isinstance(r.event, SessionMarked)}

    @cached_property
    def entered(self) -> list[Place]:
        """Where it entered a first mark, whatever it did to that besides."""
        return self._places(sorted(self._entries))

    @cached_property
    def changed(self) -> list[Place]:
        """Where it changed a mark that stood before."""
        changes = (r.stream for r in self._facts if isinstance(r.event, MarkChange))
        return self._places(stream for stream in changes if stream not in self._entries)

    @cached_property
    def restated(self) -> bool:
        """Whether it changed a first mark that it entered itself, as an import may."""
        return any(
            isinstance(r.event, MarkChange) and r.stream in self._entries for r in self._facts
        )

    @cached_property
    def planned(self) -> list[Place]:
        """Where it changed what is planned."""
        return self._places(r.stream for r in self._facts if r.stream.startswith(streams.PLAN))

    @property
    def decides_on_leave(self) -> bool:
        """Whether it decided on leave, or ended some: its plans follow from that."""
        return any(r.stream.startswith(streams.LEAVE) for r in self._facts)

    def _places(self, names: Iterable[str]) -> list[Place]:
        pupils, found = self.state.school.pupils, list[Place]()
        for stream in dict.fromkeys(names):
            _, pupil_id, session = streams.parts(stream)
            found.append(Place(pupils[pupil_id], parse_session(session)))
        return found

    def mark(self, place: Place, codes: Codes) -> Changed:
        """Return what stood before and what stands; the use case must have asked for the mark.

        Before a cancelled session's code stood the version that it replaced, even one of the
        batch itself; before anything else what stood before the batch.
        """
        before, made, later = self._around(streams.mark(place.pupil.id, place.session))
        versions = [each for each in made if isinstance(each, _VERSIONS)]
        if versions and codes.cancels(versions[-1].code, place.session.date):
            before += versions[:-1]
        changes = [event for event in later if isinstance(event, MarkChange)]
        return Changed(
            place,
            marks.mark_after(self.state, before),
            marks.mark_of(self.state, *place),
            changes[-1] if changes else None,
            len(versions) > 1,
        )

    def plan(self, place: Place) -> Changed:
        """Return what was planned and what is; the use case must have asked for the plan."""
        before, _, later = self._around(streams.plan(place.pupil.id, place.session))
        return Changed(
            place,
            marks.plan_after(self.state, before),
            marks.plan_of(self.state, *place),
            later[-1] if later else None,
        )

    def _around(self, stream: str) -> tuple[list[Event], list[Event], list[Event]]:
        """Return the events of a stream before the batch, in it, and since."""
        events = self.state.histories.get(stream, ())
        found = list(zip(self.state.positions.get(stream, ()), events, strict=True))
        return (
            [event for position, event in found if position < self.number],
            [event for position, event in found if self.number < position <= self.last],
            [event for position, event in found if position > self.last],
        )


def batch_of(state: State, position: int) -> Batch:
    """Return the batch that holds a position of the log."""
    header = state.transaction_of(position)
    assert header is not None and isinstance(header.event, Committed)  # noqa: S101, PT018
    return Batch(state, header.position, header.event)


def find_batch(state: State, named: str) -> Batch:
    """Return the batch that a number names, or refuse it."""
    remedy = "attendance changes shows the number of the batch of each change"
    number = int(named) if re.fullmatch("[0-9]{1,18}", named) else 0
    if not 0 < number <= state.position:
        raise Refused("batch-unknown", f"there is no batch with the number {named!r}", remedy)
    found = batch_of(state, number)
    if found.number != number:
        raise Refused(
            "batch-unknown",
            f"{number} is not the number of a batch, but of an entry in batch {found.number}",
            f"give {found.number} where that is what you mean; {remedy}",
        )
    return found


def by_batch(state: State, places: Iterable[Place]) -> Iterator[tuple[Batch, Place]]:
    """Yield the batch that changed or entered each mark last, which must have been asked for."""
    known: list[Batch] = []
    for place in places:
        position = _last_change(state, streams.mark(place.pupil.id, place.session))
        batch = next((each for each in known if each.number < position <= each.last), None)
        if batch is None:
            batch = batch_of(state, position)
            known.append(batch)
        yield batch, place


def _last_change(state: State, stream: str) -> int:
    made = zip(state.positions[stream], state.histories[stream], strict=True)
    return max(at for at, event in made if isinstance(event, _VERSIONS))


def author_of(state: State, change: Event) -> str:
    """Name who changed a mark, or say that another system did."""
    if isinstance(change, MarkAmended) and change.name is not None:
        return state.open_text(change.name)
    return getattr(change, "by", None) or "another system"
