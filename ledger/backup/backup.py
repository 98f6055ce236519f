"""Making a back-up, and unpacking one into a folder.

The log is copied as one consistent state while others may go on writing; what it needs (keys,
attachments) is durable before an event that names it, so it is read after the log. The log stays
readable, as it is in the ledger: an inspector may examine back-ups (SI 2024/208 reg 12). Keys
are never written to a disk in clear.
"""

import gzip
import io
import os
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import IO, NamedTuple

from msgspec import structs

import ledger
from ledger.backup import file
from ledger.backup.file import Archive, Manifest, Part, part_of
from ledger.errors import Refused
from ledger.files import (
    give_name,
    open_read_only,
    open_to_write,
    sync_folder,
    translated,
    workshop,
    write_new,
)
from ledger.store.folder import Folder, refuse_link
from ledger.terminal import Progress
from ledger.tlog import signing
from ledger.tlog.note import Checkpoint, Note, read_checkpoint, read_note, read_signature
from ledger.verification.verify import verify

_SIGNING = "signing.key"
_NEXT = _SIGNING + ".next"
_PAGES = 2048  # of the log, between two reports of progress
_LEVEL = 4
"""Of compression: a marks log shrinks to about a third, and higher levels cost more than that."""


class Receipt(NamedTuple):
    """A back-up that was made: of how many entries, its file's size in bytes and SHA-256.

    ``words``: the names of the school's own files of words in it, and of those left out.
    """

    size: int
    bytes: int
    sha256: str
    words: list[str]
    left_out: list[str]


def create(folder: Folder, target: Path, passphrase: str, now: int, progress: Progress) -> Receipt:
    """Write a back-up of a ledger to a file that is not there yet, whole or not at all."""
    with translated(target), workshop(target.parent) as place:
        checkpoint, log = _snapshot(folder, place / "log", progress)
        origin, size, root = read_checkpoint(checkpoint.text)
        manifest = Manifest(
            ledger=origin,
            size=size,
            root=b64encode(root).decode(),
            made_at=now,
            software=ledger.__version__,
            log=log,
            scrypt=file.Stretching(token_hex(16)),
            parts=[],
        )
        words, left_out = _words(folder)
        sources = [
            _file(file.LOG, _compress(place)),
            _content(file.CHECKPOINT, checkpoint.written.encode()),
            *_wrapped(folder, manifest, passphrase),
            *(_file(name, path) for name, path in _attachments(folder)),
            *(_content(name, content) for name, content in words.items()),
        ]
        manifest = structs.replace(manifest, parts=[each.part for each in sources])
        whole = place / "whole"
        whole.touch(mode=0o600)
        with whole.open("wb") as out:
            written = file.write(out, manifest, [each.opened for each in sources])
            out.flush()
            os.fsync(out.fileno())
        if file.read(whole, progress).sha256 != written:
            raise file.damage(whole, "did not keep what was written to it")
        _put(whole, target)
        bytes_ = target.stat().st_size
        return Receipt(size, bytes_, written, manifest.names_of_words, left_out)


def _put(whole: Path, target: Path) -> None:
    """Give a whole file its name, unless somebody else took it."""
    try:
        give_name(whole, target)
    except FileExistsError:
        raise already_there(target) from None
    sync_folder(target.parent)


def already_there(target: Path) -> Refused:
    """Return the refusal to write over something."""
    return Refused("backup-there", f"{target} is already there", "choose another name with --to")


def _snapshot(folder: Folder, path: Path, progress: Progress) -> tuple[Note, Part]:
    """Copy the log as it stands; return its newest checkpoint, cosigned, and the file.

    A log that does not verify is refused: it could not be restored.
    """
    path.mkdir()
    copy = Folder(path)
    with folder.reading() as source:
        # A transaction sees what stands at its first reading, whatever others write from then on.
        source.execute("BEGIN")
        source.execute("SELECT max(position) FROM stored_events").fetchone()
        with closing(open_to_write(copy.log, create=True)) as db:
            source.backup(
                db, pages=_PAGES, progress=lambda _, left, all_: progress(all_ - left, all_)
            )
            db.execute("PRAGMA journal_mode=DELETE")
            checkpoint = _checkpoint(db)
    found = verify(copy, progress=progress)
    if found.faults or checkpoint is None:
        what = found.faults[0].what if found.faults else "it has no checkpoint"
        remedy = "run attendance verify; copy the folder as it is, and look for what changed it"
        raise Refused("ledger-differs", f"the log is not what was recorded: {what}", remedy)
    return checkpoint, part_of("ledger.db", copy.log)


def _checkpoint(db: sqlite3.Connection) -> Note | None:
    """Return the newest checkpoint with the signatures of all who signed it."""
    row = db.execute("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    if row is None:
        return None
    note = read_note(row[1])
    sql = "SELECT line FROM cosignatures WHERE size = ? ORDER BY line"
    lines = [read_signature(line) for (line,) in db.execute(sql, [row[0]])]
    return Note(note.text, (*note.signatures, *lines))


def _compress(place: Path) -> Path:
    log, path = Folder(place / "log").log, place / file.LOG
    with (
        log.open("rb") as source,
        path.open("xb") as raw,
        gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as out,
    ):
        file.copy_pieces(source, out.write)
    log.unlink()
    return path


def _secrets(folder: Folder) -> Iterator[tuple[str, bytes]]:
    """Yield the keys by the name of their file: of personal data, and those that sign."""
    if not folder.keys.is_file():
        raise Refused(
            "keys-missing",
            f"the ledger's keys are not at {folder.keys}",
            "restore them first: attendance backup restore FILE --keys-only",
        )
    with (
        translated(folder.keys),
        closing(open_read_only(folder.keys)) as source,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        source.backup(copy)
        yield file.KEYS, copy.serialize()
    yield _SIGNING, signing.load(folder.signing_key).written.encode()
    successor = signing.successor(folder.signing_key)
    if signing.is_there(successor):
        yield _NEXT, signing.load(successor).written.encode()


class _Source(NamedTuple):
    """A part of a back-up, and what opens it."""

    part: Part
    opened: Callable[[], IO[bytes]]


def _file(name: str, path: Path) -> _Source:
    """Return a part from a file that nobody changes any more."""
    return _Source(part_of(name, path), lambda: path.open("rb"))


def _content(name: str, content: bytes) -> _Source:
    part = Part(name, len(content), sha256(content).hexdigest())
    return _Source(part, partial(io.BytesIO, content))


def _wrapped(folder: Folder, manifest: Manifest, passphrase: str) -> Iterator[_Source]:
    key = manifest.scrypt.key(passphrase)
    for name, secret in _secrets(folder):
        part = name + file.WRAPPED
        yield _content(part, file.wrap(key, secret, manifest.bound_to(part)))


def _attachments(folder: Folder) -> Iterator[tuple[str, Path]]:
    place = folder.path / file.ATTACHMENTS
    for path in sorted(place.rglob("*")):
        if path.is_symlink():
            raise refuse_link(path)
        if path.is_file() and not path.name.startswith("."):
            yield f"{file.ATTACHMENTS}/{path.relative_to(place).as_posix()}", path


def _words(folder: Folder) -> tuple[dict[str, bytes], list[str]]:
    """Return the school's own words by the name of their part, and the names of those left out.

    Read now, since somebody may be changing them. No link is followed: it may lead to the keys.
    """
    found: dict[str, bytes] = {}
    left_out: list[str] = []
    if not folder.words.is_dir():
        return found, left_out
    with translated(folder.words):
        for path in sorted(folder.words.iterdir()):
            part = Part(f"{file.WORDS}/{path.name}", path.lstat().st_size, "")
            if path.is_file() and not path.is_symlink() and file.may_be_words(part):
                found[part.name] = path.read_bytes()
            elif path.suffix == ".txt":
                left_out.append(path.name)
    return found, left_out


# -- unpacking ---------------------------------------------------------------------------------


class Secrets(NamedTuple):
    """What the passphrase opens: ``keys.db``, and the texts of the keys that sign."""

    keys: bytes
    signing: bytes
    successor: bytes | None


def note_of(archive: Archive) -> Note:
    """Return the newest checkpoint of a back-up, with all its signatures."""
    return read_note(archive.read(file.CHECKPOINT).decode(errors="replace"))


def checkpoint_of(archive: Archive) -> Checkpoint:
    """Return the checkpoint that a back-up holds; refuse one that its manifest does not name."""
    found, manifest = read_checkpoint(note_of(archive).text), archive.manifest
    named = (manifest.ledger, manifest.size, manifest.root)
    if (found.origin, found.size, b64encode(found.root).decode()) != named:
        raise file.damage(file.CHECKPOINT, "in the back-up is not that of its manifest")
    return found


def secrets_of(archive: Archive, passphrase: str) -> Secrets:
    """Open the keys in a back-up; refuse a wrong passphrase."""
    manifest = archive.manifest
    key = manifest.scrypt.key(passphrase)

    def opened(name: str) -> bytes:
        return file.unwrap(key, archive.read(name), manifest.bound_to(name))

    personal, own, successor = (name + file.WRAPPED for name in (file.KEYS, _SIGNING, _NEXT))
    replaced = any(part.name == successor for part in manifest.parts)
    return Secrets(opened(personal), opened(own), opened(successor) if replaced else None)


def unpack(archive: Archive, folder: Folder, secrets: Secrets | None, progress: Progress) -> None:
    """Write what is in clear to a folder and, given the keys of personal data, those."""
    with translated(folder.path):
        archive.copy_log(folder.log, progress)
        for part in (*archive.manifest.attachments, *archive.manifest.words):
            place = folder.path / part.name
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            archive.copy(part.name, place)
        if secrets is not None:
            put_secret(folder.keys, secrets.keys)


def put_secret(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read, durably."""
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new(path, content)
