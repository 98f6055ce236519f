"""The keys of the ledger's personal data, kept apart from the log in ``keys.db``.

One key for each subject and purpose (identity, register of one school year, casework), from
which each sealed text's own key is derived (`boxes`). A destroyed key puts all its texts beyond
use; a redaction a single text.
"""

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ledger.errors import Refused
from ledger.files import begin_immediate, open_read_only, open_to_write, translated
from ledger.sealing import boxes
from ledger.sealing.boxes import Place, Redaction, is_sealed, parse_box

__all__ = ["BEYOND_USE", "REDACTED", "KeyRing", "is_sealed", "parse_box"]

BEYOND_USE = "[beyond use]"
REDACTED = "[redacted]"
"""What a single text reads that was put beyond use."""
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


class _Contents(NamedTuple):
    """Every key, read at one moment: of subjects, and of boxes whose subject's key is gone."""

    subjects: dict[tuple[str, str], bytes]
    holes: boxes.Holes


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
        self._read: _Contents | None = None
        self._version = 0
        with translated(path):
            self._db = _open(path) if to_write else open_read_only(path)
            try:
                self._db.execute("SELECT 1 FROM subject_keys, identities, destroyed LIMIT 0")
            except sqlite3.Error:
                self._db.close()
                raise

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty key file, readable by its owner only."""
        path.touch(mode=0o600)
        db = open_to_write(path)
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(_SCHEMA)
        db.close()

    def refresh(self) -> None:
        """Forget the keys read before, where another program has changed them since."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version, self._read = version, None

    def read_all(self) -> None:
        """Read every key now, so that texts can be opened after the key file is closed."""
        self._contents()

    def close(self) -> None:
        """Close the key file."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the only writer's place; what was added is committed by `commit` or lost."""
        self._db.execute("PRAGMA synchronous=FULL")
        begin_immediate(self._db.execute)
        self._read = None
        try:
            yield
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
                self._read = None

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
        return boxes.seal(text, subject, purpose, self._key_for(subject, purpose))

    def open(self, sealed: str) -> str:
        """Return the text of a sealed field.

        `BEYOND_USE` when its key was destroyed, `REDACTED` when it alone was put beyond use.
        Refuses a field that its key does not open, or whose commitment is to another text.
        """
        try:
            box = parse_box(sealed)
        except ValueError:
            raise _unreadable("nobody") from None
        holes = self._holes()
        gone = holes.redacted.get(box[:3])
        if gone is not None:
            return BEYOND_USE if gone.at == boxes.LOST else REDACTED
        key = holes.keys.get(box[:3])
        if key is None:
            subject_key = self._subject_keys().get((box.subject, box.purpose))
            if subject_key is None:
                return BEYOND_USE
            key = boxes.box_key(subject_key, box.nonce)
        text = boxes.open_box(box, key)
        if text is None:
            raise _unreadable(box.subject, box.purpose)
        return text

    # -- putting beyond use -----------------------------------------------------------------

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
            self._db.execute("DELETE FROM subject_keys WHERE subject = ?", [subject])
            self._db.execute("DELETE FROM identities WHERE pupil = ?", [subject])
            boxes.forget(self._db, subject)
            self.commit()
        self._wipe()
        return len(rows)

    def destroy_again(self, rows: Iterable[tuple[str, str, int]]) -> int:
        """Destroy keys that a newer key file remembers as destroyed; return how many there were.

        ``rows``: subject, purpose and when. Who has no key left is not named any more either.
        """
        with self.writing():
            gone = 0
            for subject, purpose, at in rows:
                where = "WHERE subject = ? AND purpose = ?"
                found = self._db.execute(f"DELETE FROM subject_keys {where}", (subject, purpose))  # noqa: S608
                gone += found.rowcount
                boxes.forget(self._db, subject, purpose)
                self._db.execute(
                    "INSERT OR IGNORE INTO destroyed VALUES(?,?,?)", (subject, purpose, at)
                )
            self._db.execute(
                "DELETE FROM identities WHERE pupil IN (SELECT subject FROM destroyed) "
                "AND pupil NOT IN (SELECT subject FROM subject_keys)"
            )
            self.commit()
        self._wipe()
        return gone

    def destructions(self, subject: str) -> list[tuple[str, int]]:
        """Return which of a subject's keys were destroyed and when: purpose, microseconds."""
        sql = "SELECT purpose, at FROM destroyed WHERE subject = ? ORDER BY purpose"
        return self._db.execute(sql, [subject]).fetchall()

    def redact(self, redaction: Redaction, places: Iterable[Place]) -> list[Place]:
        """Destroy the key of one sealed text for good; return where else the same text stands.

        ``places``: every text of the log under its subject and purpose, read when nobody can
        seal another (`redaction`). Repeated, it only makes sure that nothing is left.
        """
        with self.writing():
            known = redaction[:3] in self._holes().redacted
            same = [] if known else boxes.puncture(self._db, redaction, places)
            self.commit()
        self._wipe()
        return same

    def redactions(self) -> list[Redaction]:
        """Return every redaction that this remembers, oldest first."""
        known = [r for r in self._holes().redacted.values() if r.at != boxes.LOST]
        return sorted(known, key=lambda r: (r.at, r.position))

    def give_up(self, lost: Iterable[Redaction]) -> None:
        """Let texts whose keys were lost read as beyond use, also once there are new keys."""
        with self.writing():
            boxes.give_up(self._db, lost)
            self.commit()
        self._read = None

    def reapply(
        self, redactions: Iterable[Redaction], places: Callable[[Redaction], Iterable[Place]]
    ) -> int:
        """Redact again what a restored key file still opens; return how many it was."""
        again = [r for r in redactions if r[:3] not in self._holes().redacted]
        for redaction in again:
            self.redact(redaction, places(redaction))
        return len(again)

    def _wipe(self) -> None:
        """Leave no byte of a deleted key: not in free space, nor in the write-ahead log.

        Pages that were split long ago may hold copies that no deletion reaches, so the whole
        file is written anew.
        """
        self._read = None
        self._db.execute("PRAGMA temp_store=MEMORY")
        self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _key_for(self, subject: str, purpose: str) -> bytes:
        keys = self._subject_keys()
        if (subject, purpose) not in keys:
            self._refuse_beyond_use(subject, purpose)
            key = secrets.token_bytes(boxes.KEY_BYTES)
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

    def _subject_keys(self) -> dict[tuple[str, str], bytes]:
        return self._contents().subjects

    def _holes(self) -> boxes.Holes:
        return self._contents().holes

    def _contents(self) -> _Contents:
        if self._read is None:
            with self._one_moment():
                rows = self._db.execute("SELECT subject, purpose, key FROM subject_keys")
                keys = {(subject, purpose): key for subject, purpose, key in rows}
                self._read = _Contents(keys, boxes.load(self._db))
        return self._read

    @contextmanager
    def _one_moment(self) -> Iterator[None]:
        """Read a redaction that is under way whole or not at all."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("ROLLBACK")


def _unreadable(subject: str, purpose: str = "unknown") -> Refused:
    return Refused(
        "sealed-unreadable",
        f"a sealed field of {subject} ({purpose}) does not open: it or its key was changed",
        "run attendance verify, and compare keys.db with the latest back-up",
    )


def _open(path: Path) -> sqlite3.Connection:
    db = open_to_write(path)
    db.execute("PRAGMA secure_delete=ON")
    return db
