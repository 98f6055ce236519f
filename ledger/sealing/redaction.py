"""The sealed texts of the log: found again for a redaction, and sealed on their way into it.

A redaction reads them when nobody can seal another: it must keep all but one.
"""

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
from ledger.files import begin_immediate, open_read_only, open_to_write, translated
from ledger.sealing.boxes import Place, Where, parse_box, texts_in
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
    stored = msgspec.json.encode(f"~{subject}/{purpose}")[1:-1]
    with translated(log), closing(open_to_write(log)) as db:
        begin_immediate(db.execute)
        for position, state in db.execute(_SQL, [stored]):
            for field, text in texts_in(state):
                if parse_box(text)[:2] == (subject, purpose):
                    yield Place(position, field, text)
        db.execute("ROLLBACK")


def every_place(log: Path) -> Iterator[Place]:
    """Yield every sealed text of the log but names of staff, in order; takes no lock."""
    for place in _every(Folder(log.parent), 0):
        if not place.text.startswith(f"~{STAFF}"):
            yield place


def half_done(log: Path, ring: KeyRing) -> Iterator[str]:
    """Yield, in words, what is left to do of redactions that were cut short."""
    if ring.owes_wiping:
        yield (
            "bytes of a destroyed key may still be in keys.db: the next command that records "
            "something overwrites them"
        )
    sql = (
        "SELECT json_extract(CAST(state AS TEXT), '$.position'), "
        "json_extract(CAST(state AS TEXT), '$.field') FROM stored_events WHERE originator_id = ?"
    )
    with translated(log), closing(open_read_only(log)) as db:
        recorded = set(db.execute(sql, [streams.redaction()]))
    for each in ring.redactions():
        if (each.position, each.field) not in recorded:
            yield (
                f"the {each.field} of event {each.position} is beyond use, but not recorded by "
                f"whom and why: attendance redact {each.position} {each.field} --reason WHY "
                "records that"
            )


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
            for field, text in texts_in(state):
                yield Place(position, field, text)


# -- on the way into the log -------------------------------------------------------------------


def seal_event(ring: KeyRing, stream: str, event: Event, now: int) -> Event:
    """Return the event with each personal field that is given sealed for its subject."""
    sealed: dict[str, str | tuple[str, ...]] = {}
    for name, seal in sealed_fields(type(event)):
        value: str | tuple[str, ...] | None = getattr(event, name)
        if value is None or not isinstance(value, str | tuple) or value == ():
            continue
        whose = (_subject(stream, event, seal), _purpose(stream, seal, now), Where(name, stream))
        if isinstance(value, str):
            sealed[name] = ring.seal(value, *whose)
        else:
            sealed[name] = tuple(ring.seal(text, *whose) for text in value)
    return replace(event, **sealed) if sealed else event


def _subject(stream: str, event: Event, seal: Seal) -> str:
    if seal.of is not None:
        return seal.of
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
