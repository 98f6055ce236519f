"""Sealed texts: how one is written, made, opened, and put beyond use by itself.

Nobody else knows the cryptography.

A sealed field reads ``~subject/purpose.box.commitment``: AES-256-GCM under a key derived from
the subject's key for that purpose and the box's own nonce, so that one box can later be put
beyond use without the others; and a SHA-256 commitment to salt and text, whose salt is inside
the box and dies with the key.
"""

import hmac
import secrets
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

KEY_BYTES = 32
_NONCE = 12
_SALT = 16


class Box(NamedTuple):
    """The pieces of a sealed text."""

    subject: str
    purpose: str
    nonce: bytes
    ciphertext: bytes
    commitment: bytes


def is_sealed(text: str) -> bool:
    """Tell whether a stored text has the form of a sealed one."""
    return text.startswith("~") and text.count(".") >= 2  # noqa: PLR2004 - box and commitment


def parse_box(text: str) -> Box:
    """Split a sealed text into its pieces."""
    reference, box, commitment = text[1:].rsplit(".", 2)
    subject, _, purpose = reference.rpartition("/")
    raw = base64_bytes(box)
    return Box(subject, purpose, raw[:_NONCE], raw[_NONCE:], base64_bytes(commitment))


def box_key(subject_key: bytes, nonce: bytes) -> bytes:
    """Return the key of one box: HMAC-SHA-256 of its nonce under the subject's key."""
    return hmac.digest(subject_key, nonce, "sha256")


def seal(text: str, subject: str, purpose: str, subject_key: bytes) -> str:
    """Return a text as sealed under the subject's key for a purpose."""
    reference, nonce = f"{subject}/{purpose}", new_nonce()
    salted = secrets.token_bytes(_SALT) + text.encode()
    box = encrypted(box_key(subject_key, nonce), nonce, salted, reference)
    return f"~{reference}.{base64_text(box)}.{base64_text(sha256(salted).digest())}"


def open_box(box: Box, key: bytes) -> str | None:
    """Return the text of a box under its own key.

    None where the key does not open it, or where its commitment is to another text.
    """
    salted = decrypted(key, box.nonce + box.ciphertext, f"{box.subject}/{box.purpose}")
    if salted is None or sha256(salted).digest() != box.commitment:
        return None
    return salted[_SALT:].decode()


def new_nonce() -> bytes:
    """Return a fresh nonce."""
    return secrets.token_bytes(_NONCE)


def encrypted(key: bytes, nonce: bytes, content: bytes, bound_to: str) -> bytes:
    """Return bytes under AES-256-GCM, the nonce first; ``bound_to``: what must fit as well."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - start-up

    return nonce + AESGCM(key).encrypt(nonce, content, bound_to.encode())


def decrypted(key: bytes, stored: bytes, bound_to: str) -> bytes | None:
    """Return what `encrypted` was given; none where the key or what it is bound to differs."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - start-up
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - start-up

    try:
        return AESGCM(key).decrypt(stored[:_NONCE], stored[_NONCE:], bound_to.encode())
    except (InvalidTag, ValueError):
        return None


def base64_text(raw: bytes) -> str:
    """Write bytes as the log has them: base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def base64_bytes(text: str) -> bytes:
    """Read what `base64_text` wrote."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# -- one text beyond use ---------------------------------------------------------------------
#
# The key of a box is derived from the subject's key and the box's nonce. To put one box beyond use
# the derived keys of all others are kept in place of the subject's key, which is destroyed; texts
# sealed later get a new one. No list forbids the box: the key that would open it is gone. What
# ``redacted`` remembers only says why, and lets a restored back-up be brought to the same state.

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS box_keys(
  subject TEXT NOT NULL, purpose TEXT NOT NULL, nonce BLOB NOT NULL, key BLOB NOT NULL,
  PRIMARY KEY(subject, purpose, nonce)) STRICT""",
    """CREATE TABLE IF NOT EXISTS redacted(
  subject TEXT NOT NULL, purpose TEXT NOT NULL, nonce BLOB NOT NULL,
  position INTEGER NOT NULL, field TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(subject, purpose, nonce)) STRICT""",
)

LOST = 0


class Place(NamedTuple):
    """A sealed text and where it stands: the position of its event, and the field."""

    position: int
    field: str
    text: str


class Redaction(NamedTuple):
    """One box that was put beyond use: whose, where it stands, and when (microseconds)."""

    subject: str
    purpose: str
    nonce: bytes
    position: int
    field: str
    at: int


class Holes(NamedTuple):
    """What is kept in place of punctured keys; ``redacted``: by subject, purpose and nonce."""

    keys: dict[tuple[str, str, bytes], bytes]
    redacted: dict[tuple[str, str, bytes], Redaction]


def load(db: sqlite3.Connection) -> Holes:
    """Return what a key file keeps; nothing where it was made before there were redactions."""
    if not _has_tables(db):
        return Holes({}, {})
    keys = db.execute("SELECT subject, purpose, nonce, key FROM box_keys")
    redacted = map(Redaction._make, db.execute("SELECT * FROM redacted"))
    return Holes(
        {(subject, purpose, nonce): key for subject, purpose, nonce, key in keys},
        {(r.subject, r.purpose, r.nonce): r for r in redacted},
    )


def secrets_of(db: sqlite3.Connection, subject: str, purpose: str | None = None) -> set[bytes]:
    """Return a subject's keys, and those of its single boxes, for one purpose or all."""
    tables = ["subject_keys", *(["box_keys"] if _has_tables(db) else [])]
    sql = "SELECT key FROM {} WHERE subject = ? AND purpose = coalesce(?, purpose)"
    rows = (db.execute(sql.format(table), [subject, purpose]) for table in tables)
    return {key for (key,) in chain.from_iterable(rows)}


def forget(db: sqlite3.Connection, subject: str, purpose: str | None = None) -> None:
    """Delete the keys of a subject's boxes, for one purpose or all."""
    if _has_tables(db):
        sql = "DELETE FROM box_keys WHERE subject = ? AND purpose = coalesce(?, purpose)"
        db.execute(sql, [subject, purpose])


def puncture(db: sqlite3.Connection, redaction: Redaction, places: Iterable[Place]) -> list[Place]:
    """Destroy the key of one box, in the caller's transaction.

    ``places``: every text of the log under the same subject and purpose. Returns where else the
    same text stands.
    """
    for statement in SCHEMA:
        db.execute(statement)
    holes = load(db)
    subject, purpose, nonce = redaction[:3]
    subject_key = _subject_key(db, subject, purpose)
    texts, gone = _open_others(places, subject_key, holes, nonce)
    if (subject, purpose, nonce) in holes.keys:
        where = "subject = ? AND purpose = ? AND nonce = ?"
        db.execute(f"DELETE FROM box_keys WHERE {where}", redaction[:3])  # noqa: S608
    elif subject_key is not None:
        _replace(db, (subject, purpose, subject_key), [box.nonce for _, box, _ in texts], holes)
    db.execute("INSERT OR IGNORE INTO redacted VALUES(?,?,?,?,?,?)", redaction)
    if gone is not None:
        db.execute("DELETE FROM identities WHERE value = ? AND pupil = ?", [gone, subject])
    return [place for place, _, text in texts if text == gone]


def give_up(db: sqlite3.Connection, lost: Iterable[Redaction]) -> None:
    """Remember boxes whose key was lost, not destroyed: ``at`` is 0; nobody redacted them.

    Without that a new key of the same subject and purpose would make them look tampered with.
    """
    for statement in SCHEMA:
        db.execute(statement)
    rows = (each._replace(at=LOST) for each in lost)
    db.executemany("INSERT OR IGNORE INTO redacted VALUES(?,?,?,?,?,?)", rows)


def _open_others(
    places: Iterable[Place], subject_key: bytes | None, holes: Holes, nonce: bytes
) -> tuple[list[tuple[Place, Box, str]], str | None]:
    """Return the other texts that open, each with its box, and the one that is to go."""
    texts: list[tuple[Place, Box, str]] = []
    gone = None
    for place in places:
        box = parse_box(place.text)
        key = holes.keys.get(box[:3]) or (subject_key and box_key(subject_key, box.nonce))
        text = open_box(box, key) if key else None
        if box.nonce == nonce:
            gone = text
        elif text is not None:
            texts.append((place, box, text))
    return texts, gone


def _replace(
    db: sqlite3.Connection, old: tuple[str, str, bytes], nonces: list[bytes], holes: Holes
) -> None:
    """Keep the boxes' own keys in place of the subject's key, and make a new one."""
    subject, purpose, subject_key = old
    kept = [
        (subject, purpose, nonce, box_key(subject_key, nonce))
        for nonce in nonces
        if (subject, purpose, nonce) not in holes.keys
    ]
    db.executemany("INSERT INTO box_keys VALUES(?,?,?,?)", kept)
    db.execute("DELETE FROM subject_keys WHERE subject = ? AND purpose = ?", old[:2])
    fresh = (subject, purpose, secrets.token_bytes(KEY_BYTES))
    db.execute("INSERT INTO subject_keys VALUES(?,?,?)", fresh)


def _subject_key(db: sqlite3.Connection, subject: str, purpose: str) -> bytes | None:
    sql = "SELECT key FROM subject_keys WHERE subject = ? AND purpose = ?"
    row = db.execute(sql, [subject, purpose]).fetchone()
    return row[0] if row else None


def _has_tables(db: sqlite3.Connection) -> bool:
    sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'redacted'"
    return db.execute(sql).fetchone() is not None
