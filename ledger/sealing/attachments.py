"""Copies of evidence in the ledger's folder, as mortal as the keys.

A copy is encrypted (AES-256-GCM, nonce first, bound to its file's name) under a fresh key of its
own, which stands sealed in the event that gives the evidence: once the pupil's key is destroyed,
nobody can open the copy. A name is made of random ids only: the batch's and the pupil's.
"""

import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from ledger.errors import Refused
from ledger.events import streams
from ledger.files import sync_folder, translated, write_new
from ledger.sealing import boxes
from ledger.store.folder import Folder, refuse_link


class Attachment(NamedTuple):
    """A copy to be kept: its file's name, its bytes in clear, and the key that hides them."""

    name: str
    content: bytes
    key: bytes


def new_key() -> bytes:
    """Return a fresh random key of 256 bits."""
    return secrets.token_bytes(boxes.KEY_BYTES)


def key_text(key: bytes) -> str:
    """Write a key as the event has it."""
    return boxes.base64_text(key)


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes in hexadecimal, as evidence records it."""
    return sha256(content).hexdigest()


def name_of(stream: str) -> str:
    """Return the file name of the copy that an evidence stream's event keeps."""
    _, pupil, batch = streams.parts(stream)
    return f"{batch}-{pupil}"


def write(folder: Folder, attachments: Sequence[Attachment]) -> None:
    """Encrypt and write copies durably: the files, then the folder that names them."""
    if not attachments:
        return
    with translated(folder.attachments):
        folder.attachments.mkdir(mode=0o700, exist_ok=True)
        for name, content, key in attachments:
            stored = boxes.encrypted(key, boxes.new_nonce(), content, name)
            write_new(folder.attachments / name, stored, replace=True)
        sync_folder(folder.path)


def read(folder: Folder, name: str, key: str) -> bytes | None:
    """Return a copy in clear; none where there is no such file. ``key``: as the event has it.

    Refuses a file that its key does not open.
    """
    path = folder.attachments / name
    if path.is_symlink():
        raise refuse_link(path)
    if not path.exists():
        return None
    with translated(path):
        stored = path.read_bytes()
    content = boxes.decrypted(boxes.base64_bytes(key), stored, name)
    if content is None:
        raise Refused(
            "attachment-changed",
            f"the copy {path} does not open: it was changed since it was written",
            "restore it from a back-up",
        )
    return content
