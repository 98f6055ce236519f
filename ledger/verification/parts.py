"""What can be checked of entries wherever they stand in the log: a part of it at a time.

Long logs are looked at by several processes, one for each core; what depends on the entries before
is left to the pass over the parts (`verify`), in the order of the log.
"""

import os
import signal
import sqlite3
import struct
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby, islice
from multiprocessing import get_context, parent_process
from operator import itemgetter
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from ledger.errors import Refused
from ledger.events import registry, streams
from ledger.events.codec import first_not_canonical
from ledger.files import bound, open_read_only
from ledger.sealing.boxes import parse_box, texts_in
from ledger.store.folder import check_log
from ledger.store.schema import ROWS, Row
from ledger.tlog.tree import HASH_BYTES, TILE, leaf_bytes, leaf_hash
from ledger.verification.keys import Fault

MALFORMED = (
    sqlite3.Error, OverflowError, ValueError, TypeError, AttributeError, struct.error,
)  # fmt: skip
"""What reading something raises that is of another kind than the schema says."""
TELLING = (streams.COMMITS, streams.LEDGER, streams.CALENDAR)
"""The streams whose entries the pass has to read itself."""
_ENTRIES = 8192
_ALONE = 12
"""Up to how many parts are looked at without other processes: to start those takes as long."""
_MOST_PROCESSES = 4
_BETWEEN = f"{ROWS} WHERE position BETWEEN ? AND ? ORDER BY position"
_SEALED = b'"~'
_NO_MORE = 2**63 - 1
"""The last position that there can be."""


class Part(NamedTuple):
    """What was found of some entries that follow each other.

    ``positions``, and ``leaves``: their hashes one after the other; ``told``: rows of `TELLING`
    streams, by position; ``unlike``: what is not as its leaf hash says, by position; ``faults``:
    all others; ``error``: why the entry after these could not be read, which may have a position.
    """

    positions: Sequence[int]
    leaves: bytes
    told: Mapping[int, Row]
    unlike: Mapping[int, str]
    faults: Sequence[Fault]
    error: str | None


@contextmanager
def looked_at(db: sqlite3.Connection, path: Path) -> Iterator[Iterator[Part]]:
    """Give what is found of all entries, in order, up to the first that cannot be read.

    Other processes begin at once, where the log is long enough for that and the machine has more
    cores than one.
    """
    with ExitStack() as ends:
        yield _in_order(db, _begun(db, path, ends))


def _begun(db: sqlite3.Connection, path: Path, ends: ExitStack) -> deque[Future[Part]]:
    """Return the parts that other processes look at; none where the system has no room for any."""
    number = min(os.cpu_count() or 1, _MOST_PROCESSES)
    with suppress(OSError, ImportError, NotImplementedError, *MALFORMED):
        spans = list(_spans(db))
        if number > 1 and len(spans) > _ALONE:
            pool = ProcessPoolExecutor(number, get_context("spawn"), _end_with_parent)
            ends.callback(pool.shutdown, cancel_futures=True)
            return deque(pool.submit(look_into, path, span) for span in spans)
    return deque()


def _end_with_parent() -> None:
    """Let a process end once the one that began it has, however that was ended.

    Ctrl-C reaches every process; that one hears it and ends the others.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _in_order(db: sqlite3.Connection, waiting: deque[Future[Part]]) -> Iterator[Part]:
    done = 0
    # Where a process was ended, or could not be begun, this one does the rest.
    with suppress(BrokenExecutor, OSError):
        while waiting:
            yield waiting.popleft().result()
            done += 1
    for span in islice(_spans(db), done, None):
        yield look_at(db, *span)


def _spans(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """Yield the first and the last position of each part; none is empty."""
    sql, last = "SELECT min(position) FROM stored_events WHERE position > ?", -_NO_MORE
    while last < _NO_MORE:
        first = db.execute(sql, [last]).fetchone()[0]
        if first is None:
            return
        last = min(first + _ENTRIES - 1, _NO_MORE)
        yield first, last


def look_into(path: Path, span: tuple[int, int]) -> Part:
    """Look at entries of a log that another process is verifying."""
    try:
        with closing(open_read_only(path)) as db:
            bound(db, path)
            check_log(db)
            return look_at(db, *span)
    except (Refused, *MALFORMED) as error:
        return _Found(error=str(error)).part


def look_at(db: sqlite3.Connection, first: int, last: int) -> Part:
    """Look at the entries from one position to another."""
    rows: list[Row] = []
    found = _Found()
    try:
        found.tiles = _hashes(db, first, last)
        rows.extend(db.execute(_BETWEEN, (first, last)))
    except MALFORMED as error:
        found.error = str(error)
    try:
        for row in rows:
            found.take(row)
        for name, run in groupby(rows, key=itemgetter(3)):
            found.check_form(name, list(run))
    except MALFORMED as error:
        found.error = str(error)
    return found.part


def _hashes(db: sqlite3.Connection, first: int, last: int) -> dict[int, bytes]:
    """Return the leaf hashes kept beside the log for some positions, by tile."""
    sql = "SELECT n, hashes FROM hash_tiles WHERE n BETWEEN ? AND ?"
    return dict(db.execute(sql, [(first - 1) // TILE, (last - 1) // TILE]).fetchall())


@dataclass(slots=True)
class _Found:
    """Gathers a part; ``tiles``: the leaf hashes kept beside the log."""

    tiles: dict[int, bytes] = field(default_factory=dict)
    positions: list[int] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    told: dict[int, Row] = field(default_factory=dict)
    unlike: dict[int, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    error: str | None = None

    @property
    def part(self) -> Part:
        """All of it, made small: it may come from another process."""
        dense = range(self.positions[0], self.positions[-1] + 1) if self.positions else range(0)
        positions = dense if len(dense) == len(self.positions) else self.positions
        leaves = b"".join(self.leaves)
        return Part(positions, leaves, self.told, self.unlike, self.faults, self.error)

    def take(self, row: Row) -> None:
        """Look at one entry."""
        position, stream, _, name, state = row
        self.positions.append(position)
        leaf = leaf_hash(leaf_bytes(*row))
        tile, place = divmod(position - 1, TILE)
        known = self.tiles.get(tile, b"")[place * HASH_BYTES : (place + 1) * HASH_BYTES]
        if leaf != known:
            self.unlike[position] = _not_recorded(f"{name} of {stream}", leaf, known)
        if stream in TELLING:
            self.told[position] = row
        self.leaves.append(leaf)
        if _SEALED in state:
            self._check_places(row)

    def _check_places(self, row: Row) -> None:
        """Hold sealed texts to the place that they name; those of older ledgers name none."""
        position, stream, _, name, state = row
        for stands_in, text in texts_in(state):
            with suppress(ValueError):
                where = parse_box(text).where
                if where not in (None, (stands_in, stream)):
                    what = f"the {stands_in} of {name} was sealed for another place"
                    self.faults.append(Fault(position, what))

    def check_form(self, name: str, run: list[Row]) -> None:
        """Hold entries of one name to the form in which they are written."""
        place = first_not_canonical(name, [row[4] for row in run])
        if place is not None:
            what = "cannot be read, or is not written as this software writes it"
            if name not in registry.EVENTS and name not in registry.UPCASTS:
                what = "is of a kind that this version does not know"
            self.faults.append(Fault(run[place][0], f"{name} {what}"))


def _not_recorded(what: str, leaf: bytes, known: bytes) -> str:
    if not known:
        return f"{what} has no leaf hash beside it: it was added, or its hash taken away"
    return f"{what} is not what was recorded: {known.hex()} was expected, {leaf.hex()} found"
