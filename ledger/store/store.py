"""The door to the log for whoever writes or reads events: a thin adapter over the library.

Nothing but the recorder knows the event-sourcing library; it is loaded when a log is opened.
"""

import secrets
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from msgspec import Struct

from ledger.clock import Clock
from ledger.errors import Conflict, Refused
from ledger.events import codec, streams
from ledger.events.base import Event, replace
from ledger.events.log import Committed, KeyAdopted
from ledger.events.registry import FIRST, NAMES
from ledger.files import open_read_only, translated
from ledger.store.facts import Fact, Recorded, Relied
from ledger.store.folder import LAYOUT, Folder, check_log
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
from ledger.tlog.tree import Edge

if TYPE_CHECKING:
    from ledger.store.recorder import Cursor, LedgerRecorder

Found = TypeVar("Found", bound=Event)

_PAGE = 10_000
_ROWS_AT_ONCE = 1024
_NEVER = 2**63 - 1
"""A position that no log reaches."""


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of the log, in order: as they are stored, and the event of each."""

    rows: Sequence[Row]
    events: Sequence[Event]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Recorded]:
        for row, event in zip(self.rows, self.events, strict=True):
            yield Recorded(*row[:3], event)

    @property
    def last(self) -> int:
        """The last position."""
        return self.rows[-1][0]

    def upto(self, position: int) -> "Page":
        """Return the entries up to a position."""
        end = bisect_right(self.rows, position, key=itemgetter(0))
        return self if end == len(self) else Page(self.rows[:end], self.events[:end])

    def runs(self) -> Iterator["Page"]:
        """Yield neighbours whose events are of one class."""
        end = 0
        for _, run in groupby(self.events, type):
            events = list(run)
            begin, end = end, end + len(events)
            yield Page(self.rows[begin:end], events)


class Appended(NamedTuple):
    """What was recorded: its header with its place in the log, and the log's new checkpoint."""

    header: Recorded
    checkpoint: Note


class Batch(Struct, frozen=True):
    """What one command records, all or nothing.

    ``read_at``: the newest position that the decision had seen; ``relied_on``: what it rests on,
    asked for only where others recorded since; ``count``: how many facts there are.
    """

    header: Committed
    facts: Iterable[Fact]
    count: int
    read_at: int
    relied_on: Iterable[Relied] = ()


class _Outside(NamedTuple):
    """What somebody outside signed of a checkpoint, and in which column of which table it goes.

    ``same``: whether what is kept already is the same; ``holds``: whether it is of a note's text.
    """

    table: str
    column: str
    signed: str | bytes
    same: Callable[[Any], bool]
    holds: Callable[[str], bool]


class Store:
    """One ledger's log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with translated(path), closing(open_read_only(path)) as db:
            check_log(db)
        self._recorder = _recorder(path)
        self._decoder = codec.Decoder()
        self._nonces = codec.nonces()
        self._cursor: Cursor | None = None
        self._keys: tuple[object, Sequence[Signer]] | None = None

    @classmethod
    def create(cls, path: Path, ledger_id: str | None = None) -> "Store":
        """Make an empty log with its schema, and the key that signs its checkpoints."""
        if not path.exists():
            signing.create(Folder(path.parent).signing_key, ledger_id or new_ledger_id())
        recorder = _recorder(path)
        with closing(recorder.datastore), recorder.transaction(path, commit=True) as c:
            recorder._create_table(c)  # noqa: SLF001 - in our transaction, all or nothing
            c.execute(f"PRAGMA user_version = {LAYOUT}")
        return cls(path)

    def close(self) -> None:
        """Close every connection to the log."""
        self._recorder.datastore.close()

    # -- transactions -----------------------------------------------------------------------

    def reading(self) -> AbstractContextManager["Cursor"]:
        """Hold the log as it is at one moment, whatever others record meanwhile."""
        return self._transaction(commit=False)

    def writing(self) -> AbstractContextManager["Cursor"]:
        """Hold the only writer's place: what is read in it stands until it is recorded.

        Waits for other writers in short steps, between which Ctrl-C is heard.
        """
        return self._transaction(commit=True)

    @contextmanager
    def _transaction(self, *, commit: bool) -> Iterator["Cursor"]:
        if self._cursor is not None:
            yield self._cursor
            return
        with self._recorder.transaction(self._path, commit=commit) as c:
            self._cursor = c
            try:
                yield c
            finally:
                self._cursor = None

    # -- reading ----------------------------------------------------------------------------

    def head(self) -> int:
        """Return the newest position, 0 in an empty log."""
        with self.reading() as c:
            return self._recorder.head(c)

    def checkpoint(self) -> Note | None:
        """Return the newest checkpoint; none in an empty log."""
        with self.reading() as c:
            written = self._recorder.newest_checkpoint(c)
        return None if written is None else read_note(written)

    def checkpoint_of(self, size: int) -> str | None:
        """Return the text of the checkpoint of a size, none where no transaction ended there."""
        with self.reading() as c:
            written = self._recorder.checkpoint_of(c, size)
        return None if written is None else read_note(written).text

    def holds(self, checkpoint: Checkpoint) -> bool:
        """Tell whether the log had this checkpoint when it was of that size."""
        return self.checkpoint_of(checkpoint.size) == checkpoint.text

    def scan(self, after: int) -> Iterator[Page]:
        """Yield the whole log after a position, in order, in large pages."""
        while True:
            with self.reading() as c:
                rows = self._recorder.scan(c, after, limit=_PAGE)
            if not rows:
                return
            yield self._page(rows)
            after = rows[-1][0]

    def scan_of(self, pupils: Iterable[str], *, upto: int) -> Page:
        """Return the log up to a position, in order, with the marks of some pupils only."""
        beyond = streams.MARK[:-1] + chr(ord(streams.MARK[-1]) + 1)
        ranges = [("", streams.MARK), (beyond, "\U0010ffff")]
        for pupil in pupils:
            first = streams.mark(pupil, "")
            ranges.append((first, first + "\U0010ffff"))
        rows: list[Row] = []
        with self.reading() as c:
            for each in ranges:
                rows += self._recorder.streams_between(c, *each, upto=upto)
        rows.sort(key=itemgetter(0))
        return self._page(rows)

    def read(self, prefixes: Iterable[str], *, upto: int) -> list[Recorded]:
        """Return the events of every stream with one of the prefixes, in the order of the log."""
        rows: list[Row] = []
        with self.reading() as c:
            for prefix in prefixes:
                last = prefix + "\U0010ffff"
                rows += self._recorder.streams_between(c, prefix, last, upto=upto)
        rows.sort(key=itemgetter(0))
        return self._recorded(rows)

    def since(self, after: int, prefixes: tuple[str, ...], *, upto: int) -> list[Recorded]:
        """Return the events after a position of the streams with one of the prefixes, in order."""
        if after >= upto:
            return []
        with self.reading() as c:
            rows = self._recorder.scan(c, after, limit=upto - after)
        return self._recorded([row for row in rows if row[1].startswith(prefixes)])

    def read_range(self, first: str, last: str, *, upto: int) -> list[Recorded]:
        """Return the events of the streams named from ``first`` to before ``last``, by stream."""
        with self.reading() as c:
            rows = self._recorder.streams_between(c, first, last, upto=upto)
        return self._recorded(rows)

    def read_streams(self, names: Sequence[str], *, upto: int) -> list[Recorded]:
        """Return the events of some streams, by stream."""
        with self.reading() as c:
            rows = self._recorder.streams_named(c, names, upto=upto)
        return self._recorded(rows)

    def at(self, position: int) -> Recorded | None:
        """Return the event at a position, none where the log does not reach so far."""
        with self.reading() as c:
            rows = self._recorder.scan(c, position - 1, limit=1)
        found = self._recorded(rows)
        return found[0] if found and found[0].position == position else None

    def last_header(self) -> Committed | None:
        """Return the header of the newest transaction; none in an empty log."""
        with self.reading() as c:
            state = self._recorder.newest(c, streams.COMMITS, NAMES[Committed])
        return None if state is None else self._event(Committed, state)

    def header_of(self, position: int) -> Recorded | None:
        """Return the newest header up to a position: of the transaction that holds it."""
        with self.reading() as c:
            found = self._recorder.newest_of(c, streams.COMMITS, upto=position)
        return next(iter(self._recorded(found)), None)

    def newest_reading(self, without: Sequence[tuple[int, int]]) -> int | None:
        """Return the newest reading of a clock, but of entries from some positions to others."""
        with self.reading() as c:
            return self._recorder.newest_reading(c, streams.COMMITS, without)

    def stream(self, stream: str) -> list[Event]:
        """Return the events of one stream, oldest first."""
        return [r.event for r in self.read_range(stream, stream + "\0", upto=_NEVER)]

    def _recorded(self, rows: Sequence[Row]) -> list[Recorded]:
        return list(self._page(rows))

    def _page(self, rows: Sequence[Row]) -> Page:
        """Decode rows of the log, those of one kind together."""
        states: dict[str, list[bytes]] = {}
        for row in rows:
            states.setdefault(row[3], []).append(row[4])
        events = {name: iter(self._decoder.decode_run(name, s)) for name, s in states.items()}
        return Page(rows, [next(events[row[3]]) for row in rows])

    def _event(self, kind: type[Found], state: bytes) -> Found:
        return cast(Found, self._decoder.decode(NAMES[kind], state))

    # -- writing ----------------------------------------------------------------------------

    def append(self, batch: Batch, *, clock: Clock, before_commit: Callable[[], None]) -> Appended:
        """Record a batch in one durable transaction, and return what was recorded.

        ``before_commit`` runs when all facts are in place and before the log commits (keys
        first). Raises `Conflict` when somebody wrote to what the decision relied on. Inside
        `writing` it is durable when that ends.
        """
        signers = self._signers()
        with self.writing() as c:
            self._refuse_if_overtaken(c, batch)
            self._refuse_another_key(c, signers)
            version = self._recorder.versions(c, [streams.COMMITS]).get(streams.COMMITS, 0)
            header = self._header(batch, clock())
            head = self._recorder.head(c)
            edge = self._edge(c, head)
            facts = chain((Fact(streams.COMMITS, header),), batch.facts)
            for rows in self._rows(c, facts, head + 1):
                self._recorder.insert_rows(c, rows)
                self._recorder.put_hashes(c, rows[0][0], edge.extend(rows))
            if edge.size != head + 1 + batch.count:
                msg = f"header counts {batch.count} facts, the transaction holds another number"
                raise AssertionError(msg)
            note = sign(Checkpoint(signers[0].name, edge.size, edge.root()), signers)
            self._recorder.put_checkpoint(c, edge, note.written)
            before_commit()
        return Appended(Recorded(head + 1, streams.COMMITS, version, header), note)

    def refuse_another_key(self) -> None:
        """Refuse where the keys that are there are none of this log's: nothing can be recorded."""
        with self.reading() as c:
            self._refuse_another_key(c, self._signers())

    def _signers(self) -> Sequence[Signer]:
        """Return the keys that sign, read anew where their files are others by now."""
        path = Folder(self._path.parent).signing_key
        files = tuple(map(signing.state, (path, signing.successor(path))))
        if self._keys is None or self._keys[0] != (path, files):
            self._keys = (path, files), signing.signers(path)
        return self._keys[1]

    def _rows(self, c: "Cursor", facts: Iterable[Fact], position: int) -> Iterator[list[Row]]:
        """Yield the rows of facts from a position on, some thousands at once.

        The versions are those of this transaction: what was inserted before is counted.
        """
        remaining = iter(facts)
        while chunk := list(islice(remaining, _ROWS_AT_ONCE)):
            versions = self._recorder.versions(c, {stream for stream, _ in chunk})
            states = codec.encode_many([event for _, event in chunk], self._nonces)
            written, rows = zip(chunk, states, strict=True), list[Row]()
            for place, ((stream, event), state) in enumerate(written, start=position):
                version, kind = versions.get(stream, 0), type(event)
                versions[stream] = version + 1
                if version and kind in FIRST:
                    raise Conflict
                rows.append((place, stream, version, NAMES[kind], state))
            position += len(rows)
            yield rows

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
        with self.writing() as c:
            note = recorder.checkpoint_of(c, size)
            if note is None:
                what = f"the log has no checkpoint of {size} entries"
                raise Refused("no-checkpoint", what, "run attendance verify")
            if not outside.holds(read_note(note).text):
                what = f"the signature is not of the checkpoint of {size} entries"
                raise Refused("signature-of-another", what, "ask for it again")
            kept = recorder.outside(c, outside.table, outside.column, size)
            if any(map(outside.same, kept)):
                return False
            recorder.put_outside(c, outside.table, size, outside.signed)
        return True

    def _refuse_another_key(self, c: "Cursor", signers: Sequence[Signer]) -> None:
        """Refuse to sign with keys of which the log knows none: nobody could mend it again."""
        state = self._recorder.newest(c, streams.LEDGER, NAMES[KeyAdopted])
        if state is None:
            return
        adopted = self._event(KeyAdopted, state)
        if adopted.key not in [signer.verifier.vkey for signer in signers]:
            raise Refused(
                "signing-key-other",
                "the signing key is not the one that this ledger names",
                "look where ATTENDANCE_SIGNING_KEY points; each ledger has a key of its own",
            )

    def _edge(self, c: "Cursor", head: int) -> Edge:
        """Return the tree's edge; refuse one of another log."""
        edge = self._recorder.edge(c)
        if edge.size != head:
            raise Refused(
                "tree-behind",
                f"the tree holds {edge.size} events, the log {head}",
                "run attendance verify: something wrote to the log that is not this software",
            )
        return edge

    def _header(self, batch: Batch, reading: int) -> Committed:
        """Return the header as it is recorded, its time never before the last one's."""
        header = self.last_header()
        last = reading if header is None else header.at
        raw = reading if reading < last else None
        return replace(batch.header, at=max(last, reading), raw_at=raw, count=batch.count)

    def _refuse_if_overtaken(self, c: "Cursor", batch: Batch) -> None:
        """Refuse where an event after ``read_at`` is in what the decision relied on."""
        newer = self._recorder.streams_since(c, batch.read_at)
        if not newer:
            return
        relied_on = list(batch.relied_on)
        firsts, lasts = _disjoint(each for each in relied_on if each.concerns is None)
        some = [each for each in relied_on if each.concerns is not None]
        for position, stream in newer:
            place = bisect_right(firsts, stream) - 1
            if place >= 0 and stream < lasts[place]:
                raise Conflict
            for first, last, concerns in some:
                if first <= stream < last and self._is_concerned(position, concerns):
                    raise Conflict

    def _is_concerned(self, position: int, concerns: Callable[[Event], bool] | None) -> bool:
        found = self.at(position)
        return found is not None and concerns is not None and concerns(found.event)


def _disjoint(ranges: Iterable[Relied]) -> tuple[list[str], list[str]]:
    """Return where ranges begin and end, in order, those that touch made one."""
    firsts: list[str] = []
    lasts: list[str] = []
    for first, last, _ in sorted(ranges, key=itemgetter(0)):
        if lasts and first <= lasts[-1]:
            lasts[-1] = max(lasts[-1], last)
        else:
            firsts.append(first)
            lasts.append(last)
    return firsts, lasts


def _recorder(path: Path) -> "LedgerRecorder":
    from ledger.store.recorder import LedgerDatastore, LedgerRecorder  # noqa: PLC0415 - start-up

    return LedgerRecorder(LedgerDatastore(str(path)))


def new_ledger_id() -> str:
    """Return a fresh random identity for a ledger: 128 bits, hexadecimal."""
    return secrets.token_hex(16)
