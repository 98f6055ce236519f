"""What was known at one point in time: rows of the read models, as their classes."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from projections.readmodel.record import Joined, R, Record, V, Versioned, read, selection, stored
from projections.readmodel.records.log import Commit
from projections.readmodel.sources import Models
from projections.readmodel.tables import STANDS, Connection

EVER = "kf <= :p AND sf <= :t"
"""The condition of a version that is known at position ``:p`` and stated time ``:t``."""


class Between(NamedTuple):
    """A condition on a column: from one value to another, both included."""

    first: Any
    last: Any


@dataclass
class Known:
    """The read models, bounded by a position of the log and a time that sources stated.

    Conditions go by column: a value, none for empty, several for one of them, or `Between`.
    """

    models: Models
    position: int
    stated: int

    @property
    def db(self) -> Connection:
        """The tables."""
        return self.models.db

    def standing(self, record: type[R], **where: Any) -> list[R]:  # noqa: ANN401 - of its columns
        """Return the rows that stood; of what has no versions, those that were known."""
        return self._select(record, _bounds(record, STANDS), where)

    def ever(self, record: type[R], **where: Any) -> list[R]:  # noqa: ANN401 - of its columns
        """Return every version that was known, whether it still stood or not."""
        return self._select(record, _bounds(record, EVER), where)

    def first_version(self, record: type[R], **where: Any) -> R:  # noqa: ANN401 - of its columns
        """Return the first version that the log holds, known by then or not.

        Raises `LookupError` where there is none.
        """
        return self._select(record, "1", where, f" ORDER BY {record.TABLE.since} LIMIT 1")[0]

    def knows(self, version: Versioned) -> bool:
        """Tell whether a version was known."""
        return version.kf <= self.position and version.sf <= self.stated

    def end_of(self, version: Versioned) -> int | None:
        """Return the entry that ended a version, where that was known; none where it stood."""
        ended, stated = version.kt, version.st
        if ended is None or stated is None or ended > self.position or stated > self.stated:
            return None
        return ended

    def newest(self, record: type[V], **where: Any) -> list[V]:  # noqa: ANN401 - of its columns
        """Return the rows that stand now, at whatever point in time is asked."""
        return self.in_log(record, **where, kt=None)

    def in_log(self, record: type[R], **where: Any) -> list[R]:  # noqa: ANN401 - of its columns
        """Return every row of the log, known by then or not."""
        return self._select(record, "1", where)

    def recorded(self, record: type[V], **where: Any) -> list[V]:  # noqa: ANN401 - of its columns
        """Return every version in the log up to the position, whatever time sources stated."""
        return [each for each in self.in_log(record, **where) if each.kf <= self.position]

    def _select(
        self, record: type[R], bounds: str, where: Mapping[str, Any], order: str = ""
    ) -> list[R]:
        found, values = conditions(where)
        rows = f"WHERE {bounds} AND {found}{order}"
        sql = f"SELECT {selection(record)} FROM {record.TABLE.name} {rows}"  # noqa: S608
        return read(record, self.db.execute(sql, self.point | values))

    @property
    def point(self) -> dict[str, Any]:
        """The point in time, as conditions on versions name it."""
        return {"p": self.position, "t": self.stated}

    @cached_property
    def commits(self) -> "Commits":
        """The transactions of the log."""
        return Commits(self.db)


def _bounds(record: type[Record], versioned: str) -> str:
    """Return the condition of what is known; of what has no versions, by its position if any."""
    table = record.TABLE
    if table.versioned:
        return versioned
    return f"{table.since} <= :p" if table.since else "1"


def last_position_at(db: Connection, instant: int) -> int:
    """Return the last position that was recorded by an instant; 0: none was."""
    row = db.execute("SELECT max(last) FROM commits WHERE at <= ?", [instant]).fetchone()
    return int(row[0] or 0)


class Commits:
    """Every transaction of the log, known by then or not, in order."""

    def __init__(self, db: Connection) -> None:
        sql = f"SELECT {selection(Commit)} FROM commits ORDER BY first"  # noqa: S608 - our own names
        self.all = read(Commit, db.execute(sql))
        self._firsts = [commit.first for commit in self.all]

    def upto(self, position: int) -> list[Commit]:
        """Return the transactions that begin up to a position."""
        return self.all[: bisect_right(self._firsts, position)]

    def of(self, position: int) -> Commit:
        """Return the transaction that holds a position."""
        return self.all[bisect_right(self._firsts, position) - 1]


def conditions(where: Mapping[str, Any], table: str = "") -> tuple[str, dict[str, Any]]:
    """Return conditions on columns as SQL, and the values that it names."""
    sql, values = ["1"], {}
    for name, wanted in where.items():
        if isinstance(wanted, Between):
            sql.append(f'{table}"{name}" BETWEEN :{name}_first AND :{name}_last')
            values[f"{name}_first"], values[f"{name}_last"] = map(stored, wanted)
        elif isinstance(wanted, (set, frozenset, list, tuple)) and not isinstance(wanted, Joined):
            named = {f"{name}_{n}": stored(value) for n, value in enumerate(wanted)}
            sql.append(f'{table}"{name}" IN ({", ".join(f":{each}" for each in named)})')
            values |= named
        else:
            sql.append(f'{table}"{name}" IS :{name}')
            values[name] = stored(wanted)
    return " AND ".join(sql), values
