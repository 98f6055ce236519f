"""The sealed texts of the log: found again for a redaction, and sealed on their way into it.

A redaction reads them when nobody can seal another: it must keep all but one.
"""

import json
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledger.clock import local_date
from ledger.events import streams
from ledger.events.base import Event, Seal, replace, sealed_fields
from ledger.events.streams import STAFF
from ledger.files import begin_immediate, open_to_write, translated
from ledger.sealing.boxes import Place, is_sealed, parse_box
from ledger.sealing.keys import KeyRing
from ledger.store.folder import Folder
from ledger.values import school_year_number

_EVERY = """
SELECT position, state FROM stored_events WHERE position > ? AND instr(state, ?)
ORDER BY position"""
_SQL = "SELECT position, state FROM stored_events WHERE instr(state, ?) ORDER BY position"


def places(log: Path, subject: str, purpose: str) -> Iterator[Place]:
    """Yield every text sealed under a subject and purpose, in the order of the log.

    To be called by whoever holds the keys' only writer's place. A writer who gave it up may not
    have committed to the log yet, so the log's is taken too, and given back at the end; nothing
    is written.
    """
    reference = f"~{subject}/{purpose}."
    stored = msgspec.json.encode(reference)[1:-1]
    with translated(log), closing(open_to_write(log)) as db:
        begin_immediate(db.execute)
        for position, state in db.execute(_SQL, [stored]):
            yield from _texts(position, state, reference)
        db.execute("ROLLBACK")


def every_place(log: Path) -> Iterator[Place]:
    """Yield every sealed text of the log but names of staff, in order; takes no lock."""
    for place in _every(Folder(log.parent), 0):
        if not place.text.startswith(f"~{STAFF}"):
            yield place


class Sealed(NamedTuple):
    """A sealed text: where it stands, whose it is, what for, and its nonce."""

    position: int
    field: str
    subject: str
    purpose: str
    nonce: bytes
    text: str


def sealed_texts(folder: Folder, after: int = 0) -> Iterator[Sealed]:
    """Yield every sealed text of a log after a position, in order; skip what cannot be read."""
    for place in _every(folder, after):
        with suppress(ValueError):
            yield Sealed(place.position, place.field, *parse_box(place.text)[:3], place.text)


def _every(folder: Folder, after: int) -> Iterator[Place]:
    with folder.reading() as db:
        for position, state in db.execute(_EVERY, [after, b'"~']):
            yield from _texts(position, state, "~")


def _texts(position: int, state: bytes, reference: str) -> Iterator[Place]:
    try:
        event = json.loads(state)
    except ValueError:
        return
    for field, text in event.items() if isinstance(event, dict) else ():
        if isinstance(text, str) and text.startswith(reference) and is_sealed(text):
            yield Place(position, field, text)


# -- on the way into the log -------------------------------------------------------------------


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
