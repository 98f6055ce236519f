"""When each pupil's entries were made last."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from projections.readmodel.accessors.marks import sessions_of
from projections.readmodel.known import Known
from projections.readmodel.records.register import Mark
from projections.readmodel.records.roll import Details, Spell


class Latest(NamedTuple):
    """A pupil's latest entry: the time stated for one, the position of one stated without."""

    pupil: int
    stated: int | None
    position: int | None


def latest_marks(known: Known, first: date, last: date) -> Iterator[Latest]:
    """Yield the latest entry or amendment of each pupil for the sessions of some days."""
    days = sessions_of(first, last)
    where = "session BETWEEN :first AND :last"
    return _latest(known, Mark.TABLE.name, "stated", where, first=days.first, last=days.last)


def latest_versions(known: Known, record: type[Spell | Details]) -> Iterator[Latest]:
    """Yield the latest version of each pupil's records of a kind."""
    return _latest(known, record.TABLE.name, "nullif(sf, 0)", "1")


def _latest(
    known: Known, table: str, stated: str, where: str, **values: object
) -> Iterator[Latest]:
    sql = (
        f"SELECT pupil, max({stated}), max(CASE WHEN {stated} IS NULL THEN kf END) "  # noqa: S608
        f"FROM {table} WHERE kf <= :p AND sf <= :t AND {where} GROUP BY pupil"
    )
    bounds = {"p": known.position, "t": known.stated, **values}
    return map(Latest._make, known.db.execute(sql, bounds))
