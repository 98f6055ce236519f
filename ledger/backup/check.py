"""Proving that a back-up can be restored: its log, its keys, and how it fits a ledger."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from ledger.backup.backup import checkpoint_of
from ledger.backup.file import Archive, Manifest
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.backup import BackupMade
from ledger.events.codec import Decoder
from ledger.files import open_read_only, translated
from ledger.sealing.keys import BEYOND_USE, REDACTED, KeyRing, is_sealed, parse_box
from ledger.sealing.redaction import places
from ledger.store.folder import Folder
from ledger.terminal import Progress
from ledger.tlog.note import read_checkpoint, read_note
from ledger.transparency.roots import root_at
from ledger.verification.verify import Fault, KeptCheckpoint, verify


class Box(NamedTuple):
    """A sealed text: where it stands, whose it is, what for, and its nonce."""

    position: int
    field: str
    subject: str
    purpose: str
    nonce: bytes
    text: str


class OpenedKeys(NamedTuple):
    """How many keys there are texts for, and how many of them were destroyed."""

    keys: int
    destroyed: int
    faults: list[Fault]


class Fit(NamedTuple):
    """How a back-up fits a ledger: in words, and what is wrong."""

    says: str
    faults: list[Fault]


class Findings(NamedTuple):
    """What a back-up was found to be. ``opened``: none where nobody gave the passphrase."""

    opened: OpenedKeys | None
    faults: list[Fault]


def prove(made: Folder, archive: Archive, progress: Progress) -> Findings:
    """Verify an unpacked back-up, and open the texts under each key where the keys are there."""
    kept = KeptCheckpoint("the back-up's checkpoint", checkpoint_of(archive))
    found = verify(made, every_signature=True, kept=[kept], progress=progress)
    faults = list(found.faults)
    if found.entries != archive.manifest.size:
        what = f"the log holds {found.entries} entries, not {archive.manifest.size} as it says"
        faults.append(Fault(None, what))
    opened = open_sample(made) if made.keys.is_file() and not faults else None
    return Findings(opened, [*faults, *(opened.faults if opened else ())])


def boxes(folder: Folder, after: int = 0) -> Iterator[Box]:
    """Yield every sealed text of a log after a position, in order; skip what cannot be read."""
    sql = "SELECT position, state FROM stored_events WHERE position > ? AND instr(state, ?)"
    with folder.reading() as db:
        for position, state in db.execute(sql, [after, b'"~']):
            for field, text in _sealed_texts(state):
                try:
                    box = parse_box(text)
                except ValueError:
                    continue
                yield Box(position, field, *box[:3], text)


def _sealed_texts(state: bytes) -> list[tuple[str, str]]:
    try:
        event = json.loads(state)
    except ValueError:
        return []
    texts = event.items() if isinstance(event, dict) else ()
    return [(field, text) for field, text in texts if isinstance(text, str) and is_sealed(text)]


def open_sample(folder: Folder) -> OpenedKeys:
    """Open the first text under every key; one that was destroyed on purpose is no fault."""
    gone, seen, done = destroyed_keys(folder), set(), set()
    faults: list[Fault] = []
    with closing(KeyRing(folder.keys)) as ring:
        for box in boxes(folder):
            whose = (box.subject, box.purpose)
            seen.add(whose)
            if whose in done:
                continue
            try:
                text = ring.open(box.text)
            except Refused as refused:
                faults.append(Fault(box.position, refused.what))
            else:
                if text == REDACTED:
                    continue
                if text == BEYOND_USE and whose not in gone:
                    what = f"the key of {box.subject} ({box.purpose}) is not in the back-up"
                    faults.append(Fault(box.position, what))
            done.add(whose)
    return OpenedKeys(len(seen), len(gone & seen), faults)


def destroyed_keys(folder: Folder) -> set[tuple[str, str]]:
    """Return the subjects and purposes whose keys were destroyed."""
    with translated(folder.keys), closing(open_read_only(folder.keys)) as db:
        return set(db.execute("SELECT subject, purpose FROM destroyed"))


def origin(folder: Folder) -> str | None:
    """Return the origin that a ledger's newest checkpoint names; none in an empty log."""
    with folder.reading() as db:
        sql = "SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1"
        row = db.execute(sql).fetchone()
    return None if row is None else read_checkpoint(read_note(row[0]).text).origin


def fit(folder: Folder, manifest: Manifest) -> Fit:
    """Compare a back-up with a ledger: the ledger must continue it."""
    if origin(folder) != manifest.ledger:
        return Fit(f"not compared with {folder.path}, which is another ledger", [])
    head = folder.head()
    if head < manifest.size:
        what = f"the ledger at {folder.path} holds {head} entries, its back-up {manifest.size}"
        return Fit("", [Fault(head, f"{what}: the ledger was rolled back or cut short")])
    if root_at(folder, manifest.size) != manifest.root:
        what = f"entries 1 to {manifest.size} of the ledger at {folder.path} are not those here"
        return Fit("", [Fault(None, f"{what}: one of the two was rewritten")])
    return Fit(f"continued by {folder.path}, where {head - manifest.size} came after", [])


def recorded_backups(folder: Folder) -> list[BackupMade]:
    """Return the back-ups that a log tells of, oldest first."""
    sql = "SELECT topic, state FROM stored_events WHERE originator_id = ? ORDER BY position"
    with folder.reading() as db:
        rows = db.execute(sql, [streams.BACKUPS]).fetchall()
    decoder = Decoder()
    events = [decoder.decode(name, state) for name, state in rows]
    return [event for event in events if isinstance(event, BackupMade)]


def replay(folder: Folder, newer: Path) -> tuple[int, int]:
    """Destroy in a restored key file what a newer one remembers as destroyed or redacted.

    Returns how many keys and how many texts that were.
    """
    with closing(KeyRing(newer, to_write=False)) as since:
        redactions = since.redactions()
    with translated(newer), closing(open_read_only(newer)) as db:
        rows = db.execute("SELECT subject, purpose, at FROM destroyed").fetchall()
    with closing(KeyRing(folder.keys)) as ring:
        keys = ring.destroy_again(rows)
        texts = ring.reapply(redactions, lambda r: places(folder.log, r.subject, r.purpose))
    return keys, texts
