"""The keys of the ledger's personal data, kept apart from the log in ``keys.db``.

One key for each subject and purpose (identity, register of one school year, casework), from
which each sealed text's own key is derived (`boxes`). A destroyed key puts all its texts beyond
use; a redaction a single text.
"""

import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from time import monotonic, sleep

from ledger.errors import Incomplete, Refused, StorageRefused
from ledger.events.base import IN_CLEAR
from ledger.files import (
    LOCK_TIMEOUT_SECONDS,
    begin_immediate,
    compare_schema,
    open_read_only,
    open_to_write,
    translated,
)
from ledger.sealing import boxes
from ledger.sealing.boxes import Place, Redaction, Where, is_sealed, parse_box

__all__ = ["BEYOND_USE", "REDACTED", "KeyRing", "is_sealed", "parse_box"]

BEYOND_USE = "[beyond use]"
REDACTED = "[redacted]"
"""What a single text reads that was put beyond use."""
_FEW = 64
"""Up to so many keys are read one by one."""
_TEXTS_KEPT = 100_000
"""Texts kept opened, of 400 bytes each: a year of amendments of 1,000 pupils has 40,000."""
_WAIT_SECONDS, _STEP_SECONDS = 10, 0.05
"""How long readers of the key file are waited for before a destroyed key is overwritten."""
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS subject_keys(
  subject TEXT NOT NULL, purpose TEXT NOT NULL, key BLOB NOT NULL,
  PRIMARY KEY(subject, purpose)) STRICT""",
    """CREATE TABLE IF NOT EXISTS identities(
  value TEXT PRIMARY KEY, kind TEXT NOT NULL, pupil TEXT NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS destroyed(
  subject TEXT NOT NULL, purpose TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(subject, purpose)) STRICT""",
)


def schema_faults(db: sqlite3.Connection) -> Iterator[str]:
    """Yield, in words, how a key file's tables differ from those we make; nothing in it is run.

    One that has never redacted a text lacks the tables for that.
    """
    for each in compare_schema(db, SCHEMA).lacking:
        yield f"lacks, or has changed: {each}"
    for each in compare_schema(db, (*SCHEMA, *boxes.SCHEMA)).strange:
        yield f"holds what this software does not make: {each}"


class KeyRing:
    """Seals and opens personal data, and knows which pupil a UPN or local id names.

    New keys and identities are held in one transaction (`writing`) that commits before the
    events that need them; a key without an event harms nobody, an event without a key would.
    """

    def __init__(self, path: Path, *, to_write: bool = True) -> None:
        if not path.is_file():
            raise Refused(
                "keys-missing",
                f"the ledger's keys are not at {path}: without them no name can be read, no "
                "pupil found, nothing recorded",
                "put them back from the latest back-up: attendance backup restore FILE "
                "--keys-only; attendance verify checks the log without them",
            )
        self._path = path
        self._lock = RLock()
        self.version = 0
        """Another number whenever another program has changed the keys."""
        self._forget()
        with translated(path):
            self._db = _open(path) if to_write else open_read_only(path)
            try:
                self._refuse_strange()
            except (sqlite3.Error, Refused):
                self._db.close()
                raise

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty key file, readable by its owner only."""
        path.touch(mode=0o600)
        db = open_to_write(path)
        db.execute("PRAGMA journal_mode=WAL")
        for statement in SCHEMA:
            db.execute(statement)
        db.close()

    def _refuse_strange(self) -> None:
        """Refuse tables and triggers that are not ours: one might keep what is destroyed."""
        for what in schema_faults(self._db):
            raise Refused(
                "keys-altered",
                f"the ledger's keys at {self._path} are not as this software makes them: the file "
                f"{what}",
                "move it away, and put the keys of the latest back-up in its place: "
                "attendance backup restore FILE --keys-only",
            )

    def refresh(self) -> None:
        """Forget the keys read before, where another program has changed them since."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version != self.version:
            self.version = version
            self._forget()

    def _forget(self) -> None:
        self._keys: dict[tuple[str, str], bytes | None] = {}
        self._named: dict[str, str | None] = {}
        self._texts: dict[str, str] = {}
        self._boxes: boxes.Holes | None = None
        self._are_all_read = False
        self._are_made = False

    def read_all(self) -> None:
        """Read every key now: what is asked for later is opened also once the file is closed."""
        with self._one_moment():
            self.refresh()
            self._read_every_key()
        self._holes()

    def close(self) -> None:
        """Close the key file."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the only writer's place; what was added is committed by `commit` or lost.

        Inside another ``writing`` it is that one's place.
        """
        if self._db.in_transaction:
            yield
            return
        with translated(self._path):
            self._db.execute("PRAGMA synchronous=FULL")
            begin_immediate(self._db.execute)
            self.refresh()
        try:
            yield
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
                if self._are_made:
                    self._forget()

    def commit(self) -> None:
        """Make the keys and identities added in `writing` durable."""
        self._db.execute("COMMIT")
        self._are_made = False

    # -- identities -------------------------------------------------------------------------

    def find_pupil(self, value: str) -> str | None:
        """Return the pupil id that a UPN or local id names, former ones included."""
        if value not in self._named:
            sql = "SELECT pupil FROM identities WHERE value = ?"
            with self._one_moment():
                self.refresh()
                row = self._db.execute(sql, [value]).fetchone()
            self._named[value] = row and row[0]
        return self._named[value]

    def add_identity(self, value: str, kind: str, pupil: str) -> None:
        """Remember that a UPN or local id names a pupil from now on."""
        self._db.execute(
            "INSERT INTO identities VALUES(?,?,?) "
            "ON CONFLICT(value) DO UPDATE SET pupil = excluded.pupil",
            [value, kind, pupil],
        )
        self._named[value] = pupil
        self._are_made = True

    # -- sealing ----------------------------------------------------------------------------

    def seal(self, text: str, subject: str, purpose: str, where: Where) -> str:
        """Seal a text for its place under the subject's key for a purpose, made if need be."""
        return boxes.seal(text, subject, purpose, where, self._key_for(subject, purpose))

    def open(self, sealed: str) -> str:
        """Return the text of a sealed field; what an older shape holds in clear is itself.

        `BEYOND_USE` when its key was destroyed, `REDACTED` when it alone was put beyond use.
        Refuses a field that its key does not open, or whose commitment is to another text.
        """
        texts = self._texts  # of these keys: other keys have others
        text = texts.get(sealed)
        if text is None:
            if len(texts) >= _TEXTS_KEPT:
                texts.clear()
            text = texts[sealed] = self._opened(sealed)
        return text

    def _opened(self, sealed: str) -> str:
        if sealed.startswith(IN_CLEAR):
            return sealed.removeprefix(IN_CLEAR)
        try:
            box = parse_box(sealed)
        except ValueError:
            raise _unreadable("nobody") from None
        # The key first: where it is read anew, so are the holes of the same moment.
        subject_key, holes = self._subject_key(box.subject, box.purpose), self._holes()
        gone = holes.redacted.get(box[:3])
        if gone is not None:
            return BEYOND_USE if gone.at == boxes.LOST else REDACTED
        key = holes.keys.get(box[:3])
        if key is None:
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
            secrets_ = boxes.secrets_of(self._db, subject)
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
            self._owe_wiping()
            self.commit()
        self.wipe(secrets_)
        return len(rows)

    def destroy_again(self, rows: Iterable[tuple[str, str, int]]) -> int:
        """Destroy keys that a newer key file remembers as destroyed; return how many there were.

        ``rows``: subject, purpose and when. Who has no key left is not named any more either.
        """
        with self.writing():
            gone, secrets_ = 0, set[bytes]()
            for subject, purpose, at in rows:
                secrets_ |= boxes.secrets_of(self._db, subject, purpose)
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
            self._owe_wiping()
            self.commit()
        self.wipe(secrets_)
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
            before = boxes.secrets_of(self._db, *redaction[:2])
            known = redaction[:3] in self._holes().redacted
            same = [] if known else boxes.puncture(self._db, redaction, places)
            secrets_ = before - boxes.secrets_of(self._db, *redaction[:2])
            self._owe_wiping()
            self.commit()
        self.wipe(secrets_)
        return same

    def redactions(self) -> list[Redaction]:
        """Return every redaction that this remembers, oldest first."""
        known = [r for r in self._holes().redacted.values() if r.at != boxes.LOST]
        return sorted(known, key=lambda r: (r.at, r.position))

    def given_up(self) -> set[tuple[str, str, bytes]]:
        """Return the boxes whose keys were lost, by subject, purpose and nonce."""
        return {box for box, each in self._holes().redacted.items() if each.at == boxes.LOST}

    def single_keys(self) -> Collection[tuple[str, str, bytes]]:
        """Return the boxes that have a key of their own, by subject, purpose and nonce."""
        return self._holes().keys.keys()

    def give_up(self, lost: Iterable[Redaction]) -> None:
        """Let texts whose keys were lost read as beyond use, also once there are new keys."""
        with self.writing():
            boxes.give_up(self._db, lost)
            self.commit()
        self._forget()

    def reapply(
        self, redactions: Iterable[Redaction], places: Callable[[Redaction], Iterable[Place]]
    ) -> int:
        """Redact again what a restored key file still opens; return how many it was."""
        again = [r for r in redactions if r[:3] not in self._holes().redacted]
        for redaction in again:
            self.redact(redaction, places(redaction))
        return len(again)

    def _owe_wiping(self) -> None:
        """Note, with a destruction, that bytes of it may be left until the file is wiped."""
        self._db.execute("PRAGMA user_version = 1")

    @property
    def owes_wiping(self) -> bool:
        """Whether a destruction was cut short: bytes of a destroyed key may still be there."""
        return bool(self._db.execute("PRAGMA user_version").fetchone()[0])

    def finish(self) -> None:
        """Finish a destruction that was cut short, if one was; where it fails, it stays due."""
        with suppress(sqlite3.Error, Refused):
            if self.owes_wiping:
                self.wipe()

    def wipe(self, gone: Collection[bytes] = ()) -> None:
        """Leave no byte of a deleted key: not in free space, nor in the write-ahead log.

        Pages that were split long ago may hold copies that no deletion reaches, so the whole
        file is written anew; what was left of a lost key file goes too. ``gone``: the keys that
        were deleted, which are then looked for in every file of ours. Raises `Incomplete` where
        one is still there, or may be, with what is left to do.
        """
        self._forget()
        try:
            with translated(self._path):
                for left in self._path.parent.glob(f"{self._path.name}-*.lost"):
                    left.unlink()
                self._db.execute("PRAGMA temp_store=MEMORY")
                self._db.execute("VACUUM")
                held = [] if self._is_written_back() else [self._path]
                held += [path for path in self._copies() if _holds(path, gone)]
        except StorageRefused as refused:
            what = f"is not overwritten yet: {refused.what}"
            raise _not_wiped(what) from None
        if held:
            names = ", ".join(sorted({path.name for path in held}))
            what = f"may be in {names} still: another program has the file open"
            raise _not_wiped(what)
        self._db.execute("PRAGMA user_version = 0")

    def _is_written_back(self) -> bool:
        """Have the file itself changed, and the write-ahead log emptied; wait for who reads."""
        until = monotonic() + _WAIT_SECONDS
        self._db.execute("PRAGMA busy_timeout=0")
        try:
            while busy := self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if monotonic() >= until:
                    break
                sleep(_STEP_SECONDS)
        finally:
            self._db.execute(f"PRAGMA busy_timeout={int(1000 * LOCK_TIMEOUT_SECONDS)}")
        return not busy

    def _copies(self) -> list[Path]:
        """Return every file beside the keys that may hold one, but those that SQLite has open.

        To open and close one of these would give up the locks of this process on it (POSIX), and
        another writer would take them for its own; what they hold `_is_written_back` tells.
        """
        name = self._path.name
        own = {name, f"{name}-wal", f"{name}-shm", f"{name}-journal"}
        found = self._path.parent.glob(f"{name}*")
        return [path for path in found if path.name not in own and path.is_file()]

    def _key_for(self, subject: str, purpose: str) -> bytes:
        key = self._subject_key(subject, purpose)
        if key is None:
            self._refuse_beyond_use(subject, purpose)
            key = secrets.token_bytes(boxes.KEY_BYTES)
            self._db.execute("INSERT INTO subject_keys VALUES(?,?,?)", [subject, purpose, key])
            self._keys[subject, purpose] = key
            self._are_made = True
        return key

    def _refuse_beyond_use(self, subject: str, purpose: str) -> None:
        """Refuse a second key: boxes under the destroyed one would look tampered with."""
        sql = "SELECT 1 FROM destroyed WHERE subject = ? AND purpose = ?"
        if self._db.execute(sql, [subject, purpose]).fetchone():
            raise Refused(
                "beyond-use",
                f"the personal data of {subject} ({purpose}) were put beyond use",
                "record a person who returns as a new one",
            )

    def _subject_key(self, subject: str, purpose: str) -> bytes | None:
        """Return a subject's key for a purpose; none where there is none, or no more.

        Read when it is first asked for; whoever asks for many is given all at once.
        """
        if (subject, purpose) not in self._keys and not self._are_all_read:
            with self._one_moment():
                self.refresh()
                self._read_keys(subject, purpose)
        return self._keys.get((subject, purpose))

    def _read_keys(self, subject: str, purpose: str) -> None:
        if len(self._keys) >= _FEW:
            self._read_every_key()
            return
        sql = "SELECT key FROM subject_keys WHERE subject = ? AND purpose = ?"
        row = self._db.execute(sql, [subject, purpose]).fetchone()
        self._keys[subject, purpose] = row and row[0]

    def _read_every_key(self) -> None:
        if not self._are_all_read:
            rows = self._db.execute("SELECT subject, purpose, key FROM subject_keys")
            self._keys.update({(subject, purpose): key for subject, purpose, key in rows})
            self._are_all_read = True

    def _holes(self) -> boxes.Holes:
        if self._boxes is None:
            with self._one_moment():
                self.refresh()
                self._boxes = boxes.load(self._db)
        return self._boxes

    @contextmanager
    def _one_moment(self) -> Iterator[None]:
        """Read a redaction that is under way whole or not at all."""
        with self._lock, translated(self._path):
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


def _not_wiped(what: str) -> Incomplete:
    return Incomplete(
        "key-not-overwritten",
        f"the key that was deleted {what}",
        "end what has keys.db open (a question that still runs, a back-up program), then repeat "
        "this command: it overwrites what is left",
    )


def _holds(path: Path, keys: Collection[bytes]) -> bool:
    """Tell whether a file holds one of some keys anywhere."""
    content = path.read_bytes() if keys else b""
    return any(key in content for key in keys)


def _open(path: Path) -> sqlite3.Connection:
    db = open_to_write(path)
    # A key that was deleted is overwritten; `wipe` sees to the copies that this does not reach.
    db.execute("PRAGMA secure_delete=ON")
    return db
