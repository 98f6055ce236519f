"""The one recorder subclass: SQLite through the event-sourcing library's own recorder.

It adds what the library's extension points cannot do: ``BEGIN IMMEDIATE`` (writers wait in line
instead of failing half-way), a dense position of our own, and triggers that refuse UPDATE,
DELETE and REPLACE.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventsourcing.persistence import (
    Notification,
    OperationalError,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from ledger.files import (
    LOCK_TIMEOUT_SECONDS,
    begin_immediate,
    distrust,
    open_read_only,
    refusal,
    translated,
)
from ledger.store.schema import ROWS, SCHEMA, Row
from ledger.tlog.tree import HASH_BYTES, TILE, Edge

_MAX_POSITION = 2**63 - 1
Cursor = SQLiteCursor


class _Transaction(SQLiteTransaction):
    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        try:
            if self.commit:
                begin_immediate(cursor.execute)
            else:
                cursor.execute("BEGIN")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        return cursor


class _Connection(SQLiteConnection):
    def transaction(self, *, commit: bool) -> Any:  # noqa: ANN401 - a context manager
        return _committing(_Transaction(self, commit=commit))


class _committing:  # noqa: N801 - a context manager, named as one
    """Yields the transaction's cursor and closes it, as the library's own does."""

    def __init__(self, transaction: _Transaction) -> None:
        self._transaction = transaction

    def __enter__(self) -> SQLiteCursor:
        self._cursor = self._transaction.__enter__()
        return self._cursor.__enter__()  # type: ignore[return-value]

    def __exit__(self, *failure: Any) -> None:  # noqa: ANN401, PYI036 - as Python passes it
        self._cursor.__exit__(*failure)
        self._transaction.__exit__(*failure)


class _Pool(SQLiteConnectionPool):
    def _create_connection(self) -> SQLiteConnection:
        path = Path(self.db_name)
        if path.exists() and not os.access(path, os.W_OK):  # a disc that was handed over
            database = open_read_only(path)
            database.row_factory = sqlite3.Row
            return _Connection(database, max_age=self.max_age)
        plain = super()._create_connection()
        database = plain._sqlite_conn  # noqa: SLF001 - the library offers no other way
        distrust(database.execute)
        database.execute("PRAGMA synchronous=FULL")
        # Without it the rows that a REPLACE takes away fire no trigger against deletion.
        database.execute("PRAGMA recursive_triggers=ON")
        database.execute("PRAGMA wal_autocheckpoint=10000")
        # A page of the index for each pupil: what falls out of it is written and read again.
        database.execute("PRAGMA cache_size=-8000")
        return _Connection(database, max_age=self.max_age)


class LedgerDatastore(SQLiteDatastore):
    """A datastore whose write transactions begin immediately."""

    def __init__(self, db_name: str) -> None:
        super().__init__(db_name, lock_timeout=LOCK_TIMEOUT_SECONDS, originator_id_type="text")
        self.pool.close()
        self.pool = _Pool(db_name=db_name, lock_timeout=LOCK_TIMEOUT_SECONDS)


class LedgerRecorder(SQLiteApplicationRecorder):
    """Stored events under dense positions: 1, 2, 3 and never a gap."""

    def construct_create_table_statements(self) -> list[str]:
        """Return the schema: one table and the triggers that keep it append-only."""
        return list(SCHEMA)

    @contextmanager
    def transaction(self, path: Path, *, commit: bool) -> Iterator[SQLiteCursor]:
        """Yield a transaction's cursor; the library's errors, and the storage's, are refusals."""
        try:
            with translated(path), self.datastore.transaction(commit=commit) as c:
                yield c
        except PersistenceError as error:
            raise refusal(path, error) from error

    def _insert_events(
        self,
        c: SQLiteCursor,
        stored_events: Sequence[StoredEvent],
        **_: Any,  # noqa: ANN401 - the library's signature
    ) -> Sequence[int]:
        first = self.head(c) + 1
        self.insert_rows(
            c,
            (
                (position, str(e.originator_id), e.originator_version, e.topic, e.state)
                for position, e in enumerate(stored_events, start=first)
            ),
        )
        return list(range(first, first + len(stored_events)))

    @staticmethod
    def head(c: SQLiteCursor) -> int:
        """Return the newest position, 0 in an empty log."""
        c.execute("SELECT max(position) FROM stored_events")
        return int(c.fetchone()[0] or 0)

    @staticmethod
    def insert_rows(c: SQLiteCursor, rows: Iterable[Row]) -> None:
        """Insert rows in the transaction of ``c``."""
        c.executemany("INSERT INTO stored_events VALUES(?,?,?,?,?)", rows)

    @staticmethod
    def versions(c: SQLiteCursor, names: Iterable[str]) -> dict[str, int]:
        """Return how many events each of some streams has; those without any are left out."""
        c.execute(
            "SELECT originator_id, max(originator_version) + 1 FROM stored_events "
            "WHERE originator_id IN (SELECT value FROM json_each(?)) GROUP BY originator_id",
            [json.dumps(list(names))],
        )
        return dict(c.fetchall())

    @staticmethod
    def newest(c: SQLiteCursor, stream: str, name: str) -> bytes | None:
        """Return the stored bytes of the newest event of one name in a stream."""
        c.execute(
            "SELECT state FROM stored_events WHERE originator_id = ? AND topic = ? "
            "ORDER BY originator_version DESC LIMIT 1",
            [stream, name],
        )
        row = c.fetchone()
        return row and bytes(row[0])

    @staticmethod
    def newest_of(c: SQLiteCursor, stream: str, *, upto: int) -> list[Row]:
        """Return the row of a stream's newest event up to a position, if it has one."""
        c.execute(
            f"{ROWS} WHERE originator_id = ? AND position <= ? "
            "ORDER BY originator_version DESC LIMIT 1",
            [stream, upto],
        )
        return c.fetchall()  # type: ignore[no-any-return]

    @staticmethod
    def newest_reading(
        c: SQLiteCursor, stream: str, without: Sequence[tuple[int, int]]
    ) -> int | None:
        """Return the newest reading of a clock in the headers of a stream.

        ``without``: positions, from one to another, that are left out.
        """
        c.execute(
            "SELECT max(coalesce(json_extract(text, '$.raw_at'), json_extract(text, '$.at'))) "
            "FROM (SELECT position, CAST(state AS TEXT) AS text FROM stored_events "
            "WHERE originator_id = ?) WHERE NOT EXISTS (SELECT 1 FROM json_each(?) AS span "
            "WHERE position BETWEEN json_extract(span.value, '$[0]') "
            "AND json_extract(span.value, '$[1]'))",
            [stream, json.dumps(without)],
        )
        found: int | None = c.fetchone()[0]
        return found

    @staticmethod
    def newest_checkpoint(c: SQLiteCursor) -> str | None:
        """Return the note of the newest checkpoint; none in an empty log."""
        c.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")
        row = c.fetchone()
        return row and str(row[0])

    @staticmethod
    def checkpoint_of(c: SQLiteCursor, size: int) -> str | None:
        """Return the note of the checkpoint of a size; none where there is none."""
        c.execute("SELECT note FROM checkpoints WHERE size = ?", [size])
        row = c.fetchone()
        return row and str(row[0])

    @staticmethod
    def outside(c: SQLiteCursor, table: str, column: str, size: int) -> list[Any]:
        """Return what somebody outside signed of a checkpoint as yet."""
        c.execute(f"SELECT {column} FROM {table} WHERE size = ?", [size])  # noqa: S608 - our names
        return [each for (each,) in c.fetchall()]

    @staticmethod
    def put_outside(c: SQLiteCursor, table: str, size: int, signed: str | bytes) -> None:
        """Keep what somebody outside signed of a checkpoint."""
        c.execute(f"INSERT INTO {table} VALUES(?,?)", [size, signed])

    @staticmethod
    def edge(c: SQLiteCursor) -> Edge:
        """Return the tree's right edge as it was left."""
        c.execute("SELECT size, hashes FROM tree_edge")
        row = c.fetchone()
        return Edge() if row is None else Edge.read(*row)

    @staticmethod
    def put_hashes(c: SQLiteCursor, first: int, hashes: bytes) -> None:
        """Keep the leaf hashes of the events from ``first`` on, 256 in a row of the table."""
        place, rest = divmod(first - 1, TILE)
        if rest:
            c.execute("SELECT hashes FROM hash_tiles WHERE n = ?", [place])
            begun, more = c.fetchone()[0], (TILE - rest) * HASH_BYTES
            c.execute(
                "UPDATE hash_tiles SET hashes = ? WHERE n = ?", [begun + hashes[:more], place]
            )
            place, hashes = place + 1, hashes[more:]
        width = TILE * HASH_BYTES
        cuts = enumerate(range(0, len(hashes), width), start=place)
        rows = ((n, hashes[cut : cut + width]) for n, cut in cuts)
        c.executemany("INSERT INTO hash_tiles VALUES(?,?)", rows)

    @staticmethod
    def put_checkpoint(c: SQLiteCursor, edge: Edge, note: str) -> None:
        """Keep the tree's edge, and the checkpoint of its size for good."""
        c.execute("INSERT OR REPLACE INTO tree_edge VALUES(1,?,?)", [edge.size, edge.written])
        c.execute("INSERT INTO checkpoints VALUES(?,?)", [edge.size, note])

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return the events from a position on; the library's own asks for a column ``rowid``."""
        first = 0 if start is None else start + (not inclusive_of_start)
        last = _MAX_POSITION if stop is None else stop
        named = f"AND topic IN ({','.join('?' * len(topics))}) " if topics else ""
        sql = (
            "SELECT originator_id, originator_version, topic, state, position "  # noqa: S608 - marks
            f"FROM stored_events WHERE position BETWEEN ? AND ? {named}ORDER BY position LIMIT ?"
        )
        with self.datastore.transaction(commit=False) as c:
            c.execute(sql, [first, last, *topics, limit])
            return [Notification(*row) for row in c.fetchall()]

    @staticmethod
    def scan(c: SQLiteCursor, after: int, *, limit: int) -> list[Row]:
        """Return up to ``limit`` rows after a position, in order."""
        c.execute(f"{ROWS} WHERE position > ? ORDER BY position LIMIT ?", [after, limit])
        return c.fetchall()  # type: ignore[no-any-return]

    @staticmethod
    def streams_since(c: SQLiteCursor, after: int) -> list[tuple[int, str]]:
        """Return the positions of the events after one, in order, and their streams."""
        c.execute(
            "SELECT position, originator_id FROM stored_events WHERE position > ? "
            "ORDER BY position",
            [after],
        )
        return c.fetchall()  # type: ignore[no-any-return]

    @staticmethod
    def streams_named(c: SQLiteCursor, names: Iterable[str], *, upto: int) -> list[Row]:
        """Return the rows of some streams, by stream."""
        c.execute(
            f"{ROWS} WHERE originator_id IN (SELECT value FROM json_each(?)) "  # noqa: S608
            "AND position <= ? ORDER BY originator_id, originator_version",
            [json.dumps(list(names)), upto],
        )
        return c.fetchall()  # type: ignore[no-any-return]

    @staticmethod
    def streams_between(c: SQLiteCursor, first: str, last: str, *, upto: int) -> list[Row]:
        """Return the rows of all streams from ``first`` to before ``last``, by stream."""
        c.execute(
            f"{ROWS} WHERE originator_id >= ? AND originator_id < ? "
            "AND position <= ? ORDER BY originator_id, originator_version",
            [first, last, upto],
        )
        return c.fetchall()  # type: ignore[no-any-return]
