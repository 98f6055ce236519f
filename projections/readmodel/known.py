"""What was known at one point in time: rows of the read models, as their classes."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from ledger.times import WrongClock, never_falling, wrong_at
from projections.readmodel.record import (
    INTERVAL,
    Joined,
    R,
    Record,
    V,
    Versioned,
    read,
    selection,
    stored,
)
from projections.readmodel.records.log import ClockCorrection, Commit, CorrectedCommit
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
        """The transactions of the log, their times as known then."""
        return Commits(self.db, self.position)


def _bounds(record: type[Record], versioned: str) -> str:
    """Return the condition of what is known; of what has no versions, by its position if any."""
    table = record.TABLE
    if table.versioned:
        return versioned
    return f"{table.since} <= :p" if table.since else "1"


class Commits:
    """Every transaction of the log, known by then or not, in order.

    Their times are told as known at a position: as the clock read, or as somebody had recorded
    by then of a clock that was wrong.
    """

    def __init__(self, db: Connection, position: int) -> None:
        sql = f"SELECT {selection(Commit)} FROM commits ORDER BY first"  # noqa: S608 - our own names
        rows = read(Commit, db.execute(sql))
        wrong = [each for each in wrong_clocks(db) if each.position <= position]
        self.all = [_corrected(commit, wrong) for commit in rows] if wrong else rows
        self._firsts = [commit.first for commit in self.all]

    def upto(self, position: int) -> list[Commit]:
        """Return the transactions that begin up to a position."""
        return self.all[: bisect_right(self._firsts, position)]

    def of(self, position: int) -> Commit:
        """Return the transaction that holds a position."""
        return self.all[bisect_right(self._firsts, position) - 1]

    @cached_property
    def _known(self) -> list[int]:
        return list(never_falling(int(commit.at) for commit in self.all))

    def known_at(self, position: int) -> int:
        """Return the instant from which all up to a position counts as known; 0 of nothing.

        It never falls along the log, also where a clock had gone back.
        """
        begun = bisect_right(self._firsts, position)
        return self._known[begun - 1] if begun else 0

    def by_clock_of(self, position: int, instant: int) -> int:
        """Return an instant that the clock read which stamped an entry, with what is known of it.

        Of a wrong clock: that it lies where the entry does.
        """
        wrong = self.of(position).stamp.wrong
        return instant if wrong is None else wrong.corrected(instant)

    def last_by(self, instant: int, bound: int) -> int:
        """Return the last position up to a bound that counts as known by an instant; 0: none."""
        begun = bisect_right(self._firsts, bound)
        reached = bisect_right(self._known, instant, 0, begun)
        return min(self.all[reached - 1].last, bound) if reached else 0


def turns(db: Connection, records: Sequence[type[Versioned]]) -> list[int]:
    """Return the positions at which a row of some tables began or ended, in order."""
    each = " UNION ".join(
        f"SELECT {end} FROM {record.TABLE.name}"  # noqa: S608 - our own names
        for record in records
        for end in INTERVAL[:2]
    )
    return [position for (position,) in db.execute(f"{each} ORDER BY 1") if position is not None]


def known_from(db: Connection, position: int) -> int:
    """Return the instant from which all up to a position counts as known; 0 of nothing.

    It never falls along the log, as what is known of the clocks at one position has it.
    """
    if any(each.position <= position for each in wrong_clocks(db)):
        return Commits(db, position).known_at(position)
    return newest_stamp(db, position)


def newest_stamp(db: Connection, position: int) -> int:
    """Return the time that the last header up to a position carries; 0 where there is none."""
    sql = "SELECT stamped FROM commits WHERE first <= ? ORDER BY first DESC LIMIT 1"
    row = db.execute(sql, [position]).fetchone()
    return int(row[0]) if row else 0


def wrong_clocks(db: Connection) -> list[WrongClock]:
    """Return all that is recorded of clocks that were wrong, in the order of the log."""
    sql = f"SELECT {selection(ClockCorrection)} FROM clock_corrections ORDER BY position"  # noqa: S608
    return [each.wrong for each in read(ClockCorrection, db.execute(sql))]


def is_corrected_after(db: Connection, position: int) -> bool:
    """Tell whether a later entry corrects the clock of one up to a position."""
    return any(each.first <= position < each.position for each in wrong_clocks(db))


def last_position_at(db: Connection, instant: int, upto: int | None, head: int) -> int:
    """Return the last position that was recorded by an instant; 0: none was.

    By what is known of the clocks today. Where positions are bounded, ``upto`` one, also by what
    was known of them before a later entry corrected it: what an answer once named is found again.
    """
    wrong = wrong_clocks(db)
    if not wrong:
        row = db.execute("SELECT max(last) FROM commits WHERE stamped <= ?", [instant]).fetchone()
        last = int(row[0] or 0)
        return last if upto is None else min(last, upto)
    if upto is None:
        return Commits(db, head).last_by(instant, head)
    turns = [0, *(each.position for each in wrong), head + 1]
    return max(_last_within(db, instant, upto, *turn) for turn in pairwise(turns))


def _last_within(db: Connection, instant: int, upto: int, turn: int, after: int) -> int:
    """Return the last position recorded by an instant, as was known from one turn to the next."""
    commits = Commits(db, turn)
    return commits.last_by(instant, upto if upto < after else commits.of(after).first - 1)


def _corrected(commit: Commit, wrong: Sequence[WrongClock]) -> Commit:
    covering = wrong_at(commit.first, wrong)
    if covering is None:
        return commit
    return CorrectedCommit(**msgspec.structs.asdict(commit), wrong=covering)


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
