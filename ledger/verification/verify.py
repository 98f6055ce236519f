"""Recomputing everything that a ledger claims, from the stored bytes alone. It never repairs.

Nothing of what is checked is used to check it: the log is read as it lies in the file, without
the event-sourcing library, and nothing is written.
"""

import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from hashlib import sha256, sha384, sha512
from itertools import islice, zip_longest
from typing import NamedTuple

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.codec import Decoder
from ledger.events.log import Committed, KeyAdopted, LedgerCreated
from ledger.events.school import SchoolOpened
from ledger.files import bound, open_read_only
from ledger.store.folder import Folder, check_layout, schema_faults
from ledger.tlog import signing
from ledger.tlog.note import (
    Checkpoint,
    Note,
    Verifier,
    handover,
    read_checkpoint,
    read_note,
    read_verifier,
)
from ledger.tlog.tree import EMPTY_ROOT, HASH_BYTES, TILE, Edge
from ledger.verification import keys, surroundings
from ledger.verification.keys import Fault, Loss, OpenedKeys
from ledger.verification.parts import MALFORMED, Part, looked_at

DIGESTS = (sha256, sha384, sha512)
"""By which a timestamp may be of a text."""
_ENOUGH, _MOST = 100, 10_000
_MOST_SIGNERS = 2
"""A key, and the one that is to replace it."""
_OUT_OF_TURN = """
SELECT DISTINCT originator_id FROM stored_events AS this
WHERE originator_version <> 0 AND NOT EXISTS (
  SELECT 1 FROM stored_events AS before WHERE before.originator_id = this.originator_id
  AND before.originator_version = this.originator_version - 1 AND before.position < this.position)
"""
"""Asks for the streams in which a version does not follow the one before; few or none."""
_VERSIONS = (
    "SELECT position, originator_version FROM stored_events WHERE originator_id = ? "
    "ORDER BY position"
)
Progress = Callable[[int, int], None]


class KeptCheckpoint(NamedTuple):
    """A checkpoint kept outside the ledger, by whom, in words, and with which signatures."""

    by: str
    checkpoint: Checkpoint
    note: Note | None = None


@dataclass(slots=True)
class Verification:
    """What was found: how many entries, the root over them, the newest checkpoint, the faults.

    ``keys``: the public keys that the log names, each with the position from which it signs;
    ``urn``: of the school; ``is_ours``: whether its tables are those that this software makes,
    without which nothing else of it is looked at; ``opened``: the keys of personal data, where
    they could be looked at; ``beside``: what is wrong with the keys beside the log; ``losses``:
    what is missing there, which is nobody's fault.
    """

    entries: int = 0
    root: bytes = b""
    origin: str = ""
    checkpoint: Note | None = None
    keys: list[tuple[int, Verifier]] = field(default_factory=list)
    urn: str | None = None
    is_ours: bool = False
    faults: list[Fault] = field(default_factory=list)
    opened: OpenedKeys | None = None
    beside: list[Fault] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    @property
    def root_text(self) -> str:
        """The root in base64, as a checkpoint has it."""
        return b64encode(self.root).decode()

    def add(self, position: int | None, what: str) -> None:
        """Note a fault; of some thousands, the first are kept."""
        self.faults.append(Fault(position, what))
        if len(self.faults) > _MOST:
            self.settle()

    def settle(self) -> None:
        """Put the faults in order of position, then those that have none; a hundred of each."""
        placed = [fault for fault in self.faults if fault.position is not None]
        others = [fault for fault in self.faults if fault.position is None]
        placed.sort(key=lambda fault: fault.position or 0)
        self.faults = placed[:_ENOUGH] + others[:_ENOUGH]


def verify(
    folder: Folder,
    *,
    every_signature: bool = False,
    kept: Sequence[KeptCheckpoint] = (),
    progress: Progress = lambda _done, _all: None,
) -> Verification:
    """Recompute the log of a ledger; what is wrong is in the answer, never raised.

    ``kept``: checkpoints from outside, which the log must continue.
    """
    found = Verification()
    try:
        with closing(open_read_only(folder.log)) as db:
            bound(db, folder.log)
            db.execute("BEGIN")
            check_layout(db)
            found.is_ours = not _found_strange(db, found)
            if found.is_ours:
                with looked_at(db, folder.log) as parts:
                    for what in surroundings.faults_of_file(db, folder):
                        found.add(None, what)
                    log = _Pass(db, found, every_signature=every_signature, kept=kept)
                    log.check(parts, progress)
    except Refused as refused:
        found.add(None, refused.what)
    except MALFORMED as error:
        found.add(None, f"the database is malformed: {error}")
    if found.is_ours:
        _look_beside(folder, found)
    found.settle()
    return found


def _look_beside(folder: Folder, found: Verification) -> None:
    adopted = [key for _, key in found.keys]
    found.opened = keys.look_at_keys(folder, log_is_sound=not found.faults)
    of_keys = found.opened.faults if found.opened else []
    found.beside = [*keys.faults_of_signing(folder, adopted), *of_keys][:_ENOUGH]
    with suppress(Refused, *MALFORMED):
        strays = found.opened.strays if found.opened else ()
        found.losses = [*keys.losses(folder, adopted), *strays]


def _found_strange(db: sqlite3.Connection, found: Verification) -> bool:
    """Tell whether tables, triggers or indexes are not ours; then nothing more is read of them."""
    strange = list(schema_faults(db))
    for what in strange:
        found.add(None, what)
    if strange:
        found.add(None, "nothing else was looked at: what is not ours might run")
    return bool(strange)


class _Pass:
    """One pass over the log in order of position, comparing as it goes."""

    def __init__(
        self,
        db: sqlite3.Connection,
        found: Verification,
        *,
        every_signature: bool,
        kept: Sequence[KeptCheckpoint],
    ) -> None:
        self._db, self._found = db, found
        self._every_signature = every_signature
        self._kept = sorted(kept, key=lambda each: -each.checkpoint.size)
        self._bare: list[int] = []
        self._met: list[tuple[KeptCheckpoint, bytes | None]] = []
        self._edge = Edge()
        self._expected = 1
        self._misnumbered: dict[int, str] = {}
        self._decoder = Decoder()
        self._headers = _Headers(found)
        self._notes: Iterator[tuple[int, str]] = iter(
            db.execute("SELECT size, note FROM checkpoints ORDER BY size")
        )
        self._next = next(self._notes, None)
        self._origin = ""
        self._sizes = {size for (size,) in db.execute("SELECT size FROM checkpoints")}
        self._cosigned = {size for (size,) in db.execute("SELECT DISTINCT size FROM cosignatures")}

    def check(self, parts: Iterator[Part], progress: Progress) -> None:
        """Check every entry, the tree over them, and every checkpoint."""
        (count,) = self._db.execute("SELECT max(position) FROM stored_events").fetchone()
        error: object = None
        try:
            self._misnumbered.update(_misnumbered(self._db))
        except MALFORMED as malformed:
            self._found.add(None, f"the database is malformed: {malformed}")
        try:
            for part in parts:
                self._part(part)
                progress(self._edge.size, count or 0)
                error = part.error
                if error is not None:
                    break
        except MALFORMED as malformed:
            error = malformed
        if error is not None:
            self._found.add(self._edge.size + 1, f"it cannot be read: {error}")
        self._end()

    def _part(self, part: Part) -> None:
        for place, position in enumerate(part.positions):
            leaf = part.leaves[place * HASH_BYTES : (place + 1) * HASH_BYTES]
            self._place(position, part.unlike)
            if leaf:
                self._edge.grow(leaf)
                if position in part.told:
                    self._told(*part.told[position])
                self._headers.count(position)
                self._compare(position)
        for fault in part.faults:
            self._found.add(*fault)

    def _place(self, position: int, unlike: Mapping[int, str]) -> None:
        if position != self._expected:
            what = f"entry {self._expected} is missing: {position} follows"
            self._found.add(self._expected, what)
        self._expected = position + 1
        for wrong in (self._misnumbered, unlike):
            if position in wrong:
                self._found.add(position, wrong[position])

    def _told(self, position: int, stream: str, _: int, name: str, state: bytes) -> None:
        if stream == streams.COMMITS:
            self._headers.begin(position, name, state)
        else:
            self._identify(position, name, state)

    def _compare(self, position: int) -> None:
        """Compare the log, as far as it has come, with its checkpoints and those kept outside."""
        while self._next is not None and self._next[0] <= self._edge.size:
            self._checkpoint(*self._next)
            self._next = next(self._notes, None)
        if self._headers.ends_at(position) and position not in self._sizes:
            self._bare.append(position)
        while self._kept and self._kept[-1].checkpoint.size <= self._edge.size:
            each = self._kept.pop()
            root = self._edge.root() if each.checkpoint.size else EMPTY_ROOT
            self._met.append((each, root))

    def _identify(self, position: int, name: str, state: bytes) -> None:
        """Take an event that says whose register this is, or which key signs."""
        found = self._found
        with suppress(Refused):
            match self._decoder.decode(name, state):
                case SchoolOpened(urn=urn):
                    found.urn = urn
                case LedgerCreated(ledger_id=born):
                    self._origin = self._origin or signing.ORIGIN + born
                case KeyAdopted() as event:
                    if found.keys and not self._is_handed_over(event):
                        found.add(position, "the key before it did not sign this one")
                    found.keys.append((position, read_verifier(event.key)))
                case _:
                    pass

    def _is_handed_over(self, event: KeyAdopted) -> bool:
        before = self._found.keys[-1][1]
        return before.verifies(handover(before.vkey, event.key), event.signature or "")

    def _checkpoint(self, size: int, written: str) -> None:
        found = self._found
        try:
            note = read_note(written)
            checkpoint = read_checkpoint(note.text)
        except Refused:
            found.add(size, f"the checkpoint at entry {size} cannot be read")
            return
        found.checkpoint, found.origin = note, checkpoint.origin
        self._origin = self._origin or checkpoint.origin
        root = self._edge.root()
        if checkpoint.size != size or size != self._edge.size:
            found.add(size, f"the checkpoint kept for {size} entries is of {checkpoint.size}")
        elif checkpoint.root != root:
            what = f"the root over {size} entries is {root.hex()}"
            found.add(size, f"{what}, its checkpoint says {checkpoint.root.hex()}")
        if checkpoint.origin != self._origin:
            found.add(size, f"the checkpoint at entry {size} is of another log")
        strangers = any(each.name != checkpoint.origin for each in note.signatures)
        signers = {each.key_id for each in note.signatures}
        repeated = len(signers) < len(note.signatures) or len(signers) > _MOST_SIGNERS
        if strangers or repeated or (checkpoint.text, note.written) != (note.text, written):
            what = f"the checkpoint at entry {size} is not written as this software writes it"
            found.add(size, what)
        if not self._headers.ends_at(size):
            found.add(size, f"the checkpoint at entry {size} is not at a transaction's end")
        if self._every_signature or size in self._cosigned:
            self._signature(size, note)

    def _continues(self, kept: KeptCheckpoint, root: bytes | None) -> None:
        """Compare with a checkpoint from outside; ``root``: of the log there, none if shorter."""
        by, checkpoint, note = kept
        mine = note is None or any(note.signed_by(key) for _, key in self._found.keys)
        rest = "" if mine else "; no key of this log signed that checkpoint"
        if checkpoint.origin != self._origin:
            what = f"the checkpoint kept by {by} is of another log: {checkpoint.origin}"
            self._found.add(None, what + rest)
        elif root is None:
            size = self._edge.size
            what = f"{by} saw {checkpoint.size} entries, the log holds {size}"
            self._found.add(size + 1, f"{what}: it was rolled back or cut short{rest}")
        elif checkpoint.root != root:
            what = f"entries 1 to {checkpoint.size} are not those that {by} saw"
            self._found.add(checkpoint.size, f"{what}: the history was rewritten{rest}")

    def _signature(self, size: int, note: Note) -> None:
        keys = [key for since, key in self._found.keys if since <= size]
        origin = note.text.partition("\n")[0]
        must = [key for key in keys if key is keys[-1] or note.names(key)]
        if not must or keys[-1].name != origin or not all(map(note.signed_by, must)):
            self._found.add(size, f"the checkpoint at entry {size} is not signed by the ledger")

    def _end(self) -> None:
        found, edge = self._found, self._edge
        found.entries, found.root = edge.size, edge.root()
        if not edge.size:
            found.add(None, "the log holds no entry: it was emptied, or never begun")
        self._headers.end(edge.size)
        for each in [*self._met, *((kept, None) for kept in self._kept)]:
            self._continues(*each)
        if self._next is not None:
            what = f"a checkpoint is of {self._next[0]} entries, the log holds {edge.size}"
            found.add(edge.size + 1, f"{what}: entries at its end are missing")
        newest = self._db.execute(
            "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
        ).fetchone()
        last = newest[0] if newest else 0
        for end in self._bare:
            if end < last:
                found.add(end, f"the transaction that ends at {end} has no checkpoint")
        if last < edge.size:
            found.add(
                last + 1, f"entries {last + 1} to {edge.size} are beyond the newest checkpoint"
            )
        if found.checkpoint is not None and newest is not None:
            self._signature(newest[0], found.checkpoint)
        self._check_edge()
        self._check_stamps()

    def _check_stamps(self) -> None:
        """Check that what is stamped is a checkpoint; by whom is told with their root only."""
        sql = (
            "SELECT t.size, t.token, p.note FROM timestamps t "
            "LEFT JOIN checkpoints p ON p.size = t.size ORDER BY t.size"
        )
        for size, token, note in self._db.execute(sql):
            if note is None or not _is_stamp(token, note.rpartition("\n\n")[0] + "\n"):
                self._found.add(size, "a timestamp is of no checkpoint that is kept here")

    def _check_edge(self) -> None:
        rows = self._db.execute("SELECT size, hashes FROM tree_edge").fetchall()
        if rows != [(self._edge.size, self._edge.written)]:
            self._found.add(None, "the edge of the tree, as kept, is not that of the log")
        whole, rest = divmod(self._edge.size, TILE)
        expected = [TILE * HASH_BYTES] * whole
        if rest:
            expected.append(rest * HASH_BYTES)
        kept = self._db.execute("SELECT n, length(hashes) FROM hash_tiles ORDER BY n").fetchall()
        for place in _first_different(kept, list(enumerate(expected))):
            what = f"leaf hashes kept of entry {place * TILE + 1} and on"
            self._found.add(None, f"the {what} are more, or fewer, than the entries")


def _is_stamp(token: bytes, text: str) -> bool:
    """Tell whether a token may be of a text: a digest of it stands in it."""
    return any(hashed(text.encode()).digest() in token for hashed in DIGESTS)


def _first_different(found: Sequence[object], expected: Sequence[object]) -> Iterator[int]:
    pairs = enumerate(zip_longest(found, expected))
    yield from islice((place for place, (one, other) in pairs if one != other), 1)


def _misnumbered(db: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """Yield the entries whose version is not that which their stream has come to."""
    for (stream,) in db.execute(_OUT_OF_TURN).fetchall():
        expected = 0
        for position, version in db.execute(_VERSIONS, [stream]):
            if version != expected:
                what = f"version {expected + 1} of {stream} was expected, {version + 1} found"
                yield position, what
            expected = version + 1


def origin_of(folder: Folder) -> str | None:
    """Return the origin that a ledger's newest checkpoint names; none where it cannot be read."""
    sql = "SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1"
    with suppress(Refused, *MALFORMED), folder.reading() as db:
        return read_checkpoint(read_note(db.execute(sql).fetchone()[0]).text).origin
    return None


class _Headers:
    """The transactions: each a header and as many facts as it counts, times never falling."""

    def __init__(self, found: Verification) -> None:
        self._found = found
        self._decoder = Decoder()
        self._last = 0
        self._until = 0

    def begin(self, position: int, name: str, state: bytes) -> None:
        """Take a header."""
        if position <= self._until:
            what = f"a transaction begins inside another, which ends at {self._until}"
            self._found.add(position, what)
        try:
            header = self._decoder.decode(name, state)
        except Refused:
            return
        if not isinstance(header, Committed):
            self._found.add(position, f"{name} stands where a transaction's header should")
            return
        if header.at < self._last:
            self._found.add(position, "its time is before that of the transaction before it")
        self._last = max(self._last, header.at)
        self._until = position + header.count

    def count(self, position: int) -> None:
        """Take any entry: it belongs to the transaction that has begun."""
        if position > self._until:
            self._found.add(position, "it belongs to no transaction")
            self._until = position

    def ends_at(self, position: int) -> bool:
        """Tell whether the transaction that has begun ends with an entry."""
        return position == self._until

    def end(self, size: int) -> None:
        """Take the end of the log."""
        if self._until > size:
            what = f"its transaction should end at {self._until}: entries at its end are missing"
            self._found.add(size + 1, what)
