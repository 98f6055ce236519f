"""Families, notices to them and steps with them: rows that are new or differ become facts."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from commands.exchange.portable.rows import NoticeRow, ParentRow, RelationRow, event_of
from commands.exchange.portable.voices import (
    NOTICE_DETAILS,
    PARENT_DETAILS,
    RELATION_DETAILS,
    Record,
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
        work.missing("parents", ((streams.parent(parent_id), None) for parent_id in left))


def _record_parent(work: Work, row: ParentRow) -> None:
    held = work.school.parents.get(row.parent_id)
    stands = {name: work.text(getattr(held, name)) if held else None for name in PARENT_DETAILS}
    stated: dict[str, Any] = {name: getattr(row, name) or stands[name] for name in PARENT_DETAILS}
    stream = streams.parent(row.parent_id)
    stated |= work.stands(PARENTS, row.line, (stream, None), stated)
    if held is None or stated != stands:
        work.record("parents", stream, ParentRecorded(**stated, row=row.line))


def record_relations(work: Work) -> None:
    """Record the relations that are new or differ; an empty cell says that it is not known."""
    stated: dict[tuple[str, str], list[RelationRow]] = defaultdict(list)
    for row in work.content.relations.rows:
        pupil = work.child(RELATIONS, row)
        if pupil is None:
            continue
        rows = stated[row.parent_id, pupil.id]
        what = f"what {row.parent_id} is to {row.upn}"
        if work.in_order(RELATIONS, row, what, again=row.since in [each.since for each in rows]):
            rows.append(row)
    for key, rows in stated.items():
        _record_relation(work, key, sorted(rows, key=lambda row: row.since or date.min))
    if work.content.relations.has:
        left = work.school.relations.keys() - stated.keys()
        work.missing("relations", ((streams.relation(*key), None) for key in left))


def _record_relation(work: Work, key: tuple[str, str], rows: list[RelationRow]) -> None:
    """Record a relation's rows: all of one that is new, else the newest where it differs.

    The ledger's state keeps the newest only.
    """
    held, stream = work.school.relations.get(key), streams.relation(*key)
    stands = {name: _relation_held(work, held, name) for name in RELATION_DETAILS}
    for row in rows if held is None else rows[-1:]:
        stated: dict[str, Any] = {
            name: stands[name] if _is_absent(work, name) else getattr(row, name)
            for name in RELATION_DETAILS
        }
        stated |= work.stands(RELATIONS, row.line, (stream, None), stated)
        if held is None or stated != stands:
            event = RelationRecorded(**stated, stated=row.stated, row=row.line)
            work.record("relations", stream, event)


def _is_absent(work: Work, name: str) -> bool:
    """Tell whether the file has no column for a detail, so that what is held stays."""
    column = _COLUMN_OF.get(name, name)
    return column in FILES[RELATIONS].optional and column not in work.content.relations.has


def _relation_held(work: Work, held: RelationRecorded | None, name: str) -> object:
    value = getattr(held, name) if held else None
    return work.text(value) if name == "relationship" else value


# Penalty notices as their source states them: those that are new or stated otherwise.

_DATES = ("issued_on", "offence_first", "offence_last", "received_on", "paid_on", "withdrawn_on",
          "outcome_on")  # fmt: skip
_AFTER_ISSUE = ("received_on", "paid_on", "withdrawn_on", "outcome_on")


def record_notices(work: Work) -> None:
    """Record each notice that is new or differs from what was stated last.

    Nothing here asks whether a notice should have been issued: it was.
    """
    held = {_notice_key(s, n): n for s, found in work.school.notices.items() for n in found}
    seen: set[Record] = set()
    for row in work.content.notices.rows:
        pupil = work.child(NOTICES, row)
        if not _notice_in_order(work, row) or pupil is None:
            continue
        key = _notice_key(streams.notices(row.parent_id, pupil.id), row)
        notice = _notice(work, row, held.get(key))
        stated = attributes(notice, NOTICE_DETAILS)
        notice = replace(notice, **work.stands(NOTICES, row.line, key, stated))
        if key in seen:
            what = f"the notice of {row.issued_on} to {row.parent_id} for {row.upn}"
            work.problems.refuse(NOTICES, row.line, fields.twice(what))
        elif key not in held or _differ(held[key], notice):
            work.record("notices", key[0], notice)
        seen.add(key)
    if work.content.notices.has:
        work.missing("notices", held.keys() - seen)


def _notice_key(stream: str, notice: NoticeStated | NoticeRow) -> Record:
    """Return what makes two rows one notice, besides parent and pupil: kind and first days."""
    return stream, (notice.kind, notice.issued_on, notice.offence_first)


def _differ(held: NoticeStated, stated: NoticeStated) -> bool:
    return attributes(held, NOTICE_DETAILS) != attributes(stated, NOTICE_DETAILS)


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
    stated = event_of(NoticeStated, row)
    absent = set(FILES[NOTICES].optional) - work.content.notices.has - {"recorded_on"}
    return replace(stated, **{name: getattr(held, name) for name in absent}) if held else stated


# Steps with families: each row of ``casework.csv`` that the ledger does not hold yet.

_STEP = ("step", "on", "by", "with_whom", "outcome", "notes")
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
        said = tuple(attributes(row, _STEP).values())
        if held[stream][said]:
            held[stream][said] -= 1
            unseen -= 1
            continue
        work.record("casework steps", stream, event_of(CaseworkStepTaken, row))
    if work.content.casework.has:
        work.gone["casework steps"] += unseen


def _step_details(work: Work, step: CaseworkStepTaken) -> Statement:
    texts = (work.text(text) for text in (step.with_whom, step.outcome, step.notes))
    return (step.step, step.on, step.by, *texts)
