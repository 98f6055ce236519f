"""Read models that cannot be read are put aside and made anew from the log, once.

They are disposable: whoever asks has to be told nothing. When that does not help, they are put
back, since they may be the last copy of a log that is damaged itself.
"""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ledger.errors import Refused
from ledger.store.folder import Folder

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
