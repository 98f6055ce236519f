"""Whether the read models are up to date: asked before every answer, so kept cheap."""

import sqlite3
from contextlib import closing

from ledger.store.folder import Folder, open_read_only
from projections.readmodel import manifest, tables
from projections.readmodel.tables import Reached


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
    found = manifest.read(folder.views / "grid")
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
