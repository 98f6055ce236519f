"""The root of the tree at any position: from its checkpoint, else from the leaf hashes kept.

Every answer names it, so it stands apart from proofs, with which every event of the log is loaded.
"""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

from ledger.files import Database
from ledger.store.folder import Folder
from ledger.tlog.note import read_checkpoint, read_note
from ledger.tlog.tree import HASH_BYTES, TILE, Edge

_TILE_BYTES, _PAIR_BYTES = TILE * HASH_BYTES, 2 * HASH_BYTES


def root_at(folder: Folder, position: int) -> str:
    """Return the root over the first ``position`` entries, base64.

    A position inside a transaction has no checkpoint: its root is computed.
    """
    with folder.reading() as db:
        sql = "SELECT note FROM checkpoints WHERE size = ?"
        row = db.execute(sql, [position]).fetchone()
        if row is not None:
            return b64encode(read_checkpoint(read_note(row[0]).text).root).decode()
        return b64encode(_computed(db, position)).decode()


def _computed(db: Database, position: int) -> bytes:
    """Return the root over the first ``position`` leaf hashes.

    Whole tiles are taken as the leaves of a smaller tree, of which the newest edge has a part.
    """
    tiles, rest = _common_edge(db, position), Edge()
    sql = "SELECT hashes FROM hash_tiles WHERE n >= ? AND n * ? < ? ORDER BY n"
    for (stored,) in db.execute(sql, [tiles.size, TILE, position]):
        hashes = stored[: (position - tiles.size * TILE) * HASH_BYTES]
        if len(hashes) == _TILE_BYTES:
            tiles.grow(_root_of_tile(hashes))
        else:
            for leaf in _cut(hashes, HASH_BYTES):
                rest.grow(leaf)
    return Edge(tiles.size * TILE + rest.size, [*tiles.hashes, *rest.hashes]).root()


def _common_edge(db: Database, position: int) -> Edge:
    """Return the subtrees of whole tiles, from the left, that the newest tree has as well."""
    row = db.execute("SELECT size, hashes FROM tree_edge").fetchone()
    newest = Edge.read(*row) if row else Edge()
    size, common = 0, []
    for hash_ in newest.hashes:
        width = 1 << ((newest.size - size).bit_length() - 1)
        if width < TILE or size + width > position:
            break
        size += width
        common.append(hash_)
    return Edge(size // TILE, common)


def _root_of_tile(hashes: bytes) -> bytes:
    while len(hashes) > HASH_BYTES:
        hashes = b"".join([sha256(b"\x01" + pair).digest() for pair in _cut(hashes, _PAIR_BYTES)])
    return hashes


def _cut(hashes: bytes, width: int) -> Iterable[bytes]:
    return [hashes[at : at + width] for at in range(0, len(hashes), width)]
