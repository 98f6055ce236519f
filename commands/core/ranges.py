"""What a decision rests on: streams of the log, by name or by range."""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.events import streams
from ledger.events.base import Event
from ledger.events.roll import GroupJoined
from ledger.state.school import School
from ledger.store.facts import Relied


class Range(NamedTuple):
    """The streams named from ``first`` to before ``last``.

    ``events``: of streams that the school is folded from, whether the events are wanted too, and
    not only what they make; the events of all others always are. ``rests``: whether the decision
    rests on them, or only looks through them for those that it names besides. ``joining``: it
    rests on nothing there but that nobody joins this group.
    """

    first: str
    last: str
    events: bool = False
    rests: bool = True
    joining: str | None = None

    @property
    def ranges(self) -> Iterator["Range"]:
        """Itself."""
        yield self

    @property
    def relied_on(self) -> Relied:
        """What must not change until the decision is recorded."""
        return Relied(self.first, self.last, None if self.joining is None else self._joins)

    def _joins(self, event: Event) -> bool:
        return isinstance(event, GroupJoined) and event.name == self.joining


class Streams(NamedTuple):
    """Some streams by their whole names, which are read together."""

    names: tuple[str, ...]

    @property
    def ranges(self) -> Iterator["Range"]:
        """Each of them as a range."""
        return map(one, self.names)


Wanted = Range | Streams


def between(first: str, last: str) -> Range:
    """Return the range from one stream to another, both of them in it."""
    # Nothing sorts between a name and the same name with a zero byte after it.
    return Range(first, last + "\x00")


def one(stream: str) -> Range:
    """Return the range that holds one stream only."""
    return between(stream, stream)


def starting(prefix: str) -> Range:
    """Return the range of every stream whose name begins with a prefix."""
    # Ended by the last character that there is, which no name holds.
    return Range(prefix, prefix + "\U0010ffff")


def searched(prefix: str) -> Range:
    """Return the range to look through where it is not known on which stream something is.

    What is found, and is to stand unchanged, is named by itself.
    """
    return starting(prefix)._replace(rests=False)


CALENDAR = one(streams.CALENDAR)
"""Terms, closures, register times and the school's own details."""
STAFF = starting(streams.STAFF)
"""Everybody on the staff: for who holds which role, and whether anybody does."""
ROLL = starting(streams.PUPIL)
"""Every pupil: for who belongs to a group, and for who is there at all."""
POLICIES = one(streams.policy())
"""The policies that the school adopted."""


def belonging(school: School, group: str) -> Iterator[Range]:
    """Name who belongs to a group: each pupil who ever did, and that nobody else joins it."""
    yield ROLL._replace(joining=group)
    yield from (one(streams.pupil(pupil_id)) for pupil_id in school.groups.get(group, ()))
