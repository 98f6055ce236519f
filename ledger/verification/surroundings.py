"""What lies around the log: the file that it is in, the keys beside it. Only looked at.

A table, an index or a trigger that was changed lets other programs read something else than was
recorded, or write what the software would not; keys of another ledger open and sign nothing.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from ledger.errors import Refused
from ledger.events import streams
from ledger.files import open_read_only
from ledger.store.folder import Folder
from ledger.tlog import signing
from ledger.tlog.note import Verifier

_KNOWN = """
SELECT pupil FROM identities UNION SELECT subject FROM subject_keys
UNION SELECT subject FROM destroyed"""


def faults_of_file(db: sqlite3.Connection, folder: Folder) -> Iterator[str]:
    """Yield what is wrong with the log's file, in words, once its schema is known to be ours."""
    journal = folder.log.with_name(folder.log.name + "-journal")
    if journal.is_file() and journal.stat().st_size:
        yield f"{journal.name} lies beside the log: this software makes none; it may undo entries"
    for (said,) in db.execute("PRAGMA integrity_check(5)"):
        if said != "ok":
            yield f"the database is malformed: {' '.join(said.split())}"


def faults_of_keys(folder: Folder, adopted: Sequence[Verifier]) -> Iterator[str]:
    """Yield what is wrong with the keys in the folder, as far as they can be read.

    ``adopted``: the keys that the log names, in order. During a rotation either key may be the
    last of them.
    """
    own = folder.path / "signing.key"
    if adopted and _may_be_read(own):
        try:
            keys = [signer.verifier for signer in signing.signers(own)]
        except Refused:
            keys = []
        if adopted[-1] not in keys:
            yield f"{own.name} is not the key of this log ({adopted[-1].key_id.hex()})"
    try:
        if _may_be_read(folder.keys) and not _keeps_its_pupils(folder):
            yield f"{folder.keys.name} holds the keys of none of the pupils in the log"
    except sqlite3.Error as error:
        yield f"{folder.keys.name} cannot be read: {error}"


def _may_be_read(path: Path) -> bool:
    """Tell whether a file is there for whoever asks; an auditor may lack the owner's keys."""
    return path.is_file() and os.access(path, os.R_OK)


def _keeps_its_pupils(folder: Folder) -> bool:
    """Tell whether the key file knows at least one pupil of the log, where there is one."""
    with folder.reading() as db:
        sql = (
            "SELECT DISTINCT originator_id FROM stored_events WHERE originator_id BETWEEN ? AND ?"
        )
        found = db.execute(sql, [streams.PUPIL, streams.PUPIL + "\U0010ffff"])
        pupils = {streams.subject(stream) for (stream,) in found}
    with closing(open_read_only(folder.keys)) as db:
        known = {pupil for (pupil,) in db.execute(_KNOWN)}
    return not pupils or bool(pupils & known)
