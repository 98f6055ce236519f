"""The sealed texts of the log, read when nobody can seal another: what a redaction must keep."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from ledger.events.streams import STAFF
from ledger.sealing.boxes import is_sealed
from ledger.sealing.keys import LOCK_TIMEOUT_SECONDS
from ledger.sealing.punctured import Place
from ledger.store.folder import open_read_only, translated

_EVERY = "SELECT position, state FROM stored_events WHERE instr(state, '\"~') ORDER BY position"
_SQL = "SELECT position, state FROM stored_events WHERE instr(state, ?) ORDER BY position"


def places(log: Path, subject: str, purpose: str) -> Iterator[Place]:
    """Yield every text sealed under a subject and purpose, in the order of the log.

    To be called by whoever holds the keys' only writer's place. A writer who gave it up may not
    have committed to the log yet, so the log's is taken too, and given back at the end; nothing
    is written.
    """
    reference = f"~{subject}/{purpose}."
    stored = msgspec.json.encode(reference)[1:-1]
    uri = f"{log.absolute().as_uri()}?mode=rw"
    timeout = LOCK_TIMEOUT_SECONDS
    with (
        translated(log),
        closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout)) as db,
    ):
        db.execute("BEGIN IMMEDIATE")
        for position, state in db.execute(_SQL, [stored]):
            yield from _texts(position, state, reference)
        db.execute("ROLLBACK")


def every_place(log: Path) -> Iterator[Place]:
    """Yield every sealed text of the log but names of staff, in order; takes no lock."""
    with translated(log), closing(open_read_only(log)) as db:
        for position, state in db.execute(_EVERY):
            for place in _texts(position, state, "~"):
                if not place.text.startswith(f"~{STAFF}"):
                    yield place


def _texts(position: int, state: bytes, reference: str) -> Iterator[Place]:
    for field, text in json.loads(state).items():
        if isinstance(text, str) and text.startswith(reference) and is_sealed(text):
            yield Place(position, field, text)
