"""What became known between two points in time, and what stands at one."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from projections.readmodel.accessors.marks import sessions_of
from projections.readmodel.known import Known
from projections.readmodel.record import V, Versioned, read, selection
from projections.readmodel.records.register import Mark


def new_marks(earlier: Known, later: Known, first: date, last: date) -> list[Mark]:
    """Return the versions of marks of some days that became known in between, in order."""
    sql = f"""SELECT {selection(Mark)} FROM marks
        WHERE session BETWEEN :first AND :last AND kf <= :p2 AND sf <= :t2
        AND NOT (kf <= :p1 AND sf <= :t1) ORDER BY id"""  # noqa: S608 - our own names
    days = sessions_of(first, last)
    bounds = {
        "first": days.first,
        "last": days.last,
        "p1": earlier.position,
        "t1": earlier.stated,
        "p2": later.position,
        "t2": later.stated,
    }
    return read(Mark, later.db.execute(sql, bounds))


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
    sql = """SELECT pupil, session, kf FROM marks WHERE kf <= :p AND sf <= :t
        AND (kt IS NULL OR :p < kt OR :t < st) AND session BETWEEN :first AND :last"""
    days = sessions_of(first, last)
    bounds = {
        "p": known.position,
        "t": known.stated,
        "first": days.first,
        "last": days.last,
    }
    return map(MarkPlace._make, known.db.execute(sql, bounds))


def newest_turn(known: Known, record: type[Versioned], low: int, **where: object) -> int | None:
    """Return the newest event after a position, up to the one known, that moved some facts."""
    found = [
        position
        for version in known.in_log(record, **where)
        for position in (version.kf, version.kt)
        if position is not None and low < position <= known.position
    ]
    return max(found, default=None)
