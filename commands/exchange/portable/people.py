"""Families, notices to them and steps with them: rows that are new or differ become facts."""

from collections import Counter
from datetime import date
from itertools import starmap
from typing import Any

from commands.exchange.portable.rows import NoticeRow, ParentRow, RelationRow
from commands.exchange.portable.voices import (
    NOTICE_DETAILS,
    PARENT_DETAILS,
    RELATION_DETAILS,
    attributes,
)
from commands.exchange.portable.work import Work
from ledger.events import streams
from ledger.events.base import replace
from ledger.events.casework import CaseworkStepTaken
from ledger.events.penalties import NoticeStated
from ledger.events.roll import ParentRecorded, RelationRecorded
from ledger.formats import fields
from ledger.formats.portable import CASEWORK, FILES, NOTICES, PARENTS, RELATIONS

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
    stands = {name: work.text(getattr(held, name)) if held else None for name in PARENT_DETAILS}
    stated: dict[str, Any] = {name: getattr(row, name) or stands[name] for name in PARENT_DETAILS}
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
        if _relation_in_order(work, row, rows):
            rows.append(row)
    for (parent_id, pupil_id), rows in newest.items():
        _record_relation(work, parent_id, pupil_id, sorted(rows, key=_begins))
    if work.content.relations.has:
        left = work.school.relations.keys() - newest.keys()
        work.missing("relations", starmap(work.voices.relation, left))


def _begins(row: RelationRow) -> date:
    return row.since or date.min


def _relation_in_order(work: Work, row: RelationRow, others: list[RelationRow]) -> bool:
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
        stated: dict[str, Any] = {
            n: _relation_stated(work, row, n, held) for n in RELATION_DETAILS
        }
        stated |= work.stands(RELATIONS, row.line, voice, stated)
        stands = {name: _relation_held(work, held, name) for name in RELATION_DETAILS}
        if held is None or stated != stands:
            event = RelationRecorded(**stated, stated=row.stated, row=row.line)
            work.record("relations", streams.relation(parent_id, pupil_id), event)


def _relation_stated(
    work: Work, row: RelationRow, name: str, held: RelationRecorded | None
) -> object:
    """Return what a row states; a column that is not in the file leaves what is held."""
    column = _COLUMN_OF.get(name, name)
    if column in FILES[RELATIONS].optional and column not in work.content.relations.has:
        return _relation_held(work, held, name)
    return getattr(row, name)


def _relation_held(work: Work, held: RelationRecorded | None, name: str) -> object:
    value = getattr(held, name) if held else None
    return work.text(value) if name == "relationship" else value


# Penalty notices as their source states them: those that are new or stated otherwise.

_DATES = ("issued_on", "offence_first", "offence_last", "received_on", "paid_on", "withdrawn_on",
          "outcome_on")  # fmt: skip
_AFTER_ISSUE = ("received_on", "paid_on", "withdrawn_on", "outcome_on")
Key = tuple[str, str, date, date | None]
"""Stream, kind, first day and beginning of the offence: what makes two rows one notice."""


def record_notices(work: Work) -> None:
    """Record each notice that is new or differs from what was stated last.

    Nothing here asks whether a notice should have been issued: it was.
    """
    held = {_notice_key(s, n): n for s, found in work.school.notices.items() for n in found}
    seen: set[Key] = set()
    for row in work.content.notices.rows:
        pupil = work.pupil(NOTICES, row.line, row.upn)
        known = work.parent_known(NOTICES, row.line, row.parent_id)
        if not _notice_in_order(work, row) or pupil is None or not known:
            continue
        stream = streams.notices(row.parent_id, pupil.id)
        key = _notice_key(stream, row)
        voice = work.voices.notice(stream, key[1:])
        notice = _notice(work, row, held.get(key))
        notice = replace(
            notice, **work.stands(NOTICES, row.line, voice, attributes(notice, NOTICE_DETAILS))
        )
        if key in seen:
            what = f"the notice of {row.issued_on} to {row.parent_id} for {row.upn}"
            work.problems.refuse(NOTICES, row.line, fields.twice(what))
        elif key not in held or _notice_details(held[key]) != _notice_details(notice):
            work.record("notices", stream, notice)
        seen.add(key)
    if work.content.notices.has:
        left = held.keys() - seen
        work.missing("notices", (work.voices.notice(key[0], key[1:]) for key in left))


def _notice_key(stream: str, notice: NoticeStated | NoticeRow) -> Key:
    return stream, notice.kind, notice.issued_on, notice.offence_first


def _notice_details(notice: NoticeStated) -> list[object]:
    return [getattr(notice, name) for name in NOTICE_DETAILS]


def _notice_in_order(work: Work, row: NoticeRow) -> bool:
    pairs = [("offence_first", "offence_last"), *(("issued_on", name) for name in _AFTER_ISSUE)]
    checks = [
        *(fields.reversed_dates(getattr(row, a), getattr(row, b), (a, b)) for a, b in pairs),
        *(fields.future_day(getattr(row, name), work.today, name) for name in _DATES),
        fields.future_instant(row.stated, work.now, "recorded_on"),
    ]
    return work.check(NOTICES, row.line, checks)


def _notice(work: Work, row: NoticeRow, held: NoticeStated | None) -> NoticeStated:
    """Return what a row states; a column that is not in the file leaves what is held."""
    stated = NoticeStated(
        **{name: getattr(row, name) for name in (*NOTICE_DETAILS, "stated")}, row=row.line
    )
    absent = set(FILES[NOTICES].optional) - work.content.notices.has - {"recorded_on"}
    return replace(stated, **{name: getattr(held, name) for name in absent}) if held else stated


# Steps with families: each row of ``casework.csv`` that the ledger does not hold yet.

Statement = tuple[object, ...]


def record_casework(work: Work) -> None:
    """Record each step that is not held; two equal rows are two steps."""
    held: dict[str, Counter[Statement]] = {}
    unseen = sum(map(len, work.school.casework.values()))
    for row in work.content.casework.rows:
        pupil = work.pupil(CASEWORK, row.line, row.upn)
        if pupil is None:
            continue
        stream = streams.casework(pupil.id)
        if stream not in held:
            steps = work.school.casework.get(stream, ())
            held[stream] = Counter(_step_details(work, step) for step in steps)
        said = tuple(row[2:])
        if held[stream][said]:
            held[stream][said] -= 1
            unseen -= 1
            continue
        step = CaseworkStepTaken(
            step=row.step,
            on=row.on,
            by=row.by,
            with_whom=row.with_whom,
            outcome=row.outcome,
            notes=row.notes,
            row=row.line,
        )
        work.record("casework steps", stream, step)
    if work.content.casework.has:
        work.gone["casework steps"] += unseen


def _step_details(work: Work, step: CaseworkStepTaken) -> Statement:
    """Return what a step held says, in the order of a row's columns."""
    texts = (work.text(text) for text in (step.with_whom, step.outcome, step.notes))
    return (step.step, step.on, step.by, *texts)
