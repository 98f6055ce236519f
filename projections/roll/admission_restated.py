"""Details of pupils, parents and relations that differ from one recorded version to the next.

A record stated whole again (a parent by another system, a pupil who returns, a spell on roll)
changes details without an amendment of each; what differs is found by opening both.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel import models

_KEYS = {"parent", "pupil", "starts_on", "birth_cohort", "compulsory_from"}
_OF_LEAVING = ("leaves_on", "ground", "next_school")


class Change(NamedTuple):
    """One detail that a record says otherwise than before; texts still sealed."""

    pupil: int | None
    parent: str | None
    field: str
    original: str | None
    amended: str | None
    position: int


def restated(
    view: View,
    describer: Describer,
    pupils: Collection[int],
    parents: Mapping[str, Collection[int]],
) -> Iterator[Change]:
    """Yield every detail of some pupils and parents that a later version of its record changed."""
    records = _Records(view, describer)
    for pupil in sorted(pupils):
        yield from records.changes("details", (pupil, None), "pupil = :v0", pupil)
        yield from records.spells(pupil)
    for parent in sorted(parents):
        yield from records.changes("parents", (None, parent), "parent = :v0", parent)
        for pupil in sorted(parents[parent]):
            where = "parent = :v0 AND pupil = :v1"
            yield from records.changes("relations", (pupil, parent), where, parent, pupil)


class _Records(NamedTuple):
    """The records stated whole, version by version."""

    view: View
    describer: Describer

    def changes(
        self,
        table: str,
        whose: tuple[int | None, str | None],
        where: str,
        *values: Any,  # noqa: ANN401 - SQL values
    ) -> Iterator[Change]:
        """Yield what differs from one version of a record to the next."""
        names = [n for n in models.tables()[table].columns if n not in _KEYS]
        bound = {"p": self.view.position, "t": self.view.stated}
        bound.update({f"v{n}": value for n, value in enumerate(values)})
        columns = ", ".join(f'"{name}"' for name in names)
        known = f"kf <= :p AND sf <= :t AND {where}"
        sql = f"SELECT kf, {columns} FROM {table} WHERE {known} ORDER BY kf"  # noqa: S608
        rows = self.view.db.execute(sql, bound).fetchall()
        for before, after in pairwise(self._last_of_each_commit(rows)):
            for name, was, became in zip(names, before[1:], after[1:], strict=True):
                if was != became and plain(self.view, was) != plain(self.view, became):
                    yield Change(*whose, name, _text(name, was), _text(name, became), after[0])

    def spells(self, pupil: int) -> Iterator[Change]:
        """Yield what was changed of a pupil's spells; that one ends is no change of an entry."""
        sql = "SELECT DISTINCT starts_on FROM roll WHERE pupil = ? ORDER BY starts_on"
        for (starts_on,) in self.view.db.execute(sql, [pupil]).fetchall():
            where = "pupil = :v0 AND starts_on = :v1"
            for change in self.changes("roll", (pupil, None), where, pupil, starts_on):
                if change.original or change.field not in _OF_LEAVING:
                    yield change

    def _last_of_each_commit(self, rows: list[Any]) -> list[Any]:
        """Return the versions that a transaction left: within one a record may be built up."""
        return list({self.describer.commit(row[0]).first: row for row in rows}.values())


def plain(view: View, value: object) -> object:
    """Open a sealed text; anything else is as it stands."""
    return view.open(value) if isinstance(value, str) and value.startswith("~") else value


def _text(name: str, value: object) -> str | None:
    """Write a value as an amendment of it would: the one flag kept as a number as yes or no."""
    if name == "boarder":
        return "yes" if value else "no"
    return None if value is None else str(value)
