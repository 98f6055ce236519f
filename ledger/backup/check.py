"""Proving that a back-up can be restored: its log, its keys, and how it fits a ledger."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import NamedTuple

from ledger.backup.backup import Secrets, checkpoint_of
from ledger.backup.file import ATTACHMENTS, Archive, Manifest
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.backup import BackupMade
from ledger.events.codec import Decoder
from ledger.files import open_read_only, translated
from ledger.sealing import attachments
from ledger.sealing.keys import BEYOND_USE, REDACTED, KeyRing
from ledger.sealing.redaction import places
from ledger.store.folder import Folder
from ledger.terminal import Progress
from ledger.tlog.note import read_checkpoint, read_note, read_signer
from ledger.transparency.roots import root_at
from ledger.verification.keys import Fault, KeptCopy, OpenedKeys, kept_copies
from ledger.verification.verify import KeptCheckpoint, Verification, verify


class Fit(NamedTuple):
    """How a back-up fits a ledger: in words, and what is wrong."""

    says: str
    faults: list[Fault]


class Findings(NamedTuple):
    """What a back-up was found to be. ``opened``: none where nobody gave the passphrase.

    ``copies``: the copies of evidence that are missing or do not open, without which the rest can
    be restored; ``unnamed``: those in it that its log does not name, as a command that was cut
    short leaves, which a restore leaves out.
    """

    opened: OpenedKeys | None
    faults: list[Fault]
    copies: list[Fault]
    unnamed: list[str]


def prove(made: Folder, archive: Archive, secrets: Secrets | None, progress: Progress) -> Findings:
    """Do with an unpacked back-up all that a restore needs; what is wrong is in the answer.

    Its log is verified and, given the keys, the one that signs compared with the log, a text
    opened under each key, and each copy of evidence that the log says is kept.
    """
    kept = KeptCheckpoint("the back-up's checkpoint", checkpoint_of(archive))
    found = verify(made, every_signature=True, kept=[kept], progress=progress)
    faults = [*found.faults, *found.beside]
    if found.entries != archive.manifest.size:
        what = f"the log holds {found.entries} entries, not {archive.manifest.size} as it says"
        faults.append(Fault(None, what))
    if secrets is not None:
        faults += _faults_of_signing(found, secrets)
    if faults:
        return Findings(None, faults, [], [])
    named = kept_copies(made)
    there = {part.name.removeprefix(f"{ATTACHMENTS}/") for part in archive.manifest.attachments}
    unnamed = sorted(there - {copy.name for copy in named})
    return Findings(found.opened, [], list(_faults_of_copies(made, named)), unnamed)


def _faults_of_signing(found: Verification, secrets: Secrets) -> Iterator[Fault]:
    """Yield a fault where neither key that signs is the newest that the log names."""
    written = filter(None, (secrets.signing, secrets.successor))
    keys = [read_signer(each.decode(errors="replace")).verifier for each in written]
    if found.keys and found.keys[-1][1] not in keys:
        what = f"its signing key is not that of its log ({found.keys[-1][1].key_id.hex()})"
        yield Fault(None, f"{what}: nothing could be recorded in what is restored")


def _faults_of_copies(made: Folder, copies: Sequence[KeptCopy]) -> Iterator[Fault]:
    """Yield a fault for each copy of evidence that is missing or does not open."""
    with _ring(made) as ring:
        for copy in copies:
            key = None if ring is None else ring.open(copy.key)
            if key in (BEYOND_USE, REDACTED):
                continue
            if not (made.attachments / copy.name).is_file():
                what = f"the copy of evidence {copy.name} is not in the back-up"
                yield Fault(copy.position, what)
            elif key is not None:
                yield from _faults_of_copy(made, copy, key)


def _faults_of_copy(made: Folder, copy: KeptCopy, key: str) -> Iterator[Fault]:
    try:
        attachments.read(made, copy.name, key)
    except Refused:
        yield Fault(copy.position, f"the copy of evidence {copy.name} does not open")


def _ring(made: Folder) -> AbstractContextManager[KeyRing | None]:
    if made.keys.is_file():
        return closing(KeyRing(made.keys, to_write=False))
    return nullcontext()


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
