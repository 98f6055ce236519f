"""Files and databases as the ledger opens them: read-only, waiting for others, errors explained.

Whatever opens a database goes through here, a file that must be whole is written here, and
whatever a disk or database refuses becomes an answer for the user here.
"""

import errno
import fcntl
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple

from ledger.errors import Refused, StorageRefused

Database = sqlite3.Connection
DatabaseError = sqlite3.Error
LOCK_TIMEOUT_SECONDS = 120
"""How long whoever reads or writes waits for somebody else who writes."""
_SHORTEST_STEP, _LONGEST_STEP = 0.0005, 0.008
"""Seconds between two tries to write."""
_SECRETS = (b"PRIVATE+KEY+", b"SQLite format 3\0")
"""What a private key, and a database, begin with."""
_UNFINISHED, _WHOLE = ".unfinished", ".whole"
_OURS = re.compile(rf"\.[0-9a-f]{{32}}(?:{_UNFINISHED}|{_WHOLE})")
"""What is made aside, and a folder of it whose files are being moved to their place."""


def open_read_only(path: Path) -> Database:
    """Open a database for reading, also on a disk that cannot be written."""
    uri = path.absolute().as_uri()
    db = _connect(f"{uri}?mode=ro")
    try:
        db.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        db.close()
        if not isinstance(error, sqlite3.OperationalError) or _has_log(path):
            raise
        db = _connect(f"{uri}?immutable=1")
    return db


def open_to_write(path: Path, *, create: bool = False) -> Database:
    """Open a database for writing: one that is there, unless ``create``.

    Transactions are the caller's, and begin with `begin_immediate`; so is taking turns, where
    several threads use it.
    """
    return _connect(f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}")


def _connect(uri: str) -> Database:
    db = sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=LOCK_TIMEOUT_SECONDS, check_same_thread=False
    )
    distrust(db.execute)
    return db


def distrust(execute: Callable[[str], Any]) -> None:
    """Let a database's own schema call nothing that could do harm: it may be anybody's."""
    execute("PRAGMA trusted_schema=OFF")
    execute("PRAGMA cell_size_check=ON")
    execute("PRAGMA mmap_size=0")


class SchemaDifferences(NamedTuple):
    """How a database's schema differs from its statements: what it lacks, what it has besides.

    Something that was changed is in both.
    """

    lacking: list[str]
    strange: list[str]


def compare_schema(db: Database, statements: Sequence[str]) -> SchemaDifferences:
    """Compare a database with the statements that make one; nothing of it is executed.

    To be asked before anything else: views, triggers, indexes over expressions and generated
    columns are programs, which run for whoever reads.
    """
    expected = {_plain(sql): sql for sql in statements}
    sql = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    try:
        rows = db.execute(sql).fetchall()
    except UnicodeDecodeError as error:  # SQLite's own words, of a statement that is no text
        message = f"malformed database schema: {error.reason}"
        raise sqlite3.DatabaseError(message) from None
    there = {_plain(sql): f"{kind} {name}" for kind, name, sql in rows}
    return SchemaDifferences(
        [sql.split("(")[0][7:60].strip() for sql in expected.keys() - there.keys()],
        sorted(there[sql] for sql in there.keys() - expected.keys()),
    )


@lru_cache(maxsize=1 << 10)
def _plain(sql: str) -> str:
    return " ".join(sql.replace("IF NOT EXISTS ", "").split())


_LONGEST_VALUE = 1 << 26
_STEP = 1_000_000


def bound(db: Database, path: Path) -> None:
    """Bound what reading a database may take: its values, and its steps by the file's size.

    Pages that lead to each other would make a small file endless. Raises `sqlite3.Error` then.
    """
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    most = 100 + path.stat().st_size * 20 // _STEP
    steps = count()
    db.set_progress_handler(lambda: next(steps) > most, _STEP)


def _has_log(path: Path) -> bool:
    """Tell whether commits wait in a write-ahead log, which an immutable reader would not see."""
    log = path.with_name(path.name + "-wal")
    return log.is_file() and log.stat().st_size > 0


def write_new(
    path: Path, content: bytes | str, *, mode: int = 0o600, replace: bool = False
) -> None:
    """Write a file that appears whole or not at all, durably; a text in UTF-8, as it is.

    It is made aside in the same folder and then given its name. ``mode``: less the umask, as
    `os.open` takes it. Raises `FileExistsError` where something has the name already, unless
    ``replace``, and `OSError` where the disk fails; nothing is left then.

    To ``replace`` follows links, respects a file that may not be written, and lets nobody read
    who could not read it before.
    """
    raw = content.encode() if isinstance(content, str) else content
    target = path.resolve() if replace else path
    if replace and target.exists():
        if not target.is_file():
            # a pipe or a terminal: to put a file in its place would take it away
            target.write_bytes(raw)
            return
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        mode &= target.stat().st_mode
    aside = _aside(target.parent)
    with _making_in(target.parent):
        try:
            _write_durably(aside, raw, mode)
            if replace:
                aside.replace(target)
                sync_folder(target.parent)
            else:
                give_name(aside, target)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        finally:
            with suppress(OSError):
                aside.unlink()


@contextmanager
def new_folder(path: Path, *, mode: int = 0o700) -> Iterator[Path]:
    """Yield a folder to write in, all of which is at ``path`` afterwards: all, or nothing.

    ``path``: nothing yet, or an empty folder, which stays the folder that it is. ``mode``: of a
    new one, less the umask. The stem of what is yielded is a dot and 32 random digits. Raises
    `OSError` where the disk fails or something came to have the name; nothing is left then.
    """
    there = path.is_dir()
    outside = path if there else path.parent
    with suppress(FileExistsError):
        outside.mkdir(parents=True)
    with workshop(outside, mode=mode) as aside:
        yield aside
        for made in (*sorted(aside.rglob("*")), aside):
            made.chmod(mode if made.is_dir() else 0o600)
            _sync(made)
        if there:
            whole = aside.rename(aside.with_suffix(_WHOLE))
            try:
                _move_into(path, whole)
            finally:
                shutil.rmtree(whole, ignore_errors=True)
        else:
            aside.rename(path)
            try:
                sync_folder(outside)
            except OSError:
                path.rename(aside)
                raise


@contextmanager
def workshop(folder: Path, *, mode: int = 0o700) -> Iterator[Path]:
    """Yield a new folder inside another, to make in it what is then given its name elsewhere.

    It is gone afterwards; where this program is ended, once something is made there again.
    """
    aside = _aside(folder)
    with _making_in(folder):
        try:
            aside.mkdir(mode=mode)
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def clear_unfinished(folder: Path) -> list[Path]:
    """Remove what commands that were ended left half-made in a folder; finish what was whole.

    What cannot be removed stays, and so does everything while somebody else makes something there.
    Return what was removed.
    """
    gone = []
    with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB) as is_alone:
        for path in _left(folder) if is_alone else ():
            with suppress(OSError):
                if path.suffix == _WHOLE:
                    _move_into(folder, path)
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                if path.suffix == _UNFINISHED:
                    gone.append(path)
    return gone


def _left(folder: Path) -> list[Path]:
    """Return what is ours by its name; a link is none of it."""
    found = (path for path in folder.iterdir() if _OURS.fullmatch(path.name))
    return sorted(path for path in found if not path.is_symlink())


def write_output(path: Path, content: bytes | str, *, replace: bool = False) -> None:
    """Write a file for whoever asked: its owner's alone, a new one unless ``replace``.

    What is there already and says the same stays. Refuses a place in the folder of a ledger.
    """
    raw = content.encode() if isinstance(content, str) else content
    refuse_output(path, raw, replace=replace)
    with translated(path):
        if path.is_file() and path.read_bytes() == raw:
            return
        pipe = path.exists() and not path.is_file() and not path.is_dir()
        try:
            write_new(path, raw, replace=replace or pipe)
        except FileExistsError:
            raise _already_there(path) from None


def refuse_output(path: Path, content: bytes | None = None, *, replace: bool) -> None:
    """Refuse a place where something cannot be written, before anything is said or recorded.

    ``content``: what would be written, where that is known; what says the same is no obstacle.
    """
    refuse_within_ledger(path)
    _refuse_over_a_secret(path)
    with translated(path):
        other = path.is_file() and not replace and path.read_bytes() != content
    if other:
        raise _already_there(path)


def _refuse_over_a_secret(path: Path) -> None:
    """Refuse to write over a private key or a database, whatever was asked: none comes back."""
    with translated(path):
        begins = _beginning(path) if path.is_file() else b""
    if begins.startswith(_SECRETS):
        what = f"{path} holds a private key, or is a database: nothing is written over it"
        raise Refused("output-over-secret", what, "name another file")


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(max(map(len, _SECRETS)))


def _already_there(path: Path) -> Refused:
    what = f"{path} exists already and is another"
    return Refused("already-there", what, "name a new file, or write over it with --replace")


def refuse_within_ledger(path: Path) -> None:
    """Refuse to write in the folder of any ledger, where its keys, views and copies lie."""
    place = path.resolve()
    for folder in (place, *place.parents):
        if (folder / "ledger.db").exists():
            what = f"{path} would lie in the folder of a ledger, {folder}"
            raise Refused("output-in-ledger", what, "name a place outside it")


@contextmanager
def _making_in(folder: Path) -> Iterator[None]:
    """Keep others from taking what is being made in a folder for left behind; clear that first."""
    clear_unfinished(folder)
    with _locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[bool]:
    """Yield whether a folder is locked; one that may not be read is locked by nobody."""
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(place, how)
        except OSError:  # somebody has it, or the disk knows no locks
            yield False
        else:
            yield True
    finally:
        os.close(place)


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Be the only one who writes in a folder, once whoever does has finished.

    Raises `OSError` where that takes minutes.
    """
    while True:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _wait_for(place)
            if os.path.samestat(os.fstat(place), folder.stat()):
                yield
                return
        finally:
            os.close(place)


def _wait_for(place: int) -> None:
    """Lock a folder; on a disk that knows no locks everybody has it."""
    until, step = monotonic() + LOCK_TIMEOUT_SECONDS, _SHORTEST_STEP
    while True:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= until:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY)) from None
        except OSError:
            return
        else:
            return
        sleep(step)
        step = min(_LONGEST_STEP, 2 * step)


def _move_into(folder: Path, made: Path) -> None:
    """Move all that a folder holds into another, or nothing; never over what is there."""
    places = {path: folder / path.name for path in sorted(made.iterdir())}
    for place in filter(os.path.lexists, places.values()):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(place))
    try:
        for path, place in places.items():
            path.rename(place)
        sync_folder(folder)
    except BaseException:
        for path, place in places.items():
            with suppress(FileNotFoundError):
                place.rename(path)
        raise


def _aside(folder: Path) -> Path:
    return folder / f".{os.urandom(16).hex()}{_UNFINISHED}"


def give_name(made: Path, path: Path) -> None:
    """Give a finished file its name, durably or not at all.

    Raises `FileExistsError` where something has it already.
    """
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links: whoever creates the name first has it
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        try:
            made.replace(path)
        except BaseException:
            path.unlink()
            raise
    try:
        sync_folder(path.parent)
    except OSError:
        path.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; one that may not be read keeps them by itself."""
    with suppress(PermissionError):
        _sync(folder)


def _sync(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _write_durably(path: Path, content: bytes, mode: int) -> None:
    place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(place, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what the database or the disk refuses into an answer for the user."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise refusal(path, error) from error


def refusal(path: Path, error: Exception) -> StorageRefused:
    """Return the refusal that says what a storage error means and what to do."""
    text = str(error).lower()
    for words, code, what, remedy in _MEANINGS:
        if any(word in text for word in words):
            return StorageRefused(code, f"{what} ({path})", remedy)
    at = getattr(error, "filename", None) or path
    match error:
        case FileNotFoundError():
            return StorageRefused("storage", f"there is no file {at}", "check the name")
        case IsADirectoryError():
            return StorageRefused("storage", f"{at} is a folder, and no file", "name the file")
        case OSError(strerror=str(meaning)):
            return StorageRefused("storage", f"{at} cannot be used: {meaning}", "see the message")
    return StorageRefused("storage", f"{path} cannot be used: {error}", "see the message")


def begin_immediate(execute: Callable[[str], Any], timeout: float | None = None) -> None:
    """Begin a write transaction, waiting for other writers: ``timeout`` seconds, else two minutes.

    SQLite itself waits in C, where no signal is handled, and soon a tenth of a second at a time:
    whoever has the place keeps it for a few thousandths. So the waiting is done here, in steps
    between which Ctrl-C is heard. Raises `sqlite3.OperationalError` (locked) once time is over.
    """
    until = monotonic() + (LOCK_TIMEOUT_SECONDS if timeout is None else timeout)
    step = _SHORTEST_STEP
    execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or monotonic() >= until:
                    raise
            else:
                return
            sleep(step)
            step = min(_LONGEST_STEP, 2 * step)
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
