"""A stretch of the log as a file of its own, provable under a checkpoint without the rest.

The lines ``attendance-ledger/stretch/v1``, ``first`` and ``last`` (positions), a ``key`` for each
key that the ledger had up to the checkpoint (with the signature of the one before it), a ``hash``
for each node of the tree around the stretch, a ``leaf`` for each entry, an empty line, and a
checkpoint.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.codec import Decoder
from ledger.events.log import KeyAdopted
from ledger.store.folder import Folder
from ledger.tlog.leaf import leaf_bytes
from ledger.tlog.note import Note
from ledger.transparency.proof import Proofs, rows_between, rows_of

_HEAD = "attendance-ledger/stretch/v1"


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
        lines = [_HEAD, f"first {self.first}", f"last {self.last}"]
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
