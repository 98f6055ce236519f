"""What each event of the school, its calendar and its people states, record by record."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

from ledger.events import calendar, roll
from ledger.events import families as people
from ledger.events.base import Event
from ledger.state.school import closure_keys
from ledger.values import school_year_number

Details = dict[str, Any]
Statement = tuple[Hashable, Details]
"""Which record, and what is stated of it."""

STAFF = ("name", "job_title", "roles", "until")
SPELL = ("leaves_on", "ground", "next_school", "boarder")
PARENT = ("title", "surname", "forename", "address", "phone", "email", "dob",
          "address_confidential")  # fmt: skip
RELATION = ("relationship", "lives_with", "parental_responsibility", "contact_order", "care",
            "no_contact", "since", "until")  # fmt: skip
NOTICE = ("issued_on", "offence_first", "offence_last", "received_on", "paid_on", "withdrawn_on",
          "outcome_on", "kind", "outcome", "sessions", "issuer")  # fmt: skip
SCHOOL = ("urn", "name", "la_code", "estab", "type", "phase")
TIMES = ("am_opens", "am_closes", "pm_opens", "pm_closes")


def of(event: object, names: Sequence[str]) -> Details:
    """Return some attributes by name."""
    return {name: getattr(event, name) for name in names}


def paired(heard: Sequence[tuple[Event, bool]]) -> Iterator[tuple[list[Event], bool]]:
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
    return {"times": tuple(of(event, TIMES).values())}


def closure(event: calendar.SessionsClosed | calendar.SessionCancelled) -> Details:
    """Return how sessions are not held, and why."""
    return {"closure": (isinstance(event, calendar.SessionCancelled), event.reason)}


def _nothing(_event: Event) -> Iterator[Statement]:
    yield from ()


def _school(event: calendar.SchoolOpened) -> Iterator[Statement]:
    yield "school", of(event, SCHOOL)


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


def _staff(event: people.StaffTitle) -> Iterator[Statement]:
    yield event.since, of(event, STAFF)


def _until(event: people.StaffLeft) -> Iterator[Statement]:
    yield event.since, {"until": event.until}


def _enrolled(event: roll.PupilEnrolled) -> Iterator[Statement]:
    yield "details", of(event, roll.DETAILS)
    spell = {"on_roll": True, "leaves_on": None, "ground": "", "next_school": None}
    yield event.starts_on, {**spell, "boarder": event.boarder}


def _removed(event: roll.PupilRemoved) -> Iterator[Statement]:
    yield event.starts_on, of(event, ("leaves_on", "ground", "next_school"))


def _enrolment_withdrawn(event: roll.EnrolmentWithdrawn) -> Iterator[Statement]:
    yield event.starts_on, {"on_roll": False}


def _detail(event: roll.DetailsAmended) -> Iterator[Statement]:
    if event.field in roll.DETAILS:
        yield "details", {event.field: event.amended}


def _membership(event: roll.GroupJoined | roll.GroupLeft) -> Iterator[Statement]:
    yield (event.kind, event.name, event.since), {"until": event.until}


def _parent(event: people.ParentRecorded) -> Iterator[Statement]:
    yield None, of(event, PARENT)


def _relation(event: people.RelationRecorded) -> Iterator[Statement]:
    yield None, of(event, RELATION)


def _notice(event: people.NoticeStated) -> Iterator[Statement]:
    yield (event.kind, event.issued_on, event.offence_first), of(event, NOTICE)


_READ: Mapping[type[Event], Callable[[Any], Iterator[Statement]]] = {
    calendar.SchoolOpened: _school,
    calendar.RegisterTimesSet: _times,
    calendar.TermSet: _term,
    calendar.SessionsClosed: _closed,
    calendar.SessionCancelled: _closed,
    calendar.ClosureWithdrawn: _withdrawn,
    people.StaffJoined: _staff,
    people.StaffChanged: _staff,
    people.StaffLeft: _until,
    roll.PupilEnrolled: _enrolled,
    roll.PupilRemoved: _removed,
    roll.EnrolmentWithdrawn: _enrolment_withdrawn,
    roll.DetailsAmended: _detail,
    roll.GroupJoined: _membership,
    roll.GroupLeft: _membership,
    people.ParentRecorded: _parent,
    people.RelationRecorded: _relation,
    people.NoticeStated: _notice,
}
