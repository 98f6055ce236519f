"""The ledger's own signing key: made with the ledger, kept for its owner's eyes only."""

import os
import secrets
from pathlib import Path

from ledger.errors import Refused
from ledger.files import translated, write_new
from ledger.tlog.note import COSIGNATURE, Signer, new_signer, read_signer

ORIGIN = "attendance-ledger/"
"""What the origin line of every checkpoint begins with; the ledger's id follows."""
_SEED_BYTES = 32


def create(path: Path, ledger_id: str) -> Signer:
    """Make a key and write it, durably, readable by its owner only; refuse to replace one."""
    signer = new_signer(ORIGIN + ledger_id, secrets.token_bytes(_SEED_BYTES))
    keep(path, signer, "name another place with ATTENDANCE_SIGNING_KEY")
    return signer


def create_witness(path: Path, name: str) -> Signer:
    """Make the key of a witness and write it the same way."""
    signer = new_signer(name, secrets.token_bytes(_SEED_BYTES), COSIGNATURE)
    keep(path, signer, "name another file with --out")
    return signer


def keep(path: Path, signer: Signer, otherwise: str) -> None:
    """Write a key, readable by its owner only; ``otherwise``: the remedy if one is there."""
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_new(path, signer.written + "\n")
        except FileExistsError:
            raise Refused(
                "signing-key-there", f"a signing key is already at {path}", otherwise
            ) from None


def successor(path: Path) -> Path:
    """Return where the key is that is to take the place of the one at a path."""
    return path.with_name(path.name + ".next")


def signers(path: Path) -> list[Signer]:
    """Return the keys that sign a checkpoint: the ledger's, and its successor while there is one.

    So a rotation that was interrupted leaves checkpoints that either key proves.
    """
    own = load(path)
    after = successor(path)
    return [own, load_successor(after, own)] if is_there(after) else [own]


def is_there(path: Path) -> bool:
    """Tell whether a key is there; an empty file signed nothing: its writing was cut short."""
    return path.is_file() and path.stat().st_size > 0


def load_successor(path: Path, own: Signer) -> Signer:
    """Return the key that follows a ledger's own; refuse one of another name or kind."""
    found = load(path)
    if (found.name, found.kind) != (own.name, own.kind):
        raise Refused(
            "signing-key-other",
            f"the key at {path} is no key for this ledger, but of {found.name}",
            "move it away; attendance key rotate makes the right one",
        )
    return found


def state(path: Path) -> tuple[int, ...] | None:
    """Return what changes with the file of a key; none where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def is_exposed(path: Path) -> bool:
    """Tell whether others than its owner may read or write a key."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def load(path: Path) -> Signer:
    """Return the key, or refuse: without it nothing can be recorded."""
    if not path.is_file():
        raise Refused(
            "signing-key-missing",
            f"the ledger's signing key is not at {path}",
            "say where it is with ATTENDANCE_SIGNING_KEY, or restore it from the latest back-up",
        )
    return _read(path, "ascii")


def _read(path: Path, encoding: str) -> Signer:
    with translated(path):
        written = path.read_text(encoding=encoding, errors="replace")
    try:
        return read_signer(written)
    except Refused as refused:
        raise Refused(refused.code, f"{path}: {refused.what}", refused.remedy) from None


def load_witness(path: Path) -> Signer:
    """Return the key of a witness, or refuse another kind of key."""
    if not path.is_file():
        raise Refused("witness-key-missing", f"no key is at {path}", _NEW)
    found = _read(path, "utf-8")
    if found.kind != COSIGNATURE:
        raise Refused("witness-key", f"{path} is not the key of a witness", _NEW)
    return found


_NEW = "make one with attendance witness new"
