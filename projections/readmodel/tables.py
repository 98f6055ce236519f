"""The read models in tables: versions of facts as intervals of knowledge.

Every row of a versioned table stands from one event to another: ``kf <= position < kt``. Beside
it runs the time that sources stated, never falling along a chain: ``sf`` and ``st``, in
microseconds; 0 where a source stated none. A row stands at position P and stated time T when
``kf <= P and sf <= T and (P < kt or T < st)``; an open ``kt`` is null. Sealed fields stay sealed
here, so that destroying a key leaves nothing to clean up.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from ledger.files import begin_immediate, open_read_only
from ledger.store.folder import Folder

Connection = sqlite3.Connection
"""The tables, open. Only this package names the database behind them."""
DatabaseError = sqlite3.Error
"""What the database raises."""

LAYOUT = 6
"""Raised with every change of `models`, so that each ledger makes its read models anew."""
ALWAYS = 2**62
"""A stated time later than any: nothing is filtered by it."""

STANDS = "kf <= :p AND sf <= :t AND (kt IS NULL OR :p < kt OR :t < st)"
"""The condition of a version that stands at position ``:p`` and stated time ``:t``."""
_INTERVAL = ("kf", "kt", "sf", "st")

GROUP_SEPARATOR = "\n"
"""Between the group names of one closure."""
PUPIL_SEPARATOR = ","
"""Between the row numbers of the pupils of one return."""


def tables_path(folder: Folder) -> Path:
    """Return where the tables are."""
    return folder.views / "tables.db"


def open_tables(folder: Folder) -> Connection:
    """Open the tables for reading, also on a disk that cannot be written."""
    return open_read_only(tables_path(folder))


def columns_of(db: Connection, table: str) -> list[str]:
    """Return what the rows of a table say, without the columns of their interval."""
    names = [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", [table])]
    return [name for name in names if name not in _INTERVAL]


@contextmanager
def without_writers(folder: Folder) -> Iterator[None]:
    """Keep everybody from writing to the tables meanwhile."""
    with closing(sqlite3.connect(tables_path(folder), isolation_level=None)) as db:
        with suppress(sqlite3.Error):
            begin_immediate(db.execute)  # refused where nobody may write: then nobody does
        yield


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns (name -> SQLite type); ``key``: what identifies a fact's versions.

    ``versioned``: whether rows carry the interval columns; then the key and ``kf`` are unique.
    ``row_id``: the first column is an integer that places the row, and no index is needed.
    ``usual``: the columns of most rows, the others empty; such rows are written twice as fast.
    """

    key: Sequence[str]
    columns: Mapping[str, type]
    versioned: bool = True
    row_id: bool = False
    usual: Sequence[str] = ()
    indexes: Sequence[str] = ()

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Every column, those of the interval last."""
        return (*self.columns, *(_INTERVAL if self.versioned else ()))


class Moment(NamedTuple):
    """When and how an event was recorded, as the models need it.

    ``stated``: the time that counts under the source clock: what the source stated, 0 where it
    stated none, our own time for facts that were not imported.
    """

    position: int
    at: int
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

    def __init__(self, db: Connection, tables: Mapping[str, Table]) -> None:
        self.db = db
        self._tables = tables
        self._pending: dict[str, list[Sequence[Any]]] = {}
        self._usual: dict[str, list[Sequence[Any]]] = {}
        self.pupils: dict[str, int] = _RowNumbers(db)

    def pupil(self, pupil_id: str) -> int:
        """Return a pupil's row number, in order of first appearance in the log."""
        try:
            return self.pupils[pupil_id]
        except KeyError:
            sql = "INSERT INTO pupils SELECT coalesce(max(idx) + 1, 0), ? FROM pupils"
            self.db.execute(sql, [pupil_id])
            return self.pupils[pupil_id]

    def put(self, table: str, key: Sequence[Any], payload: Sequence[Any], moment: Moment) -> None:
        """Record a new version of a fact; the one before it ends here."""
        sf = self.end(table, key, moment)
        self.insert(table, (*key, *payload, moment.position, None, sf, None))

    def end(self, table: str, key: Sequence[Any], moment: Moment) -> int:
        """End the standing version of a fact, if any; return the stated time from then on."""
        self.flush(table)
        select, close = _statements(table, tuple(self._tables[table].key))
        row = self.db.execute(select, key).fetchone()
        if row is None:
            return moment.stated
        sf = max(int(row[1]), moment.stated)
        self.db.execute(close, [moment.position, sf, row[0]])
        return sf

    def current(self, table: str, columns: str, where: str, values: Sequence[Any]) -> Any:  # noqa: ANN401
        """Return the standing row that matches, or none."""
        self.flush(table)
        sql = f"SELECT {columns} FROM {table} WHERE kt IS NULL AND {where}"  # noqa: S608
        return self.db.execute(sql, values).fetchone()

    def insert(self, table: str, row: Sequence[Any]) -> None:
        """Add a row; rows are written in bulk."""
        self._pending.setdefault(table, []).append(row)

    def insert_usual(self, table: str, row: Sequence[Any]) -> None:
        """Add a row of the usual columns only; rows are written in bulk."""
        self._usual.setdefault(table, []).append(row)

    def flush(self, *names: str) -> None:
        """Write the rows that wait, of some tables or of all."""
        for name in names or (*self._usual, *self._pending):
            if usual := self._usual.pop(name, None):
                self._write(name, usual, self._tables[name].usual)
            if rows := self._pending.pop(name, None):
                self._write(name, rows, self._tables[name].all_columns)

    def _write(self, name: str, rows: list[Sequence[Any]], columns: Sequence[str]) -> None:
        if self._tables[name].row_id:
            rows.sort(key=itemgetter(0))
        self.db.executemany(_insertion(name, tuple(columns)), rows)


Handler = Callable[[Writer, Moment, str, Any], None]
"""Writes one event: its writer, its moment, its stream and the event."""
Handlers = Mapping[type[Any], Handler]


def iso(day: date | None) -> str | None:
    """Write a date for a table, or nothing."""
    return day.isoformat() if day else None


@cache
def _insertion(name: str, columns: tuple[str, ...]) -> str:
    named, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
    return f"INSERT INTO {name}({named}) VALUES({marks})"


@cache
def _statements(name: str, key: tuple[str, ...]) -> tuple[str, str]:
    where = " AND ".join(f'"{column}" IS ?' for column in key) or "1"
    return (
        f"SELECT rowid, sf FROM {name} WHERE {where} AND kt IS NULL",  # noqa: S608 - our own names
        f"UPDATE {name} SET kt = ?, st = ? WHERE rowid = ?",  # noqa: S608
    )


def connect(path: Path) -> Connection:
    """Open the tables for writing; the transaction is the caller's."""
    db = sqlite3.connect(path, isolation_level=None, timeout=120)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA cache_size=-65536")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def in_memory() -> Connection:
    """Open tables that are nowhere else."""
    return sqlite3.connect(":memory:", isolation_level=None)


def create(db: Connection, tables: Mapping[str, Table]) -> None:
    """Drop every table and make it anew, empty, at position 0."""
    import sqlite_utils  # noqa: PLC0415 - slow to import, and only needed when building

    names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        db.execute(f"DROP TABLE {name}")
    utils = sqlite_utils.Database(db)
    utils["pupils"].create({"idx": int, "pupil": str}, pk="idx")  # type: ignore[union-attr]
    utils["pupils"].create_index(["pupil"], unique=True)  # type: ignore[union-attr]
    utils["state"].create({"layout": int, "position": int, "anchor": str})  # type: ignore[union-attr]
    db.execute("INSERT INTO state VALUES(?, 0, '')", [LAYOUT])
    interval = dict.fromkeys(_INTERVAL, int)
    for name, table in tables.items():
        columns = {**table.columns, **(interval if table.versioned else {})}
        pk = next(iter(columns)) if table.row_id else None
        utils[name].create(columns, pk=pk)  # type: ignore[union-attr]
        if not table.row_id:
            utils[name].create_index([*table.key, *(("kf",) if table.versioned else ())])  # type: ignore[union-attr]
        for index in table.indexes:
            utils[name].create_index([index])  # type: ignore[union-attr]


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


def dump(db: Connection, without: Collection[str] = ()) -> Iterable[str]:
    """Yield the content of the tables, in an order that does not depend on its history."""
    names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in sorted(set(names).difference(without)):
        yield name
        yield from sorted(map(repr, db.execute(f"SELECT * FROM {name}")))  # noqa: S608
