"""Who stated each detail last, a source or a person here, and what the source stated before.

A row is compared with what its source stated last. A detail that a person here amended since
stands, whatever an unchanged row repeats.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from commands.core.command import State
from commands.core.ranges import CALENDAR, Range, starting
from ledger.events import calendar, penalties, roll, school, streams
from ledger.events.base import Event, SourcedEvent
from ledger.events.log import Committed
from ledger.sealing.keys import is_sealed
from ledger.state.school import ClosureKey, Membership, closure_keys
from ledger.values import school_year_number

# What each event of the school, its calendar and its people states, record by record.

Details = dict[str, Any]
Statement = tuple[Hashable, Details]
"""Which record, and what is stated of it."""

STAFF_DETAILS = ("name", "job_title", "roles", "until")
SPELL_DETAILS = ("leaves_on", "ground", "next_school", "boarder")
PARENT_DETAILS = (
    "title",
    "surname",
    "forename",
    "address",
    "phone",
    "email",
    "dob",
    "address_confidential",
)
RELATION_DETAILS = (
    "relationship",
    "lives_with",
    "parental_responsibility",
    "contact_order",
    "care",
    "no_contact",
    "since",
    "until",
)
NOTICE_DETAILS = (
    "issued_on",
    "offence_first",
    "offence_last",
    "received_on",
    "paid_on",
    "withdrawn_on",
    "outcome_on",
    "kind",
    "outcome",
    "sessions",
    "issuer",
)
SCHOOL_DETAILS = ("urn", "name", "la_code", "estab", "type", "phase")
TIMES = ("am_opens", "am_closes", "pm_opens", "pm_closes")


def attributes(event: object, names: Sequence[str]) -> Details:
    """Return some attributes by name."""
    return {name: getattr(event, name) for name in names}


def pairs(heard: Sequence[tuple[Event, bool]]) -> Iterator[tuple[list[Event], bool]]:
    """Yield events with who stated them; a spell and its end, stated together, as one.

    A spell recorded again would otherwise seem to go on, and then to end anew.
    """
    done = False
    for place, (event, imported) in enumerate(heard):
        if done:
            done = False
            continue
        following = heard[place + 1 : place + 2]
        done = any(imported == by and _ends(event, then) for then, by in following)
        yield [event, following[0][0]] if done else [event], imported


def _ends(event: Event, then: Event) -> bool:
    if not isinstance(event, roll.PupilEnrolled) or not isinstance(then, roll.PupilRemoved):
        return False
    return event.starts_on == then.starts_on


def stated_by(events: Sequence[Event]) -> Iterator[Statement]:
    """Yield what events state together; a later one of a record adds to the one before."""
    found: dict[Hashable, Details] = {}
    for event in events:
        for key, stated in _READ.get(type(event), _nothing)(event):
            found.setdefault(key, {}).update(stated)
    yield from found.items()


def days(event: calendar.TermSet) -> Details:
    """Return a term's days, which are stated together."""
    return {"days": (event.first, event.last)}


def times(event: calendar.RegisterTimesSet) -> Details:
    """Return register times, which are stated together."""
    return {"times": tuple(attributes(event, TIMES).values())}


def closure(event: calendar.SessionsClosed | calendar.SessionCancelled) -> Details:
    """Return how sessions are not held, and why."""
    return {"closure": (isinstance(event, calendar.SessionCancelled), event.reason)}


def _nothing(_event: Event) -> Iterator[Statement]:
    yield from ()


def _school(event: school.SchoolOpened) -> Iterator[Statement]:
    yield "school", attributes(event, SCHOOL_DETAILS)


def _times(event: calendar.RegisterTimesSet) -> Iterator[Statement]:
    yield event.since, times(event)


def _term(event: calendar.TermSet) -> Iterator[Statement]:
    yield (event.name, school_year_number(event.first)), days(event)


def _closed(event: calendar.SessionsClosed | calendar.SessionCancelled) -> Iterator[Statement]:
    for key in closure_keys(event):
        yield key, closure(event)


def _withdrawn(event: calendar.ClosureWithdrawn) -> Iterator[Statement]:
    for key in closure_keys(event):
        yield key, {"closure": None}


def _staff(event: school.StaffTitle) -> Iterator[Statement]:
    yield event.since, attributes(event, STAFF_DETAILS)


def _until(event: school.StaffLeft) -> Iterator[Statement]:
    yield event.since, {"until": event.until}


def _enrolled(event: roll.PupilEnrolled) -> Iterator[Statement]:
    yield "details", attributes(event, roll.DETAILS)
    spell = {"on_roll": True, "leaves_on": None, "ground": "", "next_school": None}
    yield event.starts_on, {**spell, "boarder": event.boarder}


def _removed(event: roll.PupilRemoved) -> Iterator[Statement]:
    yield event.starts_on, attributes(event, ("leaves_on", "ground", "next_school"))


def _enrolment_withdrawn(event: roll.EnrolmentWithdrawn) -> Iterator[Statement]:
    yield event.starts_on, {"on_roll": False}


def _detail(event: roll.DetailsAmended) -> Iterator[Statement]:
    if event.field in roll.DETAILS:
        yield "details", {event.field: event.amended}


def _membership(event: roll.GroupJoined | roll.GroupLeft) -> Iterator[Statement]:
    yield (event.kind, event.name, event.since), {"until": event.until}


def _parent(event: roll.ParentRecorded) -> Iterator[Statement]:
    yield None, attributes(event, PARENT_DETAILS)


def _relation(event: roll.RelationRecorded) -> Iterator[Statement]:
    yield None, attributes(event, RELATION_DETAILS)


def _notice(event: penalties.NoticeStated) -> Iterator[Statement]:
    yield (event.kind, event.issued_on, event.offence_first), attributes(event, NOTICE_DETAILS)


_READ: Mapping[type[Event], Callable[[Any], Iterator[Statement]]] = {
    school.SchoolOpened: _school,
    calendar.RegisterTimesSet: _times,
    calendar.TermSet: _term,
    calendar.SessionsClosed: _closed,
    calendar.SessionCancelled: _closed,
    calendar.ClosureWithdrawn: _withdrawn,
    school.StaffJoined: _staff,
    school.StaffChanged: _staff,
    school.StaffLeft: _until,
    roll.PupilEnrolled: _enrolled,
    roll.PupilRemoved: _removed,
    roll.EnrolmentWithdrawn: _enrolment_withdrawn,
    roll.DetailsAmended: _detail,
    roll.GroupJoined: _membership,
    roll.GroupLeft: _membership,
    roll.ParentRecorded: _parent,
    roll.RelationRecorded: _relation,
    penalties.NoticeStated: _notice,
}


_NOTHING = (None, "", ())


def voice_reads() -> Iterator[Range]:
    """Yield the streams that say who stated what."""
    yield CALENDAR._replace(events=True)
    for kind in (streams.STAFF, streams.PUPIL, streams.PARENT, streams.RELATION, streams.NOTICES):
        yield starting(kind)._replace(events=True)


@dataclass(slots=True)
class Voice:
    """What stands of one record.

    ``amended``: each detail that a person here stated since the source did, with what the source
    had stated (none: nothing); ``imported``: a source stated the record, once
    at least (none: nobody did).
    """

    stands: Details = field(default_factory=dict)
    amended: Details = field(default_factory=dict)
    imported: bool | None = None

    @property
    def only_here(self) -> bool:
        """Tell whether no source ever stated the record."""
        return self.imported is False

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
            stated[name] not in (stands, self.amended[name])
            and (name in whole or stated[name] not in _NOTHING)
            for name, stands in self.kept(stated).items()
        )


_UNHEARD = Voice()


class Voices:
    """The records of a ledger, each as it was stated; read when they are asked for."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._found: dict[str, dict[Hashable, Voice]] = {}
        self._headers: list[tuple[range, bool]] = []

    def school(self) -> Voice:
        """Return how the school's own details were stated."""
        return self._voice(streams.CALENDAR, "school")

    def times(self, since: date) -> Voice:
        """Return how register times were stated: ``times``, the event."""
        return self._voice(streams.CALENDAR, since)

    def term(self, key: tuple[str, int]) -> Voice:
        """Return how a term was stated: ``days``, its first and last."""
        return self._voice(streams.CALENDAR, key)

    def closure(self, key: ClosureKey) -> Voice:
        """Return how a closure was stated: ``closure``, cancelled or not and why; none: not."""
        return self._voice(streams.CALENDAR, key)

    def staff(self, staff_id: str, since: date | None) -> Voice:
        """Return how a row of a member of staff was stated."""
        return self._voice(streams.staff(staff_id), since)

    def pupil(self, pupil_id: str) -> Voice:
        """Return how a pupil's details were stated."""
        return self._voice(streams.pupil(pupil_id), "details")

    def spell(self, pupil_id: str, starts_on: date) -> Voice:
        """Return how a spell on roll was stated; ``on_roll``: false once it was withdrawn."""
        return self._voice(streams.pupil(pupil_id), starts_on)

    def membership(self, pupil_id: str, membership: Membership) -> Voice:
        """Return how a membership's last day was stated: ``until``."""
        return self._voice(streams.pupil(pupil_id), membership)

    def parent(self, parent_id: str) -> Voice:
        """Return how a parent's details were stated."""
        return self._voice(streams.parent(parent_id), None)

    def relation(self, parent_id: str, pupil_id: str) -> Voice:
        """Return how what a parent is to a pupil was stated."""
        return self._voice(streams.relation(parent_id, pupil_id), None)

    def notice(self, stream: str, key: Hashable) -> Voice:
        """Return how a notice was stated; ``key``: kind, day of issue, first of the offence."""
        return self._voice(stream, key)

    def _voice(self, stream: str, key: Hashable) -> Voice:
        if stream not in self._found:
            self._found[stream] = self._heard(stream)
        return self._found[stream].get(key, _UNHEARD)

    def _heard(self, stream: str) -> dict[Hashable, Voice]:
        """Return what was stated in a stream; nothing where no person here stated anything."""
        events = self._state.histories.get(stream, [])
        imported = [self._imported(stream, place, event) for place, event in enumerate(events)]
        found: dict[Hashable, Voice] = {}
        if all(imported):
            return found
        for pair, by_source in pairs(list(zip(events, imported, strict=True))):
            for key, stated in stated_by(pair):
                opened = {name: self._text(value) for name, value in stated.items()}
                found.setdefault(key, Voice()).hear(opened, imported=by_source)
        return found

    def _text(self, value: object) -> object:
        sealed = isinstance(value, str) and is_sealed(value)
        return self._state.open_text(str(value)) if sealed else value

    def _imported(self, stream: str, place: int, event: Event) -> bool:
        """Tell whether an event came in an import: its row says so, else its header does."""
        if isinstance(event, SourcedEvent):
            return event.row is not None
        position = self._state.positions[stream][place]
        known = next((i for span, i in self._headers if position in span), None)
        return self._header(position) if known is None else known

    def _header(self, position: int) -> bool:
        """Find the header before a position, and remember of how many facts it tells."""
        events = ((at, self._event(at)) for at in range(position - 1, 0, -1))
        at, header = next((at, event) for at, event in events if isinstance(event, Committed))
        imported = header.source is not None
        self._headers.append((range(at, at + header.count + 1), imported))
        return imported

    def _event(self, position: int) -> Event | None:
        found = self._state.event_at(position)
        return found and found.event
