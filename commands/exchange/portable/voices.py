"""Who stated each detail last, a source or a person here, and what the source stated before.

A row is compared with what its source stated last. A detail that a person here amended since
stands, whatever an unchanged row repeats.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

from commands.core import clocks
from commands.core.command import State
from commands.core.ranges import CALENDAR, Range, starting
from ledger.events import calendar, penalties, roll, school, streams
from ledger.events.base import Event, SourcedEvent, each_sealed
from ledger.events.log import Committed
from ledger.names import alike
from ledger.state.school import closure_keys
from ledger.values import school_year_number

# What each event of the school, its calendar and its people states, record by record.

Details = dict[str, Any]
Statement = tuple[Hashable, Details]
"""Which record of a stream, and what is stated of it."""
Record = tuple[str, Hashable]
"""A stream, and which of the records that it tells of."""


def _details(event: type[Event], *without: str) -> tuple[str, ...]:
    """Return the fields of an event that are details of what it is about."""
    besides = ("stated", "row", *without)
    return tuple(name for name in event.__struct_fields__ if name not in besides)


SPELL_DETAILS = ("leaves_on", "ground", "next_school", "boarder")
STAFF_DETAILS = _details(school.StaffTitle, "since")
PARENT_DETAILS = _details(roll.ParentRecorded)
RELATION_DETAILS = _details(roll.RelationRecorded)
NOTICE_DETAILS = _details(penalties.NoticeStated)
SCHOOL_DETAILS = _details(school.SchoolOpened)
TIMES_DETAILS = _details(calendar.RegisterTimesSet, "since")
TERM_DETAILS = _details(calendar.TermSet, "name")


def attributes(event: object, names: Iterable[str]) -> Details:
    """Return some attributes by name."""
    return {name: getattr(event, name) for name in names}


def differing(stated: Mapping[str, Any], held: Mapping[str, Any]) -> list[str]:
    """Return the details that are stated otherwise than held, form and blanks of texts aside."""
    return [name for name, value in stated.items() if not alike(value, held.get(name))]


def _pairs(heard: Iterable[tuple[Event, bool]]) -> list[tuple[list[Event], bool]]:
    """Return events with who stated them; a spell and its end, stated together, as one.

    A spell recorded again would otherwise seem to go on, and then to end anew.
    """
    found: list[tuple[list[Event], bool]] = []
    for event, imported in heard:
        if found and found[-1][1] == imported and _ends(found[-1][0][-1], event):
            found[-1][0].append(event)
        else:
            found.append(([event], imported))
    return found


def _ends(event: Event, then: Event) -> bool:
    if not isinstance(event, roll.PupilEnrolled) or not isinstance(then, roll.PupilRemoved):
        return False
    return event.starts_on == then.starts_on


def _stated_by(events: Iterable[Event]) -> Iterator[Statement]:
    """Yield what events state together; a later one of a record adds to the one before."""
    found: dict[Hashable, Details] = {}
    for event in events:
        for key, stated in statements(event):
            found.setdefault(key, {}).update(stated)
    yield from found.items()


def statements(event: Event) -> Iterable[Statement]:
    """Return what an event states, record by record."""
    read = _READ.get(type(event))
    return read(event) if read else ()


def _closed(event: calendar.SessionsClosed | calendar.SessionCancelled) -> Iterable[Statement]:
    cancelled = isinstance(event, calendar.SessionCancelled)
    return ((key, {"closure": (cancelled, event.reason)}) for key in closure_keys(event))


def _enrolled(event: roll.PupilEnrolled) -> Iterator[Statement]:
    yield "details", attributes(event, roll.DETAILS)
    spell = {"on_roll": True, "leaves_on": None, "ground": "", "next_school": None}
    yield event.starts_on, {**spell, "boarder": event.boarder}


def _staff(event: school.StaffTitle) -> Iterator[Statement]:
    yield event.since, attributes(event, STAFF_DETAILS)


def _membership(event: roll.GroupJoined | roll.GroupLeft) -> Iterator[Statement]:
    yield (event.kind, event.name, event.since), {"until": event.until}


# A term's days and one day's register times are one detail each, for they are stated together.
_READ: Mapping[type[Event], Callable[[Any], Iterable[Statement]]] = {
    school.SchoolOpened: lambda e: [("school", attributes(e, SCHOOL_DETAILS))],
    calendar.RegisterTimesSet: lambda e: [
        (e.since, {"times": tuple(attributes(e, TIMES_DETAILS).values())})
    ],
    calendar.TermSet: lambda e: [
        ((e.name, school_year_number(e.first)), {"days": (e.first, e.last)})
    ],
    calendar.SessionsClosed: _closed,
    calendar.SessionCancelled: _closed,
    calendar.ClosureWithdrawn: lambda e: [(key, {"closure": None}) for key in closure_keys(e)],
    school.StaffJoined: _staff,
    school.StaffChanged: _staff,
    school.StaffLeft: lambda e: [(e.since, {"until": e.until})],
    roll.PupilEnrolled: _enrolled,
    roll.PupilRemoved: lambda e: [(e.starts_on, attributes(e, SPELL_DETAILS[:-1]))],
    roll.EnrolmentWithdrawn: lambda e: [(e.starts_on, {"on_roll": False})],
    roll.DetailsAmended: lambda e: (
        [("details", {e.field: e.amended})] if e.field in roll.DETAILS else []
    ),
    roll.GroupJoined: _membership,
    roll.GroupLeft: _membership,
    roll.ParentRecorded: lambda e: [(None, attributes(e, PARENT_DETAILS))],
    roll.RelationRecorded: lambda e: [(None, attributes(e, RELATION_DETAILS))],
    penalties.NoticeStated: lambda e: [
        ((e.kind, e.issued_on, e.offence_first), attributes(e, NOTICE_DETAILS))
    ],
}


_NOTHING = (None, "", ())
_NO_ROW_ONCE = (
    school.SchoolOpened,
    school.StaffTitle,
    school.StaffLeft,
    calendar.RegisterTimesSet,
    calendar.TermSet,
)


def voice_reads() -> Iterator[Range]:
    """Yield the streams that say who stated what."""
    yield CALENDAR._replace(events=True)
    for kind in (streams.STAFF, streams.PUPIL, streams.PARENT, streams.RELATION, streams.NOTICES):
        yield starting(kind)._replace(events=True)


@dataclass(slots=True)
class Voice:
    """What stands of one record.

    ``amended``: each detail that a person here stated since the source did, with what the source
    had stated (none: nothing); ``imported``: a source stated the record, once at least (none:
    nobody did).
    """

    stands: Details = field(default_factory=dict)
    amended: Details = field(default_factory=dict)
    imported: bool | None = None

    def hear(self, stated: Mapping[str, Any], *, imported: bool) -> None:
        """Take in what is stated; what stands already is no statement."""
        self.imported = bool(self.imported) or imported
        for name, value in stated.items():
            if value == self.stands.get(name):
                continue
            if imported:
                self.amended.pop(name, None)
            elif name in self.stands or value not in _NOTHING:
                self.amended.setdefault(name, self.stands.get(name))
            self.stands[name] = value

    def kept(self, stated: Mapping[str, Any]) -> Details:
        """Return those of the details stated that a person here amended, as they stand."""
        return {name: self.stands[name] for name in self.amended if name in stated}

    def differs(self, stated: Mapping[str, Any], whole: Collection[str] = ()) -> bool:
        """Tell whether a row states anew what a person here amended.

        An empty cell does so only for the details in ``whole``.
        """
        return any(
            not (alike(stated[name], stands) or alike(stated[name], self.amended[name]))
            and (name in whole or stated[name] not in _NOTHING)
            for name, stands in self.kept(stated).items()
        )


_UNHEARD = Voice()


class Voices:
    """The records of a ledger, each as it was stated; read when they are asked for."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._found: dict[str, dict[Hashable, Voice]] = {}
        self._headers: list[tuple[range, Committed]] = []

    def __getitem__(self, record: Record) -> Voice:
        """Return how a record was stated."""
        stream, key = record
        if stream not in self._found:
            self._found[stream] = self._heard(stream)
        return self._found[stream].get(key, _UNHEARD)

    def times(self, stream: str) -> Iterator[tuple[SourcedEvent, int]]:
        """Yield what is known by the source clock of a stream, and since when; 0: always."""
        history = enumerate(self._state.histories.get(stream, ()))
        stated = [(place, event) for place, event in history if isinstance(event, SourcedEvent)]
        for place, event in stated:
            imported = self._imported(stream, place, event)
            position = self._state.positions[stream][place]
            yield event, (event.stated or 0) if imported else self._known_at(position)

    @cached_property
    def _known(self) -> list[tuple[int, int]]:
        return clocks.known_times(self._state)

    def _known_at(self, position: int) -> int:
        """Return since when an event that was recorded here is known."""
        if not self._known:
            return self._header(position).at
        return self._known[bisect_right(self._known, position, key=itemgetter(0)) - 1][1]

    def _heard(self, stream: str) -> dict[Hashable, Voice]:
        """Return what was stated in a stream; nothing where no person here stated anything."""
        events = self._state.histories.get(stream, [])
        imported = [self._imported(stream, place, event) for place, event in enumerate(events)]
        found: dict[Hashable, Voice] = {}
        if all(imported):
            return found
        for pair, by_source in _pairs(zip(events, imported, strict=True)):
            said = [each_sealed(event, self._state.open_text) for event in pair]
            for key, stated in _stated_by(said):
                found.setdefault(key, Voice()).hear(stated, imported=by_source)
        return found

    def _imported(self, stream: str, place: int, event: Event) -> bool:
        """Tell whether an event came in an import: its row says so, else its header does.

        Of some kinds no row was kept at first.
        """
        if isinstance(event, SourcedEvent) and (event.row or not isinstance(event, _NO_ROW_ONCE)):
            return event.row is not None
        return self._header(self._state.positions[stream][place]).source is not None

    def _header(self, position: int) -> Committed:
        """Find the header before a position, and remember of how many facts it tells."""
        known = next((header for span, header in self._headers if position in span), None)
        if known is not None:
            return known
        before = map(self._state.event_at, range(position - 1, 0, -1))
        events = ((found.position, found.event) for found in before if found)
        at, header = next((at, event) for at, event in events if isinstance(event, Committed))
        self._headers.append((range(at, at + header.count + 1), header))
        return header
