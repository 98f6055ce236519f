"""The root of the tree at any position: from its checkpoint, else from the leaf hashes kept.

Every answer names it, so it stands apart from proofs, with which every event of the log is loaded.
"""

from base64 import b64encode
from contextlib import closing

from ledger.files import open_read_only, translated
from ledger.store.folder import Folder
from ledger.tlog.note import read_checkpoint, read_note
from ledger.tlog.tree import HASH_BYTES, TILE, Edge


def root_at(folder: Folder, position: int) -> str:
    """Return the root over the first ``position`` entries, base64.

    A position inside a transaction has no checkpoint: its root is computed.
    """
    with translated(folder.log), closing(open_read_only(folder.log)) as db:
        sql = "SELECT note FROM checkpoints WHERE size = ?"
        row = db.execute(sql, [position]).fetchone()
        if row is not None:
            return b64encode(read_checkpoint(read_note(row[0]).text).root).decode()
        edge = Edge()
        tiles = "SELECT hashes FROM hash_tiles WHERE n * ? < ? ORDER BY n"
        for (hashes,) in db.execute(tiles, [TILE, position]):
            last = min(len(hashes), (position - edge.size) * HASH_BYTES)
            for cut in range(0, last, HASH_BYTES):
                edge.grow(hashes[cut : cut + HASH_BYTES])
    return b64encode(edge.root()).decode()
