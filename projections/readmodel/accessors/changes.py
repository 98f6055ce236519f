"""What became known between two points in time, what stands at one, and what was last."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from projections.readmodel.accessors.entries import Entries, Made
from projections.readmodel.accessors.marks import sessions_of
from projections.readmodel.known import EVER, Known
from projections.readmodel.mark_rows import row_ids
from projections.readmodel.record import V, Versioned, read, selection
from projections.readmodel.records.register import Mark
from projections.readmodel.records.roll import Details, Spell
from projections.readmodel.records.school import Closure, Term


class NewMark(NamedTuple):
    """A version of a mark that became known; ``sf``: 0 where nobody states a time."""

    pupil: int
    session: str
    kind: str
    code: str
    replaced: str | None
    kf: int
    sf: int
    imported: bool


_KNOWN_LATER = "kf <= :p2 AND sf <= :t2"
_KNOWN_BEFORE = "kf <= :p1 AND sf <= :t1"


def new_marks(
    earlier: Known, later: Known, pupils: Mapping[int, tuple[date, date]]
) -> Iterator[NewMark]:
    """Yield the versions of marks that became known in between, in order.

    ``pupils``: of whom one did, with the first and the last day of such.
    """
    sql = f"""SELECT {", ".join(NewMark._fields)} FROM marks
        WHERE id BETWEEN :first AND :last AND pupil = :pupil AND {_KNOWN_LATER}
        AND NOT ({_KNOWN_BEFORE}) ORDER BY id"""  # noqa: S608 - our own names
    entries = Entries(later)
    for pupil, days in sorted(pupils.items()):
        first, last = row_ids(pupil, *days)
        where = {"pupil": pupil, "first": first, "last": last} | _between(earlier, later)
        for mark in map(NewMark._make, later.db.execute(sql, where)):
            yield _as_known(entries, mark)


def _as_known(entries: Entries, mark: NewMark) -> NewMark:
    """Return a mark, of the kind that it is known to be."""
    if mark.kind not in entries.doubtful:
        return mark
    made = Made(mark.pupil, mark.session, mark.kind, mark.code, mark.kf, bool(mark.imported))
    return mark._replace(kind=entries.judge(made).kind)


def turns(earlier: Known, later: Known, record: type[V]) -> Iterator[tuple[V, set[int]]]:
    """Yield the versions that began or ended in between, each with the positions of that."""
    sql = f"""SELECT {selection(record)} FROM {record.TABLE.name} WHERE {_KNOWN_LATER}
        AND NOT ({_KNOWN_BEFORE} AND (kt IS NULL OR kt <= :p1 AND st <= :t1
        OR NOT (kt <= :p2 AND st <= :t2)))"""  # noqa: S608 - our own names
    for version in read(record, later.db.execute(sql, _between(earlier, later))):
        positions = set() if earlier.knows(version) else {version.kf}
        end = later.end_of(version)
        if end is not None and earlier.end_of(version) is None:
            positions.add(end)
        yield version, positions


def _between(earlier: Known, later: Known) -> dict[str, int]:
    return {
        "p1": earlier.position,
        "t1": earlier.stated,
        "p2": later.position,
        "t2": later.stated,
    }


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
