"""Where a ledger's files are, and the cheap questions that need no event-sourcing library."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.errors import Refused
from ledger.files import Database, compare_schema, open_read_only, translated
from ledger.store.schema import SCHEMA

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
    def tiles(self) -> Path:
        """The roots of the log's whole tiles, which may be deleted at any time."""
        return self.views / "tiles"

    @property
    def kept_school(self) -> Path:
        """The school as decisions last saw it, which may be deleted at any time."""
        return self.path / "school.kept"

    def files(self) -> tuple[tuple[int, int] | None, ...]:
        """Return which files log and keys are now: others may be put in their place."""
        return tuple(map(_identity, (self.log, self.keys)))

    @property
    def attachments(self) -> Path:
        """The copies of evidence, encrypted; there once the first is kept."""
        return self.path / "attachments"

    @property
    def words(self) -> Path:
        """The school's own words for letters and notes; there where it wrote some."""
        return self.path / "words"

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
        self._refuse_links()
        return self

    def _refuse_links(self) -> None:
        """Refuse a ledger of which a part lies somewhere else: whoever made it may have chosen."""
        grid = self.views / "grid"
        own = [self.path / name for name in _OWN]
        for path in [*own, *(grid.iterdir() if grid.is_dir() and not grid.is_symlink() else ())]:
            if os.path.lexists(path) and not _is_plain(path.lstat().st_mode):
                raise refuse_link(path)

    def tighten(self) -> None:
        """Take what lies here from others on this computer, as far as it is ours to do so.

        Not the keys that sign: of those it is told that others could read them.
        """
        for path in (self.path / name for name in _OWN if name not in _SIGN):
            with suppress(OSError):
                mode = path.stat().st_mode
                if mode & _OTHERS:
                    path.chmod(stat.S_IMODE(mode) & ~_OTHERS)

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Open the log for reading; refuse one that this software did not lay out."""
        with translated(self.log), closing(open_read_only(self.log)) as db:
            check_log(db)
            yield db

    def head(self) -> int:
        """Return the newest position of the log; refuse a log that cannot be read."""
        with self.reading() as db:
            return int(db.execute("SELECT max(position) FROM stored_events").fetchone()[0] or 0)

    def anchor(self, position: int) -> str | None:
        """Return what tells this log's event at a position from any other's; none: not there.

        Position 0, before the first event, is the same in every log.
        """
        if position == 0:
            return ""
        query = "SELECT state FROM stored_events WHERE position = ?"
        with self.reading() as db:
            row = db.execute(query, [position]).fetchone()
        return sha256(row[0]).hexdigest() if row else None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


_OTHERS = 0o077
_DATABASES = ("ledger.db", "keys.db", "views/tables.db")
_SIGN = ("signing.key", "signing.key.next")
_OWN = (
    *(name + end for name in _DATABASES for end in ("", "-wal", "-shm", "-journal")),
    *_SIGN,
    *("school.kept", "attachments"),
    *("views", "views/grid", "views/tiles", "views/left.json", "views.unreadable"),
)


def _is_plain(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def refuse_link(path: Path) -> Refused:
    """Return the refusal to follow a link in a ledger's folder."""
    return Refused(
        "ledger-link",
        f"{path} is a link or a pipe; what it leads to is no part of this ledger: not followed",
        "put the file itself in its place, if you know that it is the right one",
    )


_NAME_IT = "create one with attendance init, or name it with --ledger"


def check_log(db: Database) -> None:
    """Refuse what is no log as we lay it out; to be asked before anything else of it is read."""
    check_layout(db)
    for what in schema_faults(db):
        remedy = "nothing in it was run; run attendance verify, and look for the latest back-up"
        raise Refused("ledger-foreign", what, remedy)


def schema_faults(db: Database) -> Iterator[str]:
    """Yield, in words, each difference of a log's tables and triggers from those we make."""
    found = compare_schema(db, SCHEMA)
    for each in found.lacking:
        yield f"the log lacks, or has changed: {each}"
    for each in found.strange:
        yield f"the log holds what this software does not make: {each}"


def check_layout(db: Database) -> None:
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
