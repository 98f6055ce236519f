"""Whether the read models are what a rebuild makes: compared aside, none of them is touched."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from ledger.errors import Refused
from ledger.store.folder import Folder, open_read_only
from ledger.store.waiting import begin_immediate
from ledger.verification.verify import Fault
from projections.readmodel import manifest, tables
from projections.readmodel.catch_up import catch_up, content, grid_path, rebuild, tables_path
from projections.readmodel.current import follows
from projections.readmodel.tables import Reached

_MENDS = "attendance rebuild mends it"
_MADE_OF = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
_UNREADABLE = (Refused, OSError, ValueError, LookupError, TypeError, sqlite3.Error)


@dataclass(frozen=True, slots=True)
class _Aside(Folder):
    """A ledger whose read models are kept somewhere else."""

    elsewhere: Path

    @property
    def views(self) -> Path:
        """Where they are."""
        return self.elsewhere


def faults(folder: Folder) -> Iterator[Fault]:
    """Yield a fault where the read models, brought up to date, differ from a rebuild."""
    if not folder.views.is_dir():
        return
    with tempfile.TemporaryDirectory() as place:
        there = _Aside(folder.path, Path(place) / "there")
        anew = _Aside(folder.path, Path(place) / "anew")
        try:
            _copied(folder, there.views)
            wrong = _wrong(there, anew)
        except _UNREADABLE as error:
            wrong = f"cannot be read: {error}"
    if wrong is not None:
        yield Fault(None, f"the read models {wrong}; {_MENDS}")


def _copied(folder: Folder, place: Path) -> None:
    """Copy the read models while nobody writes to them, so that the copy can be written to."""
    with closing(sqlite3.connect(tables_path(folder), isolation_level=None)) as db:
        with suppress(sqlite3.Error):
            begin_immediate(db.execute)  # refused where nobody may write: then nobody does
        shutil.copytree(folder.views, place, copy_function=shutil.copyfile)
    for each in (place, *(path for path in place.rglob("*") if path.is_dir())):
        each.chmod(0o700)
    (place / "tables.db-shm").unlink(missing_ok=True)


def _wrong(there: Folder, anew: Folder) -> str | None:
    """Say what is wrong with the read models; none: nothing is."""
    if any(place and not follows(there, place) for place in _reached(there)):
        return "were made from another log, or from entries that it has no more"
    with closing(open_read_only(tables_path(there))) as db:
        for (said,) in db.execute("PRAGMA integrity_check(1)"):
            if said != "ok":
                return f"are malformed: {' '.join(said.split())}"
    rebuild(anew)
    while catch_up(there) != catch_up(anew):
        pass  # others go on recording meanwhile
    pairs = zip_longest(_held(there), _held(anew))
    found = next((pair for pair in pairs if pair[0] != pair[1]), None)
    if found is None:
        return None
    return f"differ from the log ({found[0]!s:.100} is there, a rebuild makes {found[1]!s:.100})"


def _reached(folder: Folder) -> Iterator[Reached | None]:
    """Yield how far the tables and the grid say that they have come; none: to be made anew."""
    with closing(open_read_only(tables_path(folder))) as db:
        yield tables.reached(db)
    grid = manifest.read(grid_path(folder))
    yield None if grid is None else grid.reached


def _held(folder: Folder) -> Iterator[str]:
    """Yield what the tables are made of, and everything that the read models hold."""
    with closing(open_read_only(tables_path(folder))) as db:
        yield from map(repr, db.execute(_MADE_OF))
    yield from content(folder)
