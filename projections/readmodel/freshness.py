"""Whether the read models are up to date: asked before every answer, so kept cheap."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from ledger.errors import Refused
from ledger.files import open_read_only
from ledger.store.folder import Folder
from projections.readmodel import grid, tables
from projections.readmodel.tables import Reached

# -- current -------------------------------------------------------------------------------
# Whether the read models are up to date: asked before every answer, so kept cheap.


def follows(folder: Folder, place: Reached | None) -> bool:
    """Tell whether a read model was made from this very log and can go on from where it is.

    It cannot when the log was restored from a back-up that lacks the model's last event.
    """
    return place is not None and folder.anchor(place.position) == place.anchor


def is_current(folder: Folder, head: int) -> bool:
    """Tell whether every read model has reached the head of this log."""
    return all(
        place is not None and place.position == head and follows(folder, place)
        for place in (_grid(folder), _tables(folder))
    )


def _grid(folder: Folder) -> Reached | None:
    found = grid.read(folder.views / "grid")
    return found.reached if found else None


def _tables(folder: Folder) -> Reached | None:
    path = folder.views / "tables.db"
    if not path.is_file():
        return None
    try:
        with closing(open_read_only(path)) as db:
            return tables.reached(db)
    except sqlite3.DatabaseError:
        return None


# -- afresh --------------------------------------------------------------------------------
# Read models that cannot be read are put aside and made anew from the log, once.
#
# They are disposable: whoever asks has to be told nothing. When that does not help, they are put
# back, since they may be the last copy of a log that is damaged itself.


_UNREADABLE = ("storage", "ledger-damaged")
Found = TypeVar("Found")


def afresh(folder: Folder, attempt: Callable[[], Found]) -> Found:
    """Return what an attempt at the read models gives, the second time with none there."""
    try:
        return attempt()
    except (Refused, OSError, EOFError, ValueError, sqlite3.Error) as error:
        if not _for_the_views(folder, error):
            raise
    aside = folder.path / "views.unreadable"
    _remove(aside)
    folder.views.rename(aside)
    try:
        found = attempt()
    except BaseException:
        _remove(folder.views)
        aside.rename(folder.views)
        raise
    _remove(aside)
    return found


def _for_the_views(folder: Folder, error: Exception) -> bool:
    """Tell whether the read models may be to blame."""
    if isinstance(error, Refused):
        blamed = error.code in _UNREADABLE and str(folder.views) in error.what
        return blamed and folder.views.exists()
    return folder.views.exists()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
