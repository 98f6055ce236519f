"""Amendments of the admission register as rows: reg 6(1)'s five, with title, and how told."""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import iso, local_date
from projections.queries.versions import AS_STATED, Describer
from projections.queries.view import View
from projections.roll.admission_restated import restated

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


def rows(view: View, describer: Describer, pupils: Collection[int]) -> list[dict[str, Any]]:
    """Return the amendments about some pupils and their parents, as they were recorded."""
    parents = parents_of(view, pupils)
    stored = [Amendment(*row) for row in view.stood(_COLUMNS, "admission_amendments")]
    found = [a for a in stored if _about(a, pupils, parents)]
    written = [_row(view, describer, a, parents) for a in found]
    explained = {(a.pupil, a.parent, a.field, describer.commit(a.position).first) for a in stored}
    for change in restated(view, describer, pupils, parents):
        commit = describer.commit(change.position)
        if (*change[:3], commit.first) not in explained:
            told = Amendment(
                *change[:5], None, None, None, None, None, commit.source is not None,
                change.position,
            )  # fmt: skip
            by = None if told.imported else commit.by
            written.append(_row(view, describer, told._replace(by=by), parents))
    return sorted(written, key=lambda r: (r["position"], r["field"]))


def _about(a: Amendment, pupils: Collection[int], parents: dict[str, set[int]]) -> bool:
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
        "original": _open(view, a.original),
        "amended": _open(view, a.amended),
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
    name, title = describer.named(a.by, day or local_date(commit.at))
    return {
        "name": view.open(a.name) or name,
        "job_title": a.job_title or title,
        "authenticated": AS_STATED if a.imported else commit.authenticated,
    }


def _open(view: View, text: str | None) -> str | None:
    """Open a detail; a flag or number that is not personal stands in clear."""
    return view.open(text) if text is not None and text.startswith("~") else text
