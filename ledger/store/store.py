"""The door to the log for whoever writes or reads events: a thin adapter over the library.

Nothing outside this module and the recorder knows the event-sourcing library.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from eventsourcing.persistence import (
    IntegrityError,
    JSONTranscoder,
    Mapper,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.sqlite import SQLiteCursor

from ledger.clock import Clock
from ledger.errors import Conflict, Refused
from ledger.events import codec, streams
from ledger.events.base import Event, replace
from ledger.events.log import Committed, KeyAdopted
from ledger.events.registry import NAMES
from ledger.files import open_read_only, refusal, translated
from ledger.store.folder import LAYOUT, Folder, check_layout
from ledger.store.recorder import LedgerDatastore, LedgerRecorder
from ledger.store.schema import Row
from ledger.tlog import signing
from ledger.tlog.note import (
    Checkpoint,
    Note,
    Signature,
    Signer,
    Verifier,
    read_note,
    read_signature,
    sign,
)
from ledger.tlog.tree import Edge, leaf_bytes, leaf_hash

_PAGE = 10_000


class Fact(NamedTuple):
    """An event and the stream it is for, before it has a place in the log."""

    stream: str
    event: Event


class Recorded(NamedTuple):
    """An event with its place in the log."""

    position: int
    stream: str
    version: int
    event: Event


@dataclass(frozen=True, slots=True)
class Versioned:
    """An event as the library names it: whose stream, which version."""

    originator_id: str
    originator_version: int
    event: Event


@dataclass(frozen=True, slots=True)
class Batch:
    """What one command records, all or nothing.

    ``read_at``: the newest position that the decision had seen; ``relied_on``: the streams,
    prefixes (ending in a colon) or ranges (first and last name, the last not included) that it
    read, so that a stream that was not there then counts too; ``versions``: how many events the
    streams have that it writes to, none where it is not named; ``count``: how many facts there
    are.
    """

    header: Committed
    facts: Iterable[Fact]
    count: int
    read_at: int
    relied_on: Sequence[str | tuple[str, str]] = ()
    versions: Mapping[str, int] = field(default_factory=dict)


class _Outside(NamedTuple):
    """What somebody outside signed of a checkpoint, and in which column of which table it goes.

    ``same``: whether what is kept already is the same; ``holds``: whether it is of a note's text.
    """

    table: str
    column: str
    signed: str | bytes
    same: Callable[[Any], bool]
    holds: Callable[[str], bool]


class LedgerMapper(Mapper[str]):
    """Between our events and the library's stored events, by stable names and canonical JSON."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())
        self._decoder = codec.Decoder()
        self._nonces = codec.nonces()

    def to_stored_event(self, domain_event: Versioned) -> StoredEvent:  # type: ignore[override]
        """Encode an event under a fresh nonce."""
        name, state = codec.encode(domain_event.event, next(self._nonces))
        return StoredEvent(
            domain_event.originator_id, domain_event.originator_version, name, state
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Versioned:
        """Decode a stored event."""
        event = self._decoder.decode(stored_event.topic, stored_event.state)
        return Versioned(str(stored_event.originator_id), stored_event.originator_version, event)

    def recorded(self, row: Row) -> Recorded:
        """Decode a row of the log."""
        position, stream, version, name, state = row
        return Recorded(position, stream, version, self._decoder.decode(name, state))

    def recorded_page(self, rows: Sequence[Row]) -> list[Recorded]:
        """Decode rows of the log, neighbours of one kind together."""
        events = chain.from_iterable(
            self._decoder.decode_run(name, [row[4] for row in run])
            for name, run in groupby(rows, key=itemgetter(3))
        )
        return [
            Recorded(row[0], row[1], row[2], event)
            for row, event in zip(rows, events, strict=True)
        ]


class Store:
    """One ledger's log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with translated(path), closing(open_read_only(path)) as db:
            check_layout(db)
        self._recorder = LedgerRecorder(LedgerDatastore(str(path)))
        self._mapper = LedgerMapper()

    @classmethod
    def create(cls, path: Path, ledger_id: str | None = None) -> "Store":
        """Make an empty log with its schema, and the key that signs its checkpoints."""
        if not path.exists():
            signing.create(Folder(path.parent).signing_key, ledger_id or new_ledger_id())
        recorder = LedgerRecorder(LedgerDatastore(str(path)))
        store = recorder.datastore
        with closing(store), _answering(path), store.transaction(commit=True) as c:
            recorder._create_table(c)  # noqa: SLF001 - in our transaction, all or nothing
            c.execute(f"PRAGMA user_version = {LAYOUT}")
        return cls(path)

    def close(self) -> None:
        """Close every connection to the log."""
        self._recorder.datastore.close()

    def head(self) -> int:
        """Return the newest position, 0 in an empty log."""
        with _answering(self._path):
            return self._recorder.max_notification_id() or 0

    def checkpoint(self) -> Note | None:
        """Return the newest checkpoint; none in an empty log."""
        with _answering(self._path):
            written = self._recorder.newest_checkpoint()
        return None if written is None else read_note(written)

    def holds(self, checkpoint: Checkpoint) -> bool:
        """Tell whether the log had this checkpoint when it was of that size."""
        with _answering(self._path):
            written = self._recorder.checkpoint_of(checkpoint.size)
        return written is not None and read_note(written).text == checkpoint.text

    def scan(self, after: int) -> Iterator[list[Recorded]]:
        """Yield the whole log after a position, in order, in large pages."""
        while True:
            with _answering(self._path):
                rows = self._recorder.scan(after, limit=_PAGE)
            if not rows:
                return
            yield self._mapper.recorded_page(rows)
            after = rows[-1][0]

    def read(self, prefixes: Iterable[str], *, upto: int) -> Iterator[Recorded]:
        """Yield the events of every stream with one of the prefixes, stream by stream."""
        for prefix in prefixes:
            yield from self.read_range(prefix, prefix + "\U0010ffff", upto=upto)

    def since(self, after: int, prefixes: tuple[str, ...], *, upto: int) -> Iterator[Recorded]:
        """Yield the events after a position of every stream with one of the prefixes, in order."""
        with _answering(self._path):
            rows = self._recorder.scan(after, limit=upto - after) if after < upto else []
        for row in rows:
            if row[1].startswith(prefixes):
                yield self._mapper.recorded(row)

    def read_range(self, first: str, last: str, *, upto: int) -> Iterator[Recorded]:
        """Yield the events of the streams named from ``first`` to before ``last``."""
        with _answering(self._path):
            rows = self._recorder.streams_between(first, last, upto=upto)
            yield from map(self._mapper.recorded, rows)

    def at(self, position: int) -> Recorded | None:
        """Return the event at a position, none where the log does not reach so far."""
        with _answering(self._path):
            rows = self._recorder.scan(position - 1, limit=1)
        return self._mapper.recorded(rows[0]) if rows and rows[0][0] == position else None

    def stream(self, stream: str) -> list[Event]:
        """Return the events of one stream, oldest first."""
        with _answering(self._path):
            found = self._recorder.select_events(stream)
        return [self._mapper.to_domain_event(stored).event for stored in found]

    def append(
        self, batch: Batch, *, clock: Clock, before_commit: Callable[[], None]
    ) -> Committed:
        """Record a batch in one durable transaction and return its header as recorded.

        ``before_commit`` runs when all facts are in place and before the log commits (keys
        first). Raises `Conflict` when somebody wrote to what the decision relied on.
        """
        signers = signing.signers(Folder(self._path.parent).signing_key)
        with _answering(self._path), self._recorder.datastore.transaction(commit=True) as c:
            self._refuse_if_overtaken(c, batch)
            self._refuse_another_key(c, signers)
            version, header = self._header(c, batch, clock())
            first = self._recorder.head(c) + 1
            facts = self._with_versions(batch)
            stored = map(self._mapper.to_stored_event, self._with_header(version, header, facts))
            edge, hashes = self._edge(c, first), bytearray()
            self._recorder.insert_rows(c, _grow(edge, hashes, _rows(stored, first)))
            self._recorder.put_hashes(c, first, bytes(hashes))
            if self._recorder.head(c) != first + batch.count:
                msg = f"header counts {batch.count} facts, the transaction holds another number"
                raise AssertionError(msg)
            checkpoint = Checkpoint(signers[0].name, edge.size, edge.root())
            self._recorder.put_checkpoint(c, edge, sign(checkpoint, signers).written)
            before_commit()
        return header

    def keep_cosignature(self, size: int, cosignature: Signature, key: Verifier) -> bool:
        """Keep a witness's cosignature of a checkpoint; refuse one that does not verify.

        Return whether it is new: the first by a key is kept, which shows the earliest time.
        """

        def by_it(line: str) -> bool:
            return read_signature(line)[:2] == cosignature[:2]

        def holds(text: str) -> bool:
            return key.time_of(Note(text, (cosignature,))) is not None

        return self._keep(size, _Outside("cosignatures", "line", cosignature.line, by_it, holds))

    def keep_timestamp(self, size: int, token: bytes, holds: Callable[[str], bool]) -> bool:
        """Keep a timestamp of a checkpoint; ``holds``: whether it is one of a note's text."""
        return self._keep(size, _Outside("timestamps", "token", token, token.__eq__, holds))

    def _keep(self, size: int, outside: _Outside) -> bool:
        """Keep what somebody outside signed, in a transaction of its own; no event tells of it."""
        recorder = self._recorder
        with _answering(self._path), recorder.datastore.transaction(commit=True) as c:
            note, kept = recorder.outside(c, outside.table, outside.column, size)
            if note is None:
                what = f"the log has no checkpoint of {size} entries"
                raise Refused("no-checkpoint", what, "run attendance verify")
            if not outside.holds(read_note(note).text):
                what = f"the signature is not of the checkpoint of {size} entries"
                raise Refused("signature-of-another", what, "ask for it again")
            if any(map(outside.same, kept)):
                return False
            recorder.put_outside(c, outside.table, size, outside.signed)
        return True

    def _refuse_another_key(self, c: SQLiteCursor, signers: Sequence[Signer]) -> None:
        """Refuse to sign with keys of which the log knows none: nobody could mend it again."""
        c.execute(
            "SELECT topic, state FROM stored_events WHERE originator_id = ? AND topic = ? "
            "ORDER BY originator_version DESC LIMIT 1",
            [streams.LEDGER, NAMES[KeyAdopted]],
        )
        row = c.fetchone()
        if row is None:
            return
        adopted = self._mapper.to_domain_event(StoredEvent(streams.LEDGER, 0, *row)).event
        assert isinstance(adopted, KeyAdopted)  # noqa: S101 - by its name
        if adopted.key not in [signer.verifier.vkey for signer in signers]:
            raise Refused(
                "signing-key-other",
                "the signing key is not the one that this ledger names",
                "look where ATTENDANCE_SIGNING_KEY points; each ledger has a key of its own",
            )

    def _edge(self, c: SQLiteCursor, first: int) -> Edge:
        """Return the tree's edge before the event at ``first``; refuse one of another log."""
        edge = self._recorder.edge(c)
        if edge.size != first - 1:
            raise Refused(
                "tree-behind",
                f"the tree holds {edge.size} events, the log {first - 1}",
                "run attendance verify: something wrote to the log that is not this software",
            )
        return edge

    @staticmethod
    def _with_header(
        version: int, header: Committed, facts: Iterable[Versioned]
    ) -> Iterator[Versioned]:
        yield Versioned(streams.COMMITS, version, header)
        yield from facts

    @staticmethod
    def _with_versions(batch: Batch) -> Iterator[Versioned]:
        versions = dict(batch.versions)
        for stream, event in batch.facts:
            version = versions.get(stream, 0)
            versions[stream] = version + 1
            yield Versioned(stream, version, event)

    def _header(self, c: SQLiteCursor, batch: Batch, reading: int) -> tuple[int, Committed]:
        """Return the header's version and the header, its time never before the last one's."""
        c.execute(
            "SELECT originator_version, topic, state FROM stored_events "
            "WHERE originator_id = ? ORDER BY originator_version DESC LIMIT 1",
            [streams.COMMITS],
        )
        row = c.fetchone()
        if row is None:
            return 0, replace(batch.header, at=reading, count=batch.count)
        last = self._mapper.to_domain_event(StoredEvent(streams.COMMITS, *row)).event
        assert isinstance(last, Committed)  # noqa: S101 - only headers are on this stream
        at = max(last.at, reading)
        raw = reading if reading < last.at else None
        return row[0] + 1, replace(batch.header, at=at, raw_at=raw, count=batch.count)

    @staticmethod
    def _refuse_if_overtaken(c: SQLiteCursor, batch: Batch) -> None:
        c.execute("SELECT originator_id FROM stored_events WHERE position > ?", [batch.read_at])
        for (stream,) in c.fetchall():
            if any(_covers(on, stream) for on in batch.relied_on):
                raise Conflict


def _covers(on: str | tuple[str, str], stream: str) -> bool:
    if isinstance(on, str):
        return stream == on or (on[-1] == ":" and stream.startswith(on))
    first, last = on
    return first <= stream < last


@contextmanager
def _answering(path: Path) -> Iterator[None]:
    """Turn the library's errors, and the storage's, into conflicts and answers for the user."""
    try:
        with translated(path):
            yield
    except IntegrityError as error:
        raise Conflict from error
    except PersistenceError as error:
        raise refusal(path, error) from error


def _rows(stored: Iterable[StoredEvent], first: int) -> Iterator[Row]:
    for position, e in enumerate(stored, start=first):
        yield position, str(e.originator_id), e.originator_version, e.topic, e.state


def _grow(edge: Edge, hashes: bytearray, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows, each a leaf more in the tree; its hash is added to ``hashes``."""
    for row in rows:
        leaf = leaf_hash(leaf_bytes(*row))
        edge.grow(leaf)
        hashes += leaf
        yield row


def new_ledger_id() -> str:
    """Return a fresh random identity for a ledger: 128 bits, hexadecimal."""
    return secrets.token_hex(16)
