"""Parents and other contacts, and what they are to pupils."""

from datetime import date
from itertools import starmap
from typing import Any

from commands.exchange.portable.rows import ParentRow, RelationRow
from commands.exchange.portable.stated import PARENT, RELATION
from commands.exchange.portable.work import Work
from ledger.events import streams
from ledger.events.families import ParentRecorded, RelationRecorded
from ledger.formats import fields
from ledger.formats.portable import FILES, PARENTS, RELATIONS

_COLUMN_OF = {"since": "from", "until": "to"}


def record_parents(work: Work) -> None:
    """Record the parents who are new or whose details differ; an empty cell changes nothing."""
    seen: set[str] = set()
    for row in work.content.parents.rows:
        if row.parent_id in seen:
            work.problems.refuse(PARENTS, row.line, fields.twice(f"parent {row.parent_id}"))
            continue
        seen.add(row.parent_id)
        _record_parent(work, row)
    if work.content.parents.has:
        left = work.school.parents.keys() - seen
        work.missing("parents", map(work.voices.parent, left))


def _record_parent(work: Work, row: ParentRow) -> None:
    held = work.school.parents.get(row.parent_id)
    stands = {name: work.text(getattr(held, name)) if held else None for name in PARENT}
    stated: dict[str, Any] = {name: getattr(row, name) or stands[name] for name in PARENT}
    voice = work.voices.parent(row.parent_id)
    stated |= work.stands(PARENTS, row.line, voice, stated)
    if held is None or stated != stands:
        event = ParentRecorded(**stated, row=row.line)
        work.record("parents", streams.parent(row.parent_id), event)


def record_relations(work: Work) -> None:
    """Record the relations that are new or differ; an empty cell says that it is not known."""
    newest: dict[tuple[str, str], list[RelationRow]] = {}
    for row in work.content.relations.rows:
        pupil = work.pupil(RELATIONS, row.line, row.upn)
        known = work.parent_known(RELATIONS, row.line, row.parent_id)
        if pupil is None or not known:
            continue
        rows = newest.setdefault((row.parent_id, pupil.id), [])
        if _in_order(work, row, rows):
            rows.append(row)
    for (parent_id, pupil_id), rows in newest.items():
        _record_relation(work, parent_id, pupil_id, sorted(rows, key=_begins))
    if work.content.relations.has:
        left = work.school.relations.keys() - newest.keys()
        work.missing("relations", starmap(work.voices.relation, left))


def _begins(row: RelationRow) -> date:
    return row.since or date.min


def _in_order(work: Work, row: RelationRow, others: list[RelationRow]) -> bool:
    again = any(row.since == other.since for other in others)
    what = f"what {row.parent_id} is to {row.upn}"
    dates = fields.reversed_dates(row.since, row.until, ("from", "to"))
    return work.check(RELATIONS, row.line, [dates, fields.twice(what) if again else None])


def _record_relation(work: Work, parent_id: str, pupil_id: str, rows: list[RelationRow]) -> None:
    """Record a relation's rows: all of one that is new, else the newest where it differs.

    The ledger's state keeps the newest only.
    """
    if not rows:
        return
    held = work.school.relations.get((parent_id, pupil_id))
    new = rows if held is None else rows[-1:]
    voice = work.voices.relation(parent_id, pupil_id)
    for row in new:
        stated: dict[str, Any] = {n: _stated(work, row, n, held) for n in RELATION}
        stated |= work.stands(RELATIONS, row.line, voice, stated)
        stands = {name: _held(work, held, name) for name in RELATION}
        if held is None or stated != stands:
            event = RelationRecorded(**stated, stated=row.stated, row=row.line)
            work.record("relations", streams.relation(parent_id, pupil_id), event)


def _stated(work: Work, row: RelationRow, name: str, held: RelationRecorded | None) -> object:
    """Return what a row states; a column that is not in the file leaves what is held."""
    column = _COLUMN_OF.get(name, name)
    if column in FILES[RELATIONS].optional and column not in work.content.relations.has:
        return _held(work, held, name)
    return getattr(row, name)


def _held(work: Work, held: RelationRecorded | None, name: str) -> object:
    value = getattr(held, name) if held else None
    return work.text(value) if name == "relationship" else value
