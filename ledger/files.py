"""Files and databases as the ledger opens them: read-only, waiting for others, errors explained.

Whatever opens a database goes through here, and whatever a disk or database refuses becomes an
answer for the user here.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from ledger.errors import Refused

LOCK_TIMEOUT_SECONDS = 120
_STEP_MILLISECONDS = 250


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


def begin_immediate(execute: Callable[[str], Any], timeout: float | None = None) -> None:
    """Begin a write transaction, waiting for other writers: ``timeout`` seconds, else two minutes.

    SQLite waits in C, where no signal is handled, so it is asked to wait a little, many times.
    Raises `sqlite3.OperationalError` (locked) when the time is over.
    """
    until = monotonic() + (LOCK_TIMEOUT_SECONDS if timeout is None else timeout)
    execute(f"PRAGMA busy_timeout={_STEP_MILLISECONDS}")
    try:
        while True:
            try:
                execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or monotonic() >= until:
                    raise
            else:
                return
    finally:
        execute(f"PRAGMA busy_timeout={int(1000 * LOCK_TIMEOUT_SECONDS)}")


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
