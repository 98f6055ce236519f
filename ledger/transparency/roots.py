"""The root of the tree at any position: from its checkpoint, else from the leaf hashes kept.

Every answer names it, so it stands apart from proofs, with which every event of the log is loaded.
"""

from base64 import b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from ledger.files import Database, write_new
from ledger.store.folder import Folder
from ledger.tlog.note import read_checkpoint, read_note
from ledger.tlog.tree import HASH_BYTES, TILE, Edge, Tree

_PAIR_BYTES = 2 * HASH_BYTES
_HELD_AT_MOST = 4
_held: dict[tuple[int, bytes], Tree] = {}
"""The trees over whole tiles made last, by their size and the edge, which commits to all."""


def root_at(folder: Folder, position: int) -> str:
    """Return the root over the first ``position`` entries, base64.

    A position inside a transaction has no checkpoint: its root is computed.
    """
    with folder.reading() as db:
        sql = "SELECT note FROM checkpoints WHERE size = ?"
        row = db.execute(sql, [position]).fetchone()
        if row is not None:
            return b64encode(read_checkpoint(read_note(row[0]).text).root).decode()
        return b64encode(_computed(db, folder.tiles, position)).decode()


def _computed(db: Database, kept: Path, position: int) -> bytes:
    """Return the root over the first ``position`` leaf hashes: whole tiles, then single leaves."""
    whole, leaves = divmod(position, TILE)
    tree, rest = _tree_of_tiles(db, kept), Edge()
    tiles = tree.edge(min(whole, tree.size))
    for leaf in _cut(b"".join(_tiles(db, whole, whole + 1)), HASH_BYTES)[:leaves]:
        rest.grow(leaf)
    return Edge(tiles.size * TILE + rest.size, [*tiles.hashes, *rest.hashes]).root()


def _tree_of_tiles(db: Database, kept: Path) -> Tree:
    """Return the tree over the roots of all whole tiles.

    They are kept in a file, which is believed as far as the newest edge of the log is that of
    what it holds; else they are made anew from the leaf hashes, and kept.
    """
    row = db.execute("SELECT size, hashes FROM tree_edge").fetchone()
    newest = Edge.read(*row) if row else Edge()
    number = newest.size // TILE
    subtrees = newest.hashes[: number.bit_count()]
    edge = number, b"".join(subtrees)
    tree = _held.get(edge)
    if tree is None:
        tree = Tree(_kept_roots(kept, number))
        if tree.size != number or tree.edge(number).hashes != subtrees:
            roots = [_root_of_tile(hashes) for hashes in _tiles(db, 0, number)]
            tree = Tree(roots)
            with suppress(OSError):
                write_new(kept, b"".join(roots), replace=True)
        while len(_held) >= _HELD_AT_MOST:
            _held.pop(next(iter(_held)), None)
        _held[edge] = tree
    return tree


def _kept_roots(kept: Path, number: int) -> list[bytes]:
    with suppress(OSError):
        return _cut(kept.read_bytes()[: number * HASH_BYTES], HASH_BYTES)
    return []


def _tiles(db: Database, first: int, end: int) -> list[bytes]:
    """Return the leaf hashes of some tiles."""
    rows = db.execute(
        "SELECT hashes FROM hash_tiles WHERE n >= ? AND n < ? ORDER BY n", [first, end]
    )
    return [row[0] for row in rows]


def _root_of_tile(hashes: bytes) -> bytes:
    while len(hashes) > HASH_BYTES:
        hashes = b"".join([sha256(b"\x01" + pair).digest() for pair in _cut(hashes, _PAIR_BYTES)])
    return hashes


def _cut(hashes: bytes, width: int) -> list[bytes]:
    return [hashes[at : at + width] for at in range(0, len(hashes), width)]
