"""What became known between two points in time, what stands at one, and what was last."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from projections.readmodel.accessors.entries import Entries
from projections.readmodel.accessors.marks import of_days, sessions_of
from projections.readmodel.known import EVER, Known
from projections.readmodel.record import V, Versioned, read, selection
from projections.readmodel.records.register import Mark
from projections.readmodel.records.roll import Details, Spell
from projections.readmodel.records.school import Closure, Term
from projections.readmodel.tables import STANDS


def new_marks(earlier: Known, later: Known, first: date, last: date) -> list[Mark]:
    """Return the versions of marks of some days that became known in between, in order."""
    sql = f"""SELECT {selection(Mark)} FROM marks
        WHERE session BETWEEN :first AND :last AND kf <= :p2 AND sf <= :t2
        AND NOT (kf <= :p1 AND sf <= :t1) ORDER BY id"""  # noqa: S608 - our own names
    between = {"p1": earlier.position, "t1": earlier.stated}
    between |= {"p2": later.position, "t2": later.stated}
    days = sessions_of(first, last)._asdict()
    found = read(Mark, later.db.execute(sql, days | between))
    return [*map(Entries(later).as_known, found)]


def turns(earlier: Known, later: Known, record: type[V]) -> Iterator[tuple[V, set[int]]]:
    """Yield the versions that began or ended in between, each with the positions of that."""
    for version in later.ever(record):
        positions = set() if earlier.knows(version) else {version.kf}
        end = later.end_of(version)
        if end is not None and earlier.end_of(version) is None:
            positions.add(end)
        if positions:
            yield version, positions


class MarkPlace(NamedTuple):
    """A mark that stands, and the position of its event."""

    pupil: int
    session: str
    position: int


def mark_places(known: Known, first: date, last: date) -> Iterator[MarkPlace]:
    """Yield the marks of some days that stood."""
    return map(MarkPlace._make, of_days(known, "pupil, session, kf", first, last, STANDS))


def newest_turn(known: Known, record: type[Versioned], low: int, **where: object) -> int | None:
    """Return the newest event after a position, up to the one known, that moved some facts."""
    found = [
        position
        for version in known.in_log(record, **where)
        for position in (version.kf, version.kt)
        if position is not None and low < position <= known.position
    ]
    return max(found, default=None)


def newest_calendar_change(known: Known, first: int, last: int) -> int | None:
    """Return the newest event of some positions that moved terms or closures, if one did."""
    found = [
        known.db.execute(
            f"SELECT max({column}) FROM {record.TABLE.name} WHERE {column} BETWEEN ? AND ?",  # noqa: S608
            [first, last],
        ).fetchone()[0]
        for record in (Term, Closure)
        for column in ("kf", "kt")
    ]
    return max(filter(None, found), default=None)


class Latest(NamedTuple):
    """A pupil's latest entry: the time stated for one, the position of one stated without."""

    pupil: int
    stated: int | None
    position: int | None


def latest_marks(known: Known, first: date, last: date) -> Iterator[Latest]:
    """Yield the latest entry or amendment of each pupil for the sessions of some days."""
    days = sessions_of(first, last)._asdict()
    where = "session BETWEEN :first AND :last"
    return _latest(known, Mark.TABLE.name, "stated", where, **days)


def latest_versions(known: Known, record: type[Spell | Details]) -> Iterator[Latest]:
    """Yield the latest version of each pupil's records of a kind."""
    return _latest(known, record.TABLE.name, "nullif(sf, 0)", "1")


def _latest(
    known: Known, table: str, stated: str, where: str, **values: object
) -> Iterator[Latest]:
    sql = (
        f"SELECT pupil, max({stated}), max(CASE WHEN {stated} IS NULL THEN kf END) "  # noqa: S608
        f"FROM {table} WHERE {EVER} AND {where} GROUP BY pupil"
    )
    return map(Latest._make, known.db.execute(sql, {**known.point, **values}))
