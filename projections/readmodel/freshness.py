"""Whether the read models are up to date, and what is done when they cannot be read.

Asked before every answer, so kept cheap: neither NumPy nor the models are loaded for it.
"""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from ledger.errors import Refused
from ledger.files import translated
from ledger.store.folder import Folder
from ledger.terminal import say
from projections.readmodel import manifest, recent, tables
from projections.readmodel.tables import Connection, DatabaseError, Reach, open_tables

Found = TypeVar("Found")
_UNREADABLE = ("storage", "ledger-damaged")
MADE_ANEW = (
    "note: what answers are looked up in (views/) was not as it was left: changed, damaged, "
    "copied or cut short; it was made anew from the log"
)


def follows(folder: Folder, place: Reach | None) -> bool:
    """Tell whether a read model was made from this very log and can go on from where it is.

    It cannot when the log was restored from a back-up that lacks the model's last event.
    """
    return place is not None and folder.anchor(place.position) == place.anchor


def goes_on(folder: Folder, db: Connection) -> bool:
    """Tell whether tables and grid belong together and to this very log, and can go on."""
    return follows(folder, tables.reach(db)) and _grid_goes_on(folder, db)


def _grid_goes_on(folder: Folder, db: Connection) -> bool:
    """Tell whether the arrays have every mark that is not among the recent ones."""
    there, since = manifest.read(manifest.grid_path(folder)), recent.since(db)
    if there is None or there.reach == since:
        return there is not None
    # Further than the tables know: whoever wrote the arrays was stopped before the tables were.
    return there.position > since.position and follows(folder, there.reach)


def is_current(folder: Folder, head: int) -> bool:
    """Tell whether every read model has reached the head of this log."""
    if not tables.as_left(folder):
        return False
    try:
        with closing(open_tables(folder)) as db:
            place = tables.reach(db)
            return place is not None and place.position == head and goes_on(folder, db)
    except DatabaseError:
        return False


def retry_without_views(folder: Folder, attempt: Callable[[], Found]) -> Found:
    """Return what an attempt at the read models gives; one that cannot read them is repeated.

    They are put aside for it and made anew from the log, once, which is told beside the answer.
    When that does not help, they are put back, since they may be the last copy of a log that is
    damaged itself. What the disk refuses is a `StorageRefused`.
    """
    with translated(folder.views):
        return _retried(folder, attempt)


def _retried(folder: Folder, attempt: Callable[[], Found]) -> Found:
    try:
        return attempt()
    except Exception as error:
        # Whatever damaged rows make of an answer; a fault of ours comes again without them.
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
    tell_made_anew()
    return found


def tell_made_anew() -> None:
    """Say, beside an answer, that the read models were made anew, and why."""
    say(MADE_ANEW, err=True)


def _views_to_blame(folder: Folder, error: Exception) -> bool:
    if isinstance(error, Refused):
        blamed = error.code in _UNREADABLE and str(folder.views) in error.what
        return blamed and folder.views.exists()
    return folder.views.exists()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
