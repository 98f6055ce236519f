"""The keys of the ledger's personal data, kept apart from the log in ``keys.db``.

A sealed field reads ``~subject/purpose.box.commitment``: AES-256-GCM under a key derived from
the subject's key for that purpose (identity, register of one school year, casework) and the
box's own nonce, so that one box can later be put beyond use without the others; and a SHA-256
commitment to salt and text, whose salt is inside the box and dies with the key.
"""

import hmac
import secrets
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ledger.errors import Refused
from ledger.folder import open_read_only, translated

BEYOND_USE = "[beyond use]"
LOCK_TIMEOUT_SECONDS = 120
_NONCE = 12
_SALT = 16
_SCHEMA = """
CREATE TABLE IF NOT EXISTS subject_keys(
  subject TEXT NOT NULL, purpose TEXT NOT NULL, key BLOB NOT NULL,
  PRIMARY KEY(subject, purpose)) STRICT;
CREATE TABLE IF NOT EXISTS identities(
  value TEXT PRIMARY KEY, kind TEXT NOT NULL, pupil TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS destroyed(
  subject TEXT NOT NULL, purpose TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(subject, purpose)) STRICT;
"""


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
    raw = _unbase64(box)
    return Box(subject, purpose, raw[:_NONCE], raw[_NONCE:], _unbase64(commitment))


class KeyRing:
    """Seals and opens personal data, and knows which pupil a UPN or local id names.

    New keys and identities are held in one transaction (`writing`) that commits before the
    events that need them; a key without an event harms nobody, an event without a key would.
    """

    def __init__(self, path: Path, *, to_write: bool = True) -> None:
        if not path.is_file():
            raise Refused(
                "keys-missing",
                f"the ledger's keys are not at {path}",
                "restore keys.db from the latest back-up; without it names cannot be read",
            )
        self._keys: dict[tuple[str, str], bytes] | None = None
        with translated(path):
            self._db = _connect(path) if to_write else open_read_only(path)
            try:
                self._db.execute("SELECT 1 FROM subject_keys, identities, destroyed LIMIT 0")
            except sqlite3.Error:
                self._db.close()
                raise

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty key file, readable by its owner only."""
        path.touch(mode=0o600)
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(_SCHEMA)
        db.close()

    def close(self) -> None:
        """Close the key file."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the only writer's place; what was added is committed by `commit` or lost."""
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("BEGIN IMMEDIATE")
        self._keys = None
        try:
            yield
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
                self._keys = None

    def commit(self) -> None:
        """Make the keys and identities added in `writing` durable."""
        self._db.execute("COMMIT")

    # -- identities -------------------------------------------------------------------------

    def identities(self) -> Mapping[str, str]:
        """Return UPN or local id -> pupil id, former UPNs included."""
        return dict(self._db.execute("SELECT value, pupil FROM identities"))

    def find_pupil(self, value: str) -> str | None:
        """Return the pupil id that a UPN or local id names."""
        row = self._db.execute("SELECT pupil FROM identities WHERE value = ?", [value]).fetchone()
        return row[0] if row else None

    def add_identity(self, value: str, kind: str, pupil: str) -> None:
        """Remember that a UPN or local id names a pupil from now on."""
        self._db.execute(
            "INSERT INTO identities VALUES(?,?,?) "
            "ON CONFLICT(value) DO UPDATE SET pupil = excluded.pupil",
            [value, kind, pupil],
        )

    # -- sealing ----------------------------------------------------------------------------

    def seal(self, text: str, subject: str, purpose: str) -> str:
        """Seal a text under the subject's key for a purpose, made now if there is none."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - start-up

        reference = f"{subject}/{purpose}"
        salted = secrets.token_bytes(_SALT) + text.encode()
        nonce = secrets.token_bytes(_NONCE)
        key = hmac.digest(self._key_for(subject, purpose), nonce, "sha256")
        box = nonce + AESGCM(key).encrypt(nonce, salted, reference.encode())
        return f"~{reference}.{_base64(box)}.{_base64(sha256(salted).digest())}"

    def open(self, sealed: str) -> str:
        """Return the text of a sealed field, or `BEYOND_USE` when its key was destroyed.

        Refuses a field that its key does not open, or whose commitment is to another text.
        """
        try:
            box = parse_box(sealed)
        except ValueError:
            raise _unreadable("nobody") from None
        subject_key = self._loaded().get((box.subject, box.purpose))
        if subject_key is None:
            return BEYOND_USE
        salted = _decrypted(box, subject_key)
        if salted is None or sha256(salted).digest() != box.commitment:
            raise _unreadable(box.subject, box.purpose)
        return salted[_SALT:].decode()

    def destroy(self, subject: str, *, at: int) -> int:
        """Destroy every key of a subject and what named it; return how many keys there were.

        A restored back-up replays the destructions that this remembers.
        """
        with self.writing():
            rows = self._db.execute(
                "SELECT purpose FROM subject_keys WHERE subject = ?", [subject]
            ).fetchall()
            self._db.executemany(
                "INSERT OR IGNORE INTO destroyed VALUES(?,?,?)",
                [(subject, r[0], at) for r in rows],
            )
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.execute("DELETE FROM subject_keys WHERE subject = ?", [subject])
            self._db.execute("DELETE FROM identities WHERE pupil = ?", [subject])
            self.commit()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._keys = None
        return len(rows)

    def _key_for(self, subject: str, purpose: str) -> bytes:
        keys = self._loaded()
        if (subject, purpose) not in keys:
            self._refuse_beyond_use(subject, purpose)
            key = secrets.token_bytes(32)
            self._db.execute("INSERT INTO subject_keys VALUES(?,?,?)", [subject, purpose, key])
            keys[subject, purpose] = key
        return keys[subject, purpose]

    def _refuse_beyond_use(self, subject: str, purpose: str) -> None:
        """Refuse a second key: boxes under the destroyed one would look tampered with."""
        sql = "SELECT 1 FROM destroyed WHERE subject = ? AND purpose = ?"
        if self._db.execute(sql, [subject, purpose]).fetchone():
            raise Refused(
                "beyond-use",
                f"the personal data of {subject} ({purpose}) were put beyond use",
                "record a person who returns as a new one",
            )

    def _loaded(self) -> dict[tuple[str, str], bytes]:
        if self._keys is None:
            rows = self._db.execute("SELECT subject, purpose, key FROM subject_keys")
            self._keys = {(subject, purpose): key for subject, purpose, key in rows}
        return self._keys


def _decrypted(box: Box, subject_key: bytes) -> bytes | None:
    """Return what a box holds, salt first, or none where the key does not open it."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - start-up
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - start-up

    key = hmac.digest(subject_key, box.nonce, "sha256")
    reference = f"{box.subject}/{box.purpose}"
    try:
        return AESGCM(key).decrypt(box.nonce, box.ciphertext, reference.encode())
    except (InvalidTag, ValueError):
        return None


def _unreadable(subject: str, purpose: str = "unknown") -> Refused:
    return Refused(
        "sealed-unreadable",
        f"a sealed field of {subject} ({purpose}) does not open: it or its key was changed",
        "run attendance verify, and compare keys.db with the latest back-up",
    )


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=LOCK_TIMEOUT_SECONDS)


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
