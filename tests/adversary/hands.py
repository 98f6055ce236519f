"""What somebody can do to a ledger's files: with a database program, and with its own key."""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from ledger.store.folder import Folder
from ledger.store.schema import Row
from ledger.tlog.note import Checkpoint, Note, Signer, read_checkpoint, read_note, sign
from ledger.tlog.tree import HASH_BYTES, TILE, Edge, leaf_bytes, leaf_hash
from tests.adversary.lives import Base
from tests.ledger.tampering import tampered

ROWS = "SELECT * FROM stored_events ORDER BY position"
INSERT = "INSERT INTO stored_events VALUES(?,?,?,?,?)"


def compact(event: object) -> bytes:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    return db


@dataclass(frozen=True)
class Trial:
    """A copy of a ledger to tamper with; ``other``: another ledger altogether."""

    folder: Folder
    rng: Random
    base: Base
    other: Base

    @classmethod
    def of(cls, base: Base, other: Base, path: Path, rng: Random) -> "Trial":
        shutil.copytree(base.today.path, path)
        return cls(Folder(path), rng, base, other)

    def rows(self) -> list[Row]:
        with closing(opened(self.folder.log)) as db:
            return db.execute(ROWS).fetchall()

    def some(self, *names: str) -> Row:
        return self.rng.choice([row for row in self.rows() if not names or row[3] in names])

    def sizes(self) -> list[int]:
        return [size for (size,) in self.ask("SELECT size FROM checkpoints ORDER BY size")]

    def ask(self, sql: str, *values: object) -> list[tuple]:
        with closing(opened(self.folder.log)) as db:
            return db.execute(sql, values).fetchall()

    def note(self, size: int) -> Note:
        return read_note(self.ask("SELECT note FROM checkpoints WHERE size = ?", size)[0][0])

    def change(self, *statements: Sequence[object]) -> None:
        tampered(self.folder.log, *[(sql, values) for sql, *values in statements])

    def edit(self, position: int, column: str, value: object) -> None:
        sql = f"UPDATE stored_events SET {column} = ? WHERE position = ?"  # noqa: S608 - ours
        self.change((sql, value, position))

    def renote(self, size: int, note: str) -> None:
        self.change(("UPDATE checkpoints SET note = ? WHERE size = ?", note, size))

    def signer(self, size: int) -> Signer:
        """The ledger's own key at a size, kept by whoever had it."""
        return [signer for since, signer in self.base.signers if since <= size][-1]

    def checkpoint(self, size: int) -> Checkpoint:
        return read_checkpoint(self.note(size).text)

    def rewrite(self, rows: Sequence[Row], sizes: Sequence[int], signers=None) -> int:
        """Make a whole consistent log of some rows; return the first entry that differs.

        Leaf hashes, tiles, the edge and every checkpoint from there on are made anew and signed
        by the ledger's own key (``signers``: by others); cosignatures of those are taken away.
        """
        before = self.rows()
        pairs = enumerate(zip(before, rows, strict=False), start=1)
        first = next((at for at, (a, b) in pairs if a != b), min(len(before), len(rows)) + 1)
        since = 1 if signers else first
        edge, hashes, notes = Edge(), [], []
        for row in rows:
            hashes.append(leaf_hash(leaf_bytes(*row)))
            edge.grow(hashes[-1])
            if edge.size in sizes and edge.size >= since:
                key = signers[0] if signers else self.signer(edge.size)
                made = sign(Checkpoint(key.name, edge.size, edge.root()), [key])
                notes.append((edge.size, made.written))
        tiles = [b"".join(hashes[at : at + TILE]) for at in range(0, len(hashes), TILE)]
        assert all(len(tile) <= TILE * HASH_BYTES for tile in tiles)
        self.change(
            ("DELETE FROM stored_events WHERE position >= ?", first),
            *[(INSERT, *row) for row in rows[first - 1 :]],
            ("DELETE FROM hash_tiles",),
            *[("INSERT INTO hash_tiles VALUES(?,?)", *each) for each in enumerate(tiles)],
            ("DELETE FROM tree_edge",),
            ("INSERT INTO tree_edge VALUES(1,?,?)", edge.size, edge.written),
            ("DELETE FROM checkpoints WHERE size >= ?", since),
            *[("INSERT INTO checkpoints VALUES(?,?)", *each) for each in notes],
            ("DELETE FROM cosignatures WHERE size >= ?", since),
        )
        return first

    def resigned(self, position: int, *, stream=None, version=None, name=None, state=None) -> int:
        """Change one entry and sign everything after it again with the ledger's own key."""
        rows = self.rows()
        at, *fields = rows[position - 1]
        new = [stream, version, name, state]
        changed = [old if now is None else now for old, now in zip(fields, new, strict=True)]
        rows[position - 1] = (at, *changed)
        return self.rewrite(rows, self.sizes())

    def take(self, name: str, other: Folder) -> None:
        here, there = self.folder.path / name, other.path / name
        if there.is_dir():
            shutil.rmtree(here)
            shutil.copytree(there, here)
        else:
            shutil.copyfile(there, here)
