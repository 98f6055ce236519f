"""Sealing the personal fields of events on their way into the log."""

from dataclasses import replace
from datetime import date

from ledger.clock import local_date
from ledger.events import streams
from ledger.events.base import Event, Seal, sealed_fields
from ledger.sealing.keys import KeyRing
from ledger.values import school_year_number


def seal_event(ring: KeyRing, stream: str, event: Event, now: int) -> Event:
    """Return the event with each personal field that is given sealed for its subject."""
    sealed = {
        name: ring.seal(text, _subject(stream, event, seal), _purpose(stream, seal, now))
        for name, seal in sealed_fields(type(event))
        if (text := getattr(event, name)) is not None
    }
    return replace(event, **sealed) if sealed else event


def _subject(stream: str, event: Event, seal: Seal) -> str:
    if seal.by is not None:
        return streams.staff(getattr(event, seal.by))
    return streams.subject(stream)


def _purpose(stream: str, seal: Seal, now: int) -> str:
    if seal.purpose != "register":
        return seal.purpose
    return f"register-{school_year_number(_day(stream, now))}"


def _day(stream: str, now: int) -> date:
    if stream.startswith((streams.MARK, streams.PLAN, streams.APPROVAL)):
        return date.fromisoformat(streams.parts(stream)[2][:10])
    return local_date(now)
