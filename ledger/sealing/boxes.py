"""Sealed texts: how one is written, made, opened, and put beyond use by itself.

Nobody else knows the cryptography.

A sealed field reads ``~subject/purpose|field|stream.box.commitment`` (``|``: a tab): AES-256-GCM
under a key derived from the subject's key for that purpose and the box's own nonce, so that one
box can later be put beyond use without the others; and a SHA-256 commitment to salt and text,
whose salt is inside the box and dies with the key. What stands before the box is bound to it, so
that none opens as another's; the text is padded, so that its length says little once it is gone.
Boxes of older ledgers name no field and no stream, and are not padded.
"""

import hmac
import secrets
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

import msgspec

KEY_BYTES = 32
_NONCE = 12
_SALT = 16
_TAB = "\t"
_END = b"\x80"
"""What ends a padded text; in UTF-8 no text ends with it and zeros."""
_SHORTEST = 32
_STEP = 1024


class Where(NamedTuple):
    """The place that a text is sealed for: a field of an event in a stream."""

    field: str
    stream: str


class Box(NamedTuple):
    """The pieces of a sealed text; ``where``: none in a box of an older ledger."""

    subject: str
    purpose: str
    nonce: bytes
    ciphertext: bytes
    commitment: bytes
    where: Where | None = None

    @property
    def bound_to(self) -> str:
        """What must fit for the box to open: whose it is, what for, and its place."""
        return _TAB.join([f"{self.subject}/{self.purpose}", *(self.where or ())])


def is_sealed(text: str) -> bool:
    """Tell whether a stored text has the form of a sealed one."""
    return text.startswith("~") and text.count(".") >= 2  # noqa: PLR2004 - box and commitment


def texts_in(state: bytes) -> Iterator[tuple[str, str]]:
    """Yield each sealed text in the stored bytes of an event, with its field; none if unreadable.

    A field may hold several, in a list.
    """
    try:
        event = msgspec.json.decode(state)
    except (msgspec.DecodeError, ValueError):
        return
    for field, value in event.items() if isinstance(event, dict) else ():
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str) and is_sealed(text):
                yield field, text


def parse_box(text: str) -> Box:
    """Split a sealed text into its pieces; a `ValueError` where it has others."""
    bound_to, box, commitment = text[1:].rsplit(".", 2)
    reference, *where = bound_to.split(_TAB)
    subject, _, purpose = reference.rpartition("/")
    raw = base64_bytes(box)
    place = Where(*where) if len(where) == len(Where._fields) else None
    return Box(subject, purpose, raw[:_NONCE], raw[_NONCE:], base64_bytes(commitment), place)


def box_key(subject_key: bytes, nonce: bytes) -> bytes:
    """Return the key of one box: HMAC-SHA-256 of its nonce under the subject's key."""
    return hmac.digest(subject_key, nonce, "sha256")


def seal(text: str, subject: str, purpose: str, where: Where, subject_key: bytes) -> str:
    """Return a text as sealed for its place under the subject's key for a purpose."""
    nonce, salted = new_nonce(), secrets.token_bytes(_SALT) + text.encode()
    commitment = sha256(salted).digest()
    bound_to = Box(subject, purpose, nonce, b"", commitment, where).bound_to
    box = encrypted(box_key(subject_key, nonce), nonce, _padded(salted), bound_to)
    return f"~{bound_to}.{base64_text(box)}.{base64_text(commitment)}"


def open_box(box: Box, key: bytes) -> str | None:
    """Return the text of a box under its own key.

    None where the key does not open it, or where its commitment is to another text.
    """
    salted = decrypted(key, box.nonce + box.ciphertext, box.bound_to)
    if salted is not None and box.where is not None:
        salted = salted.rstrip(b"\0").removesuffix(_END)
    if salted is None or sha256(salted).digest() != box.commitment:
        return None
    return salted[_SALT:].decode()


def _padded(salted: bytes) -> bytes:
    """Return salt and text as long as every other text that is about as long.

    The text takes 32, 64, 128 bytes and so on up to 1,024, then whole multiples of that.
    """
    ended = salted + _END
    length = max(len(ended) - _SALT, _SHORTEST)
    steps = -(-length // _STEP) * _STEP if length > _STEP else 1 << (length - 1).bit_length()
    return ended.ljust(_SALT + steps, b"\0")


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
