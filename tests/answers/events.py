"""What a ledger's log holds, read as the bytes that are there: its form is a promise for years."""

import json
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_SEALED = re.compile(r"~([^\"]*?)\.[\w-]+\.[\w-]+(?=\")")
_NONCE = re.compile(r',?"nonce":"[\w-]+"')
_ID = re.compile(r"(?<![a-z0-9])[a-z2-9]{11}(?![a-z0-9])")


@dataclass(frozen=True)
class Event:
    """One event: its stream, its kind and what it says, sealed texts as where their key is."""

    stream: str
    kind: str
    state: str

    @property
    def written(self) -> str:
        """What does not differ by chance, on a line."""
        state = _NONCE.sub("", _SEALED.sub(r"(sealed for \1)", self.state))
        return f"{self.kind} on {self.stream}: {state}\n"


def since(ledger: Path, position: int) -> list[Event]:
    """Return the events after a position."""
    query = "SELECT originator_id, topic, state FROM stored_events WHERE position > ?"
    with closing(sqlite3.connect(ledger / "ledger.db")) as log:
        rows = log.execute(f"{query} ORDER BY position", [position]).fetchall()
    return [Event(stream, kind, state.decode()) for stream, kind, state in rows]


def made_up(events: Iterable[Event]) -> set[str]:
    """Return the ids that a ledger made up: of pupils, requests and batches."""
    found: set[str] = set()
    for event in events:
        found |= set(_ID.findall(event.stream))
        batch = json.loads(event.state).get("batch")
        found |= {batch} if batch else set()
    return found
