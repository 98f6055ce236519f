"""Where a ledger's files are, and the cheap questions that need no event-sourcing library."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.errors import Refused

LAYOUT = 2
"""The layout of the log; a ledger of a later layout is refused."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A ledger's folder: the log, its keys and the disposable views."""

    path: Path

    @property
    def log(self) -> Path:
        """The log of events, the only file with a table ``stored_events``."""
        return self.path / "ledger.db"

    @property
    def keys(self) -> Path:
        """The keys of the sealed personal data."""
        return self.path / "keys.db"

    @property
    def signing_key(self) -> Path:
        """The key that signs checkpoints, here unless ``ATTENDANCE_SIGNING_KEY`` says where."""
        return Path(os.environ.get("ATTENDANCE_SIGNING_KEY") or self.path / "signing.key")

    @property
    def views(self) -> Path:
        """The read models, which `rebuild` may drop at any time."""
        return self.path / "views"

    @property
    def attachments(self) -> Path:
        """The copies of evidence, encrypted; there once the first is kept."""
        return self.path / "attachments"

    def exists(self) -> bool:
        """Tell whether a ledger is here."""
        return self.log.is_file()

    def required(self) -> "Folder":
        """Return itself, or refuse where no ledger is."""
        if self.path.is_file():
            raise Refused(
                "ledger-is-a-file", f"{self.path} is a file, not a ledger's folder", _NAME_IT
            )
        if not self.exists():
            raise Refused("no-ledger", f"there is no ledger at {self.path}", _NAME_IT)
        return self

    def head(self) -> int:
        """Return the newest position of the log; refuse a log that cannot be read."""
        with translated(self.log), closing(open_read_only(self.log)) as db:
            check_layout(db)
            return int(db.execute("SELECT max(position) FROM stored_events").fetchone()[0] or 0)

    def anchor(self, position: int) -> str | None:
        """Return what tells this log's event at a position from any other's; none: not there.

        Position 0, before the first event, is the same in every log.
        """
        if position == 0:
            return ""
        query = "SELECT state FROM stored_events WHERE position = ?"
        with translated(self.log), closing(open_read_only(self.log)) as db:
            row = db.execute(query, [position]).fetchone()
        return sha256(row[0]).hexdigest() if row else None


_NAME_IT = "create one with attendance init, or name it with --ledger"


def check_layout(db: sqlite3.Connection) -> None:
    """Refuse a ledger that a later version made, and a database that is no ledger."""
    layout = db.execute("PRAGMA user_version").fetchone()[0]
    if layout == 0:
        message = "no such table: it has the layout of no ledger"
        raise sqlite3.DatabaseError(message)
    if layout < LAYOUT:
        raise Refused(
            "ledger-older",
            f"the ledger has layout {layout}, from before the transparency log",
            "export it with the version that wrote it, and import it into a new ledger",
        )
    if layout > LAYOUT:
        raise Refused(
            "ledger-newer",
            f"the ledger has layout {layout}; this version reads up to {LAYOUT}",
            "use the version of Attendance Ledger that wrote it, or a newer one",
        )


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a database for reading, also on a disk that cannot be written."""
    uri = path.absolute().as_uri()
    db = sqlite3.connect(f"{uri}?mode=ro", uri=True, isolation_level=None, timeout=60)
    try:
        db.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        db.close()
        if not isinstance(error, sqlite3.OperationalError) or _has_log(path):
            raise
        db = sqlite3.connect(f"{uri}?immutable=1", uri=True, isolation_level=None)
    return db


def _has_log(path: Path) -> bool:
    """Tell whether commits wait in a write-ahead log, which an immutable reader would not see."""
    log = path.with_name(path.name + "-wal")
    return log.is_file() and log.stat().st_size > 0


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what the database or the disk refuses into an answer for the user."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise refusal(path, error) from error


def refusal(path: Path, error: Exception) -> Refused:
    """Return the refusal that says what a storage error means and what to do."""
    text = str(error).lower()
    for words, code, what, remedy in _MEANINGS:
        if any(word in text for word in words):
            return Refused(code, f"{what} ({path}); nothing was recorded", remedy)
    return Refused(
        "storage", f"{path} cannot be used: {error}; nothing was recorded", "see the message"
    )


_MEANINGS = (
    (
        ("locked", "busy"),
        "busy",
        "another command has been writing to the ledger for minutes",
        "wait until it has finished, then try again",
    ),
    (
        ("disk is full", "no space left", "file too large", "disk i/o"),
        "disk-full",
        "the disk is full or failing",
        "free some space on it, then repeat the command",
    ),
    (
        ("readonly", "read-only", "unable to open", "permission denied"),
        "read-only",
        "the ledger cannot be written here",
        "check the disk and the folder's permissions",
    ),
    (
        ("not a database", "malformed", "no such table"),
        "ledger-damaged",
        "the file is not a readable ledger",
        "run attendance verify, and restore from the latest back-up",
    ),
)
