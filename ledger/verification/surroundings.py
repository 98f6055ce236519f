"""The file that the log is in. Only looked at.

A table, an index or a trigger that was changed lets other programs read something else than was
recorded, or write what the software would not.
"""

import sqlite3
from collections.abc import Iterator

from ledger.store.folder import Folder


def faults_of_file(db: sqlite3.Connection, folder: Folder) -> Iterator[str]:
    """Yield what is wrong with the log's file, in words, once its schema is known to be ours."""
    journal = folder.log.with_name(folder.log.name + "-journal")
    if journal.is_file() and journal.stat().st_size:
        yield f"{journal.name} lies beside the log: this software makes none; it may undo entries"
    for (said,) in db.execute("PRAGMA integrity_check(5)"):
        if said != "ok":
            yield f"the database is malformed: {' '.join(said.split())}"
