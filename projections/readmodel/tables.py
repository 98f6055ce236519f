"""The read models in tables: versions of facts as intervals of knowledge.

Every row of a versioned table stands from one event to another: ``kf <= position < kt``. Beside
it runs the time that sources stated, never falling along a chain: ``sf`` and ``st``, in
microseconds; 0 where a source stated none. A row stands at position P and stated time T when
``kf <= P and sf <= T and (P < kt or T < st)``; an open ``kt`` is null. Sealed fields stay sealed
here, so that destroying a key leaves nothing to clean up.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from ledger.files import distrust, open_read_only
from ledger.store.folder import Folder
from projections.readmodel.record import (
    INTERVAL,
    Record,
    V,
    Versioned,
    columns,
    read,
    selection,
    stored,
)

Connection = sqlite3.Connection
"""The tables, open. Only this package names the database behind them."""
DatabaseError = sqlite3.Error
"""What the database raises."""

_LEFT = "left.json"
LAYOUT = 10
"""Raised with every change of `models`, so that each ledger makes its read models anew."""
ALWAYS = 2**62
"""A stated time later than any: nothing is filtered by it."""

STANDS = "kf <= :p AND sf <= :t AND (kt IS NULL OR :p < kt OR :t < st)"
"""The condition of a version that stands at position ``:p`` and stated time ``:t``."""


def tables_path(folder: Folder) -> Path:
    """Return where the tables are."""
    return folder.views / "tables.db"


def open_tables(folder: Folder) -> Connection:
    """Open the tables for reading, also on a disk that cannot be written."""
    return _plain(open_read_only(tables_path(folder)))


def _plain(db: Connection) -> Connection:
    """Return tables without views or triggers: programs, which are none of ours."""
    sql = "SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index') OR sql LIKE ? LIMIT 1"
    try:
        strange = db.execute(sql, ["CREATE VIRTUAL%"]).fetchone()
    except DatabaseError:
        db.close()
        raise
    if strange:
        db.close()
        message = "malformed: among the tables stands what this software does not make"
        raise DatabaseError(message)
    return db


def as_left(folder: Folder) -> bool:
    """Tell whether the tables are as their last writer left them, by size and time."""
    with suppress(OSError, ValueError):
        return bool(json.loads((folder.views / _LEFT).read_bytes()) == _stamps(folder))
    return False


def were_left(folder: Folder) -> bool:
    """Tell whether any tables were ever left here so that a change of them shows."""
    return (folder.views / _LEFT).exists()


def remove(folder: Folder) -> None:
    """Remove the tables, with all that waits beside them; by their only writer."""
    for path in _files(folder):
        path.unlink(missing_ok=True)


def leave(folder: Folder) -> None:
    """Remember how the tables are left, by whoever is their only writer and has closed them."""
    path = folder.views / _LEFT
    aside = path.with_suffix(".new")
    # Not synced: where a power cut takes it, the tables are made anew.
    aside.unlink(missing_ok=True)
    aside.touch(mode=0o600)
    aside.write_text(json.dumps(_stamps(folder)))
    aside.replace(path)


def _stamps(folder: Folder) -> list[list[int]]:
    """Return size and time of the file, and of its log; a log that is empty may come and go."""
    found = [path.stat() for path in _files(folder)[:2] if path.exists()]
    return [[each.st_size, each.st_mtime_ns] for each in found if each.st_size]


def _files(folder: Folder) -> list[Path]:
    """Return where the tables are, their log, and what those who have them open share."""
    path = tables_path(folder)
    return [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]


class Moment(NamedTuple):
    """When and how an event was recorded, as the models need it.

    ``stated``: the time that counts under the source clock: what the source stated, 0 where it
    stated none, our own time for facts that were not imported.
    """

    position: int
    stated: int
    imported: bool
    by: str | None
    authenticated: str


class _RowNumbers(dict[str, int]):
    """Pupil -> row number; looked up when first asked for: most writers need a few."""

    def __init__(self, db: Connection) -> None:
        super().__init__()
        self._db = db

    def __missing__(self, pupil: str) -> int:
        row = self._db.execute("SELECT idx FROM pupils WHERE pupil = ?", [pupil]).fetchone()
        if row is None:
            raise KeyError(pupil)
        number = self[pupil] = int(row[0])
        return number


class Writer:
    """Writes facts into the tables of one database, in the caller's transaction."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self._pending: dict[type[Record], list[Sequence[Any]]] = {}
        self.pupils: dict[str, int] = _RowNumbers(db)

    def pupil(self, pupil_id: str) -> int:
        """Return a pupil's row number, in order of first appearance in the log."""
        try:
            return self.pupils[pupil_id]
        except KeyError:
            sql = "INSERT INTO pupils SELECT coalesce(max(idx) + 1, 0), ? FROM pupils"
            self.db.execute(sql, [pupil_id])
            return self.pupils[pupil_id]

    def put(self, record: type[Versioned], moment: Moment, fact: object, **columns: Any) -> None:  # noqa: ANN401 - of the record
        """Record a new version of a fact; the one before it ends here.

        What ``columns`` do not say, the ``fact`` says: an event, or the version before.
        """
        row = _row(_own_columns(record), fact, columns)
        key = [row[at] for at in _places_of_key(record)]
        sf = self._end(record, key, moment)
        self.insert(record, (*row, moment.position, None, sf, None))

    def end(self, record: type[Versioned], moment: Moment, **key: Any) -> None:  # noqa: ANN401 - of the record
        """End the standing version of a fact, if any."""
        self._end(record, [stored(key[name]) for name in record.TABLE.key], moment)

    def _end(self, record: type[Versioned], key: Sequence[Any], moment: Moment) -> int:
        """End the standing version, if any; return the stated time from then on."""
        self.flush(record)
        select, close = _statements(record)
        row = self.db.execute(select, key).fetchone()
        if row is None:
            return moment.stated
        sf = max(int(row[1]), moment.stated)
        self.db.execute(close, [moment.position, sf, row[0]])
        return sf

    def end_recorded(self, record: type[Versioned], moment: Moment, position: int) -> None:
        """End the fact that an event at a position was a version of, if any stands."""
        self.flush(record)
        keys = ", ".join(f'"{name}"' for name in record.TABLE.key)
        sql = f"SELECT {keys} FROM {record.TABLE.name} WHERE kf = ?"  # noqa: S608 - our own names
        for key in self.db.execute(sql, [position]).fetchall():
            self._end(record, key, moment)

    def add(self, record: type[Record], fact: object, **columns: Any) -> None:  # noqa: ANN401 - of the record
        """Add a row that has no versions; what ``columns`` do not say, the ``fact`` says."""
        self.insert(record, _row(record.__struct_fields__, fact, columns))

    def current(self, record: type[V], **where: Any) -> V:  # noqa: ANN401 - of the record
        """Return the standing version that matches. Raises `LookupError` where there is none."""
        self.flush(record)
        named = "".join(f' AND "{name}" IS ?' for name in where)
        sql = f"SELECT {selection(record)} FROM {record.TABLE.name} WHERE kt IS NULL{named}"  # noqa: S608 - our own names
        rows = self.db.execute(sql, [stored(value) for value in where.values()]).fetchmany(1)
        return read(record, rows)[0]

    def insert(self, record: type[Record], row: Sequence[Any]) -> None:
        """Add a row of all columns, as they are stored; rows are written in bulk."""
        self._pending.setdefault(record, []).append(row)

    def flush(self, *records: type[Record]) -> None:
        """Write the rows that wait, of some tables or of all."""
        for record in records or tuple(self._pending):
            if rows := self._pending.pop(record, None):
                sql = insertion(record.TABLE.name, record.__struct_fields__)
                self.db.executemany(sql, rows)


def _row(names: Sequence[str], fact: object, columns: Mapping[str, Any]) -> list[Any]:
    return [stored(columns[name] if name in columns else getattr(fact, name)) for name in names]


@cache
def _own_columns(record: type[Versioned]) -> tuple[str, ...]:
    return record.__struct_fields__[: -len(INTERVAL)]


@cache
def _places_of_key(record: type[Versioned]) -> tuple[int, ...]:
    return tuple(record.__struct_fields__.index(name) for name in record.TABLE.key)


Handler = Callable[[Writer, Moment, str, Any], None]
"""Writes one event: its writer, its moment, its stream and the event."""


@cache
def insertion(name: str, columns: tuple[str, ...]) -> str:
    """Return the statement that adds a row of some columns to a table."""
    named, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
    return f"INSERT INTO {name}({named}) VALUES({marks})"


@cache
def _statements(record: type[Versioned]) -> tuple[str, str]:
    name = record.TABLE.name
    where = " AND ".join(f'"{column}" IS ?' for column in record.TABLE.key) or "1"
    return (
        f"SELECT rowid, sf FROM {name} WHERE {where} AND kt IS NULL",  # noqa: S608 - our own names
        f"UPDATE {name} SET kt = ?, st = ? WHERE rowid = ?",  # noqa: S608
    )


def connect(path: Path) -> Connection:
    """Open the tables for writing; the transaction is the caller's."""
    db = sqlite3.connect(path, isolation_level=None, timeout=120)
    try:
        distrust(db.execute)
        _plain(db)
        db.execute("PRAGMA journal_mode=WAL")
        # What a power cut takes is the last catch-up, which the next one repeats.
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA cache_size=-65536")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def in_memory() -> Connection:
    """Open tables that are nowhere else."""
    return sqlite3.connect(":memory:", isolation_level=None)


def create(db: Connection, records: Iterable[type[Record]]) -> None:
    """Drop every table and make it anew, empty, at position 0."""
    import sqlite_utils  # noqa: PLC0415 - slow to import, and only needed when building

    names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        db.execute(f"DROP TABLE {name}")
    utils = sqlite_utils.Database(db)
    utils["state"].create({"layout": int, "position": int, "anchor": str})  # type: ignore[union-attr]
    db.execute("INSERT INTO state VALUES(?, 0, '')", [LAYOUT])
    for record in records:
        table, made = record.TABLE, cast("Any", utils[record.TABLE.name])
        made.create(columns(record), pk=record.__struct_fields__[0] if table.row_id else None)
        if not table.row_id:
            made.create_index([*table.key, *(("kf",) if table.versioned else ())])
        for index in table.indexes:
            made.create_index([index])


class Reach(NamedTuple):
    """How far a read model has come: a position, and the log's anchor there."""

    position: int
    anchor: str


def reach(db: Connection) -> Reach | None:
    """Return how far the tables have come; none where they must be made anew."""
    try:
        layout, position, anchor = db.execute("SELECT * FROM state").fetchone()
    except (sqlite3.DatabaseError, TypeError, ValueError):
        return None
    return Reach(position, anchor) if layout == LAYOUT else None


def set_reach(db: Connection, place: Reach) -> None:
    """Remember how far the tables have come."""
    db.execute("UPDATE state SET position = ?, anchor = ?", place)


def malformed(db: Connection) -> str | None:
    """Say what the database finds wrong with its own file; none: nothing."""
    said = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return None if said == "ok" else " ".join(said.split())


def made_of(db: Connection) -> Iterable[str]:
    """Yield the definitions of tables and indexes, in order."""
    return map(
        repr, db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    )


def dump(db: Connection, without: Collection[str] = ()) -> Iterable[str]:
    """Yield the content of the tables, in an order that does not depend on its history."""
    names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in sorted(set(names).difference(without)):
        yield name
        yield from sorted(map(repr, db.execute(f"SELECT * FROM {name}")))  # noqa: S608
