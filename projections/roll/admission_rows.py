"""Amendments of the admission register as rows: the five of SI 2024/208 reg 6(1), and the title.

A record stated whole again (a parent by another system, a pupil who returns, a spell on roll)
changes details without an amendment of each; what differs is found by opening both versions.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from ledger.clock import iso, local_date
from projections.queries.versions import AS_STATED, Describer
from projections.queries.view import View
from projections.readmodel.tables import columns_of

_COLUMNS = (
    'pupil, parent, field, original, amended, reason, "by", name, job_title, stated, imported, '
    "position"
)
KINDS = {
    "amendment": "amendment",
    "restated": "restated by its source",
    "stated_anew": "stated anew, no reason recorded",
}


class Amendment(NamedTuple):
    """One detail changed, as stored: personal texts still sealed.

    ``pupil``: row number, none for a parent's own details; ``parent``: id, none for a pupil's.
    """

    pupil: int | None
    parent: str | None
    field: str
    original: str | None
    amended: str | None
    reason: str | None
    by: str | None
    name: str | None
    job_title: str | None
    stated: int | None
    imported: bool
    position: int


def parents_of(view: View, pupils: Collection[int]) -> dict[str, set[int]]:
    """Return which of the pupils a parent was ever recorded as a parent or contact of."""
    found: dict[str, set[int]] = {}
    sql = "SELECT DISTINCT parent, pupil FROM relations WHERE kf <= ? AND sf <= ?"
    for parent, pupil in view.db.execute(sql, [view.position, view.stated]):
        if pupil in pupils:
            found.setdefault(parent, set()).add(pupil)
    return found


def amendments(view: View, describer: Describer, pupils: Collection[int]) -> list[dict[str, Any]]:
    """Return the amendments about some pupils and their parents, as they were recorded."""
    parents = parents_of(view, pupils)
    stored = [Amendment(*row) for row in view.stood(_COLUMNS, "admission_amendments")]
    found = [a for a in stored if _is_about(a, pupils, parents)]
    written = [_row(view, describer, a, parents) for a in found]
    explained = {(a.pupil, a.parent, a.field, describer.commit(a.position).first) for a in stored}
    for change in changed_details(view, describer, pupils, parents):
        commit = describer.commit(change.position)
        if (*change[:3], commit.first) not in explained:
            unexplained = Amendment(
                *change[:5], None, None, None, None, None, commit.source is not None,
                change.position,
            )  # fmt: skip
            by = None if unexplained.imported else commit.by
            written.append(_row(view, describer, unexplained._replace(by=by), parents))
    return sorted(written, key=lambda r: (r["position"], r["field"]))


def _is_about(a: Amendment, pupils: Collection[int], parents: dict[str, set[int]]) -> bool:
    return a.pupil in pupils if a.pupil is not None else a.parent in parents


def _row(
    view: View, describer: Describer, a: Amendment, parents: dict[str, set[int]]
) -> dict[str, Any]:
    commit = describer.commit(a.position)
    when = a.stated if a.imported else commit.at
    confidential = a.field == "address" and a.parent in confidential_parents(view)
    concerned = {a.pupil} if a.pupil is not None else parents[a.parent or ""]
    return {
        "upns": sorted(view.people[n].upn for n in concerned if n in view.people),
        "parent_id": a.parent,
        "about": "pupil" if a.parent is None else "parent" if a.pupil is None else "relation",
        "kind": _kind(a),
        "field": a.field,
        "original": _in_clear(view, a.original),
        "amended": _in_clear(view, a.amended),
        "reason": view.open(a.reason),
        "by": _author(view, describer, a, None if when is None else local_date(when)),
        "recorded_at": iso(commit.at),
        "stated_at": None if a.stated is None else iso(a.stated),
        "source": commit.source if a.imported else None,
        "position": a.position,
        "confidential": confidential,
    }


def confidential_parents(view: View) -> set[str]:
    """Return the parents whose address may not be told to anyone, by their ids."""
    where = "address_confidential = 'yes'"
    return {parent for (parent,) in view.stood("parent", "parents", where)}


def _kind(a: Amendment) -> str:
    if a.imported:
        return "restated"
    return "stated_anew" if a.reason is None else "amendment"


def _author(
    view: View, describer: Describer, a: Amendment, day: date | None
) -> dict[str, Any] | None:
    if a.by is None:
        return None
    commit = describer.commit(a.position)
    name, title = describer.name_and_title(a.by, day or local_date(commit.at))
    return {
        "name": view.open(a.name) or name,
        "job_title": a.job_title or title,
        "authenticated": AS_STATED if a.imported else commit.authenticated,
    }


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


def changed_details(
    view: View,
    describer: Describer,
    pupils: Collection[int],
    parents: Mapping[str, Collection[int]],
) -> Iterator[Change]:
    """Yield every detail of some pupils and parents that a later version of its record changed."""
    records = _Records(view, describer)
    for pupil in sorted(pupils):
        yield from records.changes("details", _Subject(pupil, None), "pupil = :v0", pupil)
        yield from records.spells(pupil)
    for parent in sorted(parents):
        yield from records.changes("parents", _Subject(None, parent), "parent = :v0", parent)
        for pupil in sorted(parents[parent]):
            where = "parent = :v0 AND pupil = :v1"
            yield from records.changes("relations", _Subject(pupil, parent), where, parent, pupil)


class _Subject(NamedTuple):
    """Whose detail it is, as in `Change`: a pupil's, a parent's, or of the one to the other."""

    pupil: int | None
    parent: str | None


class _Records(NamedTuple):
    """The records stated whole, version by version."""

    view: View
    describer: Describer

    def changes(
        self,
        table: str,
        subject: _Subject,
        where: str,
        *values: Any,  # noqa: ANN401 - SQL values
    ) -> Iterator[Change]:
        """Yield what differs from one version of a record to the next."""
        names = [n for n in columns_of(self.view.db, table) if n not in _KEYS]
        bound = {"p": self.view.position, "t": self.view.stated}
        bound.update({f"v{n}": value for n, value in enumerate(values)})
        columns = ", ".join(f'"{name}"' for name in names)
        known = f"kf <= :p AND sf <= :t AND {where}"
        sql = f"SELECT kf, {columns} FROM {table} WHERE {known} ORDER BY kf"  # noqa: S608
        rows = self.view.db.execute(sql, bound).fetchall()
        for before, after in pairwise(self._last_of_each_commit(rows)):
            for name, was, became in zip(names, before[1:], after[1:], strict=True):
                if was != became and _in_clear(self.view, was) != _in_clear(self.view, became):
                    yield Change(*subject, name, _text(name, was), _text(name, became), after[0])

    def spells(self, pupil: int) -> Iterator[Change]:
        """Yield what was changed of a pupil's spells; that one ends is no change of an entry."""
        sql = "SELECT DISTINCT starts_on FROM roll WHERE pupil = ? ORDER BY starts_on"
        for (starts_on,) in self.view.db.execute(sql, [pupil]).fetchall():
            where = "pupil = :v0 AND starts_on = :v1"
            for change in self.changes("roll", _Subject(pupil, None), where, pupil, starts_on):
                if change.original or change.field not in _OF_LEAVING:
                    yield change

    def _last_of_each_commit(self, rows: list[Any]) -> list[Any]:
        """Return the versions that a transaction left: within one a record may be built up."""
        return list({self.describer.commit(row[0]).first: row for row in rows}.values())


def _in_clear(view: View, value: object) -> object:
    """Open a sealed text; a flag or number that is not personal stands in clear."""
    return view.open(value) if isinstance(value, str) and value.startswith("~") else value


def _text(name: str, value: object) -> str | None:
    """Write a value as an amendment of it would: the one flag kept as a number as yes or no."""
    if name == "boarder":
        return "yes" if value else "no"
    return None if value is None else str(value)
