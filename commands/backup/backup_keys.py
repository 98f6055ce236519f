"""Putting the keys of a back-up beside a ledger that has lost its own."""

import os
from contextlib import closing
from pathlib import Path

from ledger.backup import backup
from ledger.backup import check as backup_check
from ledger.backup.backup import Secrets
from ledger.backup.file import Archive
from ledger.clock import local
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.disclosure import FieldRedacted
from ledger.sealing.boxes import parse_box
from ledger.sealing.keys import BEYOND_USE, KeyRing
from ledger.sealing.punctured import LOST, Redaction
from ledger.sealing.redaction import places
from ledger.store.folder import Folder, translated
from ledger.store.store import Store
from ledger.tlog.signing import successor


def put_back(folder: Folder, archive: Archive, secrets: Secrets) -> tuple[str, ...]:
    """Write the key files that are missing; tell what they do not open."""
    found = backup_check.fit(folder, archive.manifest)
    if backup_check.origin(folder) != archive.manifest.ledger:
        what = f"the back-up is not of the ledger at {folder.path}"
        raise Refused("backup-of-another", what, "name the ledger that it is of with --ledger")
    if found.faults:
        raise Refused("backup-differs", found.faults[0].what, "run attendance verify")
    lost_signing = not folder.signing_key.is_file()
    if folder.keys.exists() and not lost_signing:
        what = f"keys are already at {folder.path}"
        raise Refused("keys-there", what, "move them away first, if they are not the right ones")
    says = []
    if lost_signing:
        put_signing(folder, secrets)
        says.append("the key that signs is back; one that was adopted later is lost")
    if not folder.keys.exists():
        says += _put_keys(folder, archive, secrets)
    return tuple(says)


def _put_keys(folder: Folder, archive: Archive, secrets: Secrets) -> list[str]:
    """Write keys.db whole: beside its place first, so that a crash leaves nothing there."""
    part = folder.keys.with_name(f".keys.db.unfinished-{os.getpid()}")
    with translated(part):
        part.unlink(missing_ok=True)
        backup.put_secret(part, secrets.keys)
        _put_aside(folder.keys)
        part.rename(folder.keys)
    _redacted_again(folder)
    size, made = archive.manifest.size, archive.manifest.made_at
    day = f"{local(made):%Y-%m-%d %H:%M}"
    texts, whose = _lost(folder, size)
    if not texts:
        return [f"the keys are back, as of {day}: every text of the ledger opens"]
    return [
        f"the keys are back, as of {day}",
        f"LOST: keys made after that, in entries {size + 1} to {folder.head()}",
        f"{texts} texts about {whose} people or subjects read [beyond use] from now on",
        "if a later back-up has their keys, move keys.db away and restore that one",
    ]


def _redacted_again(folder: Folder) -> None:
    """Put beyond use again what the log says was redacted and the back-up still opens."""
    with closing(Store(folder.log)) as store, closing(KeyRing(folder.keys)) as ring:
        said = [e for e in store.stream(streams.redaction()) if isinstance(e, FieldRedacted)]
        texts = [(each, _text(store, each)) for each in said]
        found = [_redaction(each, text) for each, text in texts if _opens(ring, text)]
        ring.reapply(found, lambda each: places(folder.log, each.subject, each.purpose))


def _text(store: Store, said: FieldRedacted) -> str:
    target = store.at(said.position)
    return str(getattr(target and target.event, said.field))


def _redaction(said: FieldRedacted, text: str) -> Redaction:
    box = parse_box(text)
    return Redaction(box.subject, box.purpose, box.nonce, said.position, said.field, 1)


def _put_aside(keys: Path) -> None:
    """Keep SQLite from writing what the lost file's last commits left onto the one put back."""
    for ending in ("-wal", "-shm"):
        left = keys.with_name(keys.name + ending)
        if left.exists():
            left.replace(left.with_name(left.name + ".lost"))


def _lost(folder: Folder, after: int) -> tuple[int, int]:
    """Give up the texts after a position that do not open; count them, and whose they are."""
    gone = backup_check.destroyed(folder)
    with closing(KeyRing(folder.keys)) as ring:
        lost = [
            Redaction(box.subject, box.purpose, box.nonce, box.position, box.field, LOST)
            for box in backup_check.boxes(folder, after)
            if (box.subject, box.purpose) not in gone and not _opens(ring, box.text)
        ]
        if lost:
            ring.give_up(lost)
    return len(lost), len({each.subject for each in lost})


def _opens(ring: KeyRing, text: str) -> bool:
    """Tell whether a text opens; one that was sealed under a later key does not."""
    try:
        return ring.open(text) != BEYOND_USE
    except Refused:
        return False


def put_signing(folder: Folder, secrets: Secrets) -> None:
    """Write the keys that sign where the ledger looks for them; never over another one."""
    own = folder.signing_key
    both: list[tuple[Path, bytes | None]] = [
        (own, secrets.signing),
        (successor(own), secrets.successor),
    ]
    for path, key in both:
        if key is None:
            continue
        with translated(path):
            there = path.read_bytes().strip() if path.exists() else None
        if there is None:
            backup.put_secret(path, key + b"\n")
        elif there != key.strip():
            what = f"another signing key is at {path}"
            raise Refused(
                "signing-key-there", what, "move it away, or unset ATTENDANCE_SIGNING_KEY"
            )
