"""What somebody outside can check without the ledger: proofs, and stretches of the log.

A proof that one event is in the log (C2SP tlog-proof) is the lines ``c2sp.org/tlog-proof@v1``,
``extra`` with the leaf's bytes in base64 (from which the record hash is made), ``index`` counting
from 0, the hashes of the inclusion proof, an empty line, and a checkpoint.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.codec import Decoder
from ledger.events.log import KeyAdopted
from ledger.files import Database
from ledger.store.folder import Folder
from ledger.store.schema import ROWS, Row
from ledger.tlog.note import Note, Verifier, read_checkpoint, read_note
from ledger.tlog.tree import (
    HASH_BYTES,
    Tree,
    leaf_bytes,
    leaf_hash,
    position_of,
    root_from_inclusion,
)
from ledger.transparency.witnesses import newest_sighting, trusted_witnesses

_HEAD = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """One event's leaf, its index in the log, the way to the root, and the signed root."""

    leaf: bytes
    index: int
    hashes: tuple[bytes, ...]
    note: Note

    @property
    def written(self) -> str:
        """The proof as a file."""
        lines = [_HEAD, f"extra {b64encode(self.leaf).decode()}", f"index {self.index}"]
        lines += [b64encode(each).decode() for each in self.hashes]
        return "\n".join(lines) + "\n\n" + self.note.written

    @property
    def holds(self) -> bool:
        """Whether leaf, index and hashes lead to the root that the checkpoint names.

        The leaf must be of the entry that its index says: positions count from 1.
        """
        checkpoint = read_checkpoint(self.note.text)
        leaf = leaf_hash(self.leaf)
        root = root_from_inclusion(leaf, self.index, checkpoint.size, self.hashes)
        return root == checkpoint.root and position_of(self.leaf) == self.index + 1

    def wrong(self, key: Verifier) -> str | None:
        """Say why this proves nothing to who holds the ledger's key; none where it does."""
        if read_checkpoint(self.note.text).origin != key.name:
            return "its checkpoint is of another log"
        if not self.note.signed_by(key):
            return "its checkpoint is not signed by the ledger"
        return None if self.holds else "the entry is not in the log where it says"


def read_proof(written: str) -> Proof:
    """Read a proof, or refuse it; it is not checked by that."""
    head, _, note = written.partition("\n\n")
    lines = head.split("\n")
    try:
        if lines[0] != _HEAD or not lines[1].startswith("extra "):
            raise _unreadable()
        index = int(lines[2].removeprefix("index "))
        if lines[2] != f"index {index}":
            raise _unreadable()
        leaf = b64decode(lines[1].removeprefix("extra "), validate=True)
        hashes = tuple(b64decode(line, validate=True) for line in lines[3:])
    except (ValueError, IndexError):
        raise _unreadable() from None
    if any(len(each) != HASH_BYTES for each in hashes):
        raise _unreadable()
    found = Proof(leaf, index, hashes, read_note(note))
    read_checkpoint(found.note.text)
    if found.written != written:
        raise _unreadable()
    return found


class Proofs:
    """Makes proofs from what is kept beside the log: leaf hashes, checkpoints, cosignatures.

    Under the newest checkpoint; ``witnessed``: the newest that a trusted witness signed.
    """

    def __init__(self, folder: Folder, *, witnessed: bool = False) -> None:
        self._witnessed = witnessed
        seen = _newest_witnessed(folder) if witnessed else 0
        with folder.reading() as db:
            newest = seen or db.execute("SELECT max(size) FROM checkpoints").fetchone()[0] or 0
            self.note = _with_cosignatures(db, newest) if newest else None
            self.size: int = newest
            leaves = b"".join(row[0] for row in db.execute(_TILES))
        if len(leaves) < newest * HASH_BYTES:
            what = f"leaf hashes of {len(leaves) // HASH_BYTES} entries are kept, not of {newest}"
            raise Refused("tree-damaged", what, "run attendance verify")
        cuts = range(0, newest * HASH_BYTES, HASH_BYTES)
        self.tree = Tree([leaves[cut : cut + HASH_BYTES] for cut in cuts])

    def of(self, row: Row) -> Proof:
        """Return the proof of an event under the checkpoint."""
        note, index = self.reaching(row[0]), row[0] - 1
        hashes = tuple(self.tree.inclusion(index, self.size))
        return Proof(leaf_bytes(*row), index, hashes, note)

    def reaching(self, position: int) -> Note:
        """Return the checkpoint, or refuse where it does not reach an entry."""
        if self._witnessed and position > self.size:
            raise Refused(
                "not-witnessed",
                f"a witness saw {self.size} entries, which does not reach {position}",
                f"{_ASK}, or leave out --witnessed",
            )
        if self.note is None or position > self.size:
            raise Refused(
                "no-checkpoint",
                f"entry {position} is beyond the newest checkpoint, of {self.size} entries",
                "name an entry that there is, or run attendance verify",
            )
        return self.note


_ASK = "have a witness sign the newest checkpoint with attendance witness ask"


def _newest_witnessed(folder: Folder) -> int:
    """Return the size of the newest checkpoint that a witness signed whom the log trusts."""
    seen = newest_sighting(folder, trusted_witnesses(folder))
    if seen is None:
        raise Refused(
            "not-witnessed",
            "no witness that the log trusts has signed a checkpoint",
            f"{_ASK}, or leave out --witnessed",
        )
    return seen.position


_TILES = "SELECT hashes FROM hash_tiles ORDER BY n"


def _with_cosignatures(db: Database, size: int) -> Note:
    written = db.execute("SELECT note FROM checkpoints WHERE size = ?", [size]).fetchone()[0]
    lines = db.execute("SELECT line FROM cosignatures WHERE size = ? ORDER BY line", [size])
    return read_note(written + "".join(line for (line,) in lines))


def row_at(folder: Folder, position: int) -> Row:
    """Return the event at a position, as it lies in the log."""
    return _rows(folder, "position = ?", [position], f"no entry has the number {position}")[0]


def rows_of(folder: Folder, stream: str) -> list[Row]:
    """Return the events of a stream, as they lie in the log."""
    return _rows(folder, "originator_id = ?", [stream], "no mark was made for that session")


def rows_between(folder: Folder, first: int, last: int) -> list[Row]:
    """Return the events from one position to another, as they lie in the log."""
    none = f"no entry lies between {first} and {last}"
    return _rows(folder, "position BETWEEN ? AND ?", [first, last], none)


def _rows(folder: Folder, where: str, values: list[object], none: str) -> list[Row]:
    with folder.reading() as db:
        found = db.execute(f"{ROWS} WHERE {where} ORDER BY position", values).fetchall()
    if not found:
        raise Refused("no-entry", none, "look at attendance history for what there is")
    return found


def _unreadable() -> Refused:
    return Refused("proof-unreadable", "this is not a proof", "check that it was copied whole")


# -- stretches ---------------------------------------------------------------------------------
#
# The lines ``attendance-ledger/stretch/v1``, ``first`` and ``last`` (positions), a ``key`` for
# each key that the ledger had up to the checkpoint (with the signature of the one before it), a
# ``hash`` for each node of the tree around the stretch, a ``leaf`` for each entry, an empty line,
# and a checkpoint.

_STRETCH_HEAD = "attendance-ledger/stretch/v1"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries ``first`` to ``last``, their leaves, and what proves them under a checkpoint."""

    first: int
    last: int
    keys: Sequence[KeyAdopted]
    hashes: Sequence[bytes]
    leaves: Sequence[bytes]
    note: Note

    @property
    def written(self) -> str:
        """The stretch as a file."""
        lines = [_STRETCH_HEAD, f"first {self.first}", f"last {self.last}"]
        lines += [f"key {key.key} {key.signature or ''}".rstrip() for key in self.keys]
        lines += [f"hash {b64encode(each).decode()}" for each in self.hashes]
        lines += [f"leaf {b64encode(each).decode()}" for each in self.leaves]
        return "\n".join(lines) + "\n\n" + self.note.written


def stretch_of(
    folder: Folder, first: int, last: int | None, *, witnessed: bool = False
) -> Stretch:
    """Return entries of a ledger, up to the newest checkpoint where no last one is named.

    ``witnessed``: under the newest checkpoint that a trusted witness signed.
    """
    proofs = Proofs(folder, witnessed=witnessed)
    end = proofs.size if last is None else last
    note = proofs.reaching(max(first, end))
    if first > end:
        raise Refused(
            "no-stretch",
            f"no entry lies between {first} and {end}",
            "name a first entry that is not after the last",
        )
    leaves = [leaf_bytes(*row) for row in rows_between(folder, first, end)]
    if len(leaves) != end - first + 1:
        what = f"{len(leaves)} entries lie between {first} and {end}, not {end - first + 1}"
        raise Refused("log-damaged", what, "run attendance verify")
    around = proofs.tree.around(first - 1, end, proofs.size)
    return Stretch(first, end, keys_of(folder, proofs.size), around, leaves, note)


def keys_of(folder: Folder, size: int) -> list[KeyAdopted]:
    """Return the keys that the ledger had when it held so many entries."""
    decoder = Decoder()
    rows = [row for row in rows_of(folder, streams.LEDGER) if row[0] <= size]
    events = [decoder.decode(row[3], row[4]) for row in rows]
    return [event for event in events if isinstance(event, KeyAdopted)]
