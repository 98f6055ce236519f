"""Whether the read models are up to date, and what is done when they cannot be read.

Asked before every answer, so kept cheap: neither NumPy nor the models are loaded for it.
"""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from ledger.errors import Refused
from ledger.store.folder import Folder
from projections.readmodel import manifest, tables
from projections.readmodel.tables import DatabaseError, Reach, open_tables, tables_path

Found = TypeVar("Found")
_UNREADABLE = ("storage", "ledger-damaged")


def follows(folder: Folder, place: Reach | None) -> bool:
    """Tell whether a read model was made from this very log and can go on from where it is.

    It cannot when the log was restored from a back-up that lacks the model's last event.
    """
    return place is not None and folder.anchor(place.position) == place.anchor


def is_current(folder: Folder, head: int) -> bool:
    """Tell whether every read model has reached the head of this log."""
    return all(
        place is not None and place.position == head and follows(folder, place)
        for place in (_reach_of_grid(folder), _reach_of_tables(folder))
    )


def _reach_of_grid(folder: Folder) -> Reach | None:
    there = manifest.read(manifest.grid_path(folder))
    return there.reach if there else None


def _reach_of_tables(folder: Folder) -> Reach | None:
    if not tables_path(folder).is_file():
        return None
    try:
        with closing(open_tables(folder)) as db:
            return tables.reach(db)
    except DatabaseError:
        return None


def retry_without_views(folder: Folder, attempt: Callable[[], Found]) -> Found:
    """Return what an attempt at the read models gives; one that cannot read them is repeated.

    They are put aside for it and made anew from the log, once: they are disposable, and whoever
    asks has to be told nothing. When that does not help, they are put back, since they may be the
    last copy of a log that is damaged itself.
    """
    try:
        return attempt()
    except (Refused, OSError, EOFError, ValueError, DatabaseError) as error:
        if not _views_to_blame(folder, error):
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


def _views_to_blame(folder: Folder, error: Exception) -> bool:
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
