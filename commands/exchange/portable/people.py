"""Families, notices, planned absences: what is new or differs of each."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial

from commands.core import families
from commands.exchange.portable import calendar
from commands.exchange.portable.occasions import StateBefore
from commands.exchange.portable.rows import (
    NoticeRow,
    ParentRow,
    PlanRow,
    RelationRow,
    event_of,
    lacking_details,
)
from commands.exchange.portable.voices import (
    NOTICE_DETAILS,
    PARENT_DETAILS,
    RELATION_DETAILS,
    Details,
    Record,
    attributes,
    differing,
)
from commands.exchange.portable.work import Work, in_time, is_again, new_versions, not_held
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import NoticeNamed
from ledger.events.base import Event, SourcedEvent, each_sealed, replace
from ledger.events.penalties import NoticeStated
from ledger.events.register import AbsencePlanned, PlanChanged, PlanWithdrawn
from ledger.events.roll import ParentRecorded, RelationRecorded
from ledger.formats import fields
from ledger.formats.portable import NOTICES, PARENTS, PLANS, RELATIONS, PlanStep


def record_parents(work: Work) -> None:
    """Record the parents who are new or whose details differ; an empty cell changes nothing.

    Of several rows of a parent each is a version, which says all that was known then.
    """
    versions: dict[str, list[ParentRow]] = defaultdict(list)
    for row in work.content.parents.rows:
        if is_again(row, versions[row.parent_id]):
            work.problems.refuse(PARENTS, row.line, fields.twice(f"parent {row.parent_id}"))
        else:
            versions[row.parent_id].append(row)
    for parent_id, rows in versions.items():
        held = work.school.parents.get(parent_id)
        stands = None if held is None else work.opened(held, PARENT_DETAILS)
        for row in new_versions(rows, stands, _parent):
            _record_parent(work, row, whole=len(rows) > 1)
    if work.content.parents.has:
        left = work.school.parents.keys() - versions.keys()
        work.missing("parents", ((streams.parent(parent_id), None) for parent_id in left))


def _parent(row: ParentRow) -> Details:
    return attributes(row, PARENT_DETAILS)


def _record_parent(work: Work, row: ParentRow, *, whole: bool) -> None:
    """Record a parent's row where it differs; ``whole``: also where a cell is empty now."""
    held = work.school.parents.get(row.parent_id)
    stands = work.opened(held, PARENT_DETAILS)
    stated = {name: said or stands[name] for name, said in _parent(row).items()}
    if whole:
        stated = _parent(row)
    stream = streams.parent(row.parent_id)
    stated |= work.stands(PARENTS, row.line, (stream, None), stated)
    if held is not None and not differing(stated, stands):
        return
    if held is not None and row.parent_id in work.state.school.parents:
        who = f"parent {row.parent_id}"
        confidential = "yes" in (held.address_confidential, stated["address_confidential"])
        hidden = ("address",) if confidential else ()
        work.amends((PARENTS, row.line), who, stated, stands, hidden)
        _find_uncovered(work, row, held.address_confidential, stated["address_confidential"])
    work.record("parents", stream, ParentRecorded(**stated, stated=row.stated, row=row.line))


def _find_uncovered(work: Work, row: ParentRow, held: str | None, stated: str | None) -> None:
    """Find a confidential address that would be none any more, where nobody answers for it."""
    if held == "yes" and stated != "yes" and not work.is_named:
        why = Refused(
            "address-confidential",
            f"the address of parent {row.parent_id} is confidential, and nobody is named who says "
            "that it is no more",
            "import with --as STAFF_ID, or record it with attendance parent record",
        )
        work.problems.find(PARENTS, row.line, why)


def record_relations(work: Work) -> None:
    """Record the relations that are new or differ; an empty cell says that it is not known."""
    stated: dict[tuple[str, str], list[RelationRow]] = defaultdict(list)
    for row in work.content.relations.rows:
        pupil = work.child(RELATIONS, row)
        if pupil is None:
            continue
        rows = stated[row.parent_id, pupil.id]
        what = f"what {row.parent_id} is to {row.upn}"
        alike = [each for each in rows if each.since == row.since]
        if work.in_order(RELATIONS, row, what, again=is_again(row, alike)):
            rows.append(row)
    for key, rows in stated.items():
        in_order = sorted(in_time(rows), key=lambda row: row.since or date.min)
        _record_relation(work, key, in_order)
    if work.content.relations.has:
        left = work.school.relations.keys() - stated.keys()
        work.missing("relations", ((streams.relation(*key), None) for key in left))


def _record_relation(work: Work, key: tuple[str, str], rows: list[RelationRow]) -> None:
    """Record a relation's rows: all of one that is new, else the newest where it differs.

    The ledger's state keeps the newest only.
    """
    held, stream = work.school.relations.get(key), streams.relation(*key)
    stands = work.opened(held, RELATION_DETAILS)
    lacking = lacking_details(RelationRow, work.content.relations.has)
    for row in rows if held is None else rows[-1:]:
        stated = attributes(row, RELATION_DETAILS) | {name: stands[name] for name in lacking}
        stated |= work.stands(RELATIONS, row.line, (stream, None), stated)
        if held is None or differing(stated, stands):
            if held is not None:
                who = f"what {row.parent_id} is to {row.upn}"
                work.amends((RELATIONS, row.line), who, stated, stands)
            event = RelationRecorded(**stated, stated=row.stated, row=row.line)
            work.record("relations", stream, event)


# Penalty notices as their source states them: those that are new or stated otherwise.

_DATES = ("issued_on", "offence_first", "offence_last", "received_on", "paid_on", "withdrawn_on",
          "outcome_on")  # fmt: skip
_AFTER_ISSUE = ("received_on", "paid_on", "withdrawn_on", "outcome_on")


def record_notices(work: Work) -> None:
    """Record each notice that is new or differs from what was stated last.

    Nothing here asks whether a notice should have been issued: it was.
    """
    held = {
        _notice_key(stream, notice): each_sealed(notice, work.state.open_text)
        for stream, found in work.school.notices.items()
        for notice in found
    }
    taken_back = work.school.wrong_notices.items()
    wrong = {_notice_key(s, n) for s, found in taken_back for n in found}.difference(held)
    stated: dict[Record, list[NoticeRow]] = defaultdict(list)
    for row in work.content.notices.rows:
        pupil = work.child(NOTICES, row)
        if not _notice_in_order(work, row) or pupil is None:
            continue
        versions = stated[_notice_key(streams.notices(row.parent_id, pupil.id), row)]
        what = f"the notice of {row.issued_on} to {row.parent_id} for {row.upn}"
        again = fields.twice(what) if is_again(row, versions) else None
        if work.check(NOTICES, row.line, [again]):
            versions.append(row)
    for key, rows in stated.items():
        if key in wrong:
            for row in rows:
                work.differ(NOTICES, row.line)
            continue
        _record_notice(work, key, in_time(rows), held.get(key))
    if work.content.notices.has:
        work.missing("notices", held.keys() - stated.keys())


def _record_notice(
    work: Work, key: Record, rows: list[NoticeRow], held: NoticeStated | None
) -> None:
    """Record each version that differs from the one before it."""
    for row in rows if held is None else not_held(rows, partial(_is_held, work, held)):
        notice = _notice(work, row, held)
        stated = attributes(notice, NOTICE_DETAILS)
        notice = replace(notice, **work.stands(NOTICES, row.line, key, stated))
        if held is None or _differ(held, notice):
            if held is None:
                work.find_unrelated(NOTICES, row.line, key[0])
            else:
                _tell_notice(work, row, held, notice)
            work.record("notices", key[0], notice)
            held = notice


def _is_held(work: Work, held: NoticeStated, row: NoticeRow) -> bool:
    return not _differ(held, _notice(work, row, held))


def _notice_key(stream: str, notice: NoticeStated | NoticeRow | NoticeNamed) -> Record:
    """Return what makes two rows one notice, besides parent and pupil: kind and first days."""
    return stream, (notice.kind, notice.issued_on, notice.offence_first)


def _differ(held: NoticeStated, stated: NoticeStated) -> bool:
    said, holds = (attributes(each, NOTICE_DETAILS) for each in (stated, held))
    return bool(differing(said, holds))


def _tell_notice(work: Work, row: NoticeRow, held: NoticeStated, stated: NoticeStated) -> None:
    who = f"notice of {row.issued_on} to {row.parent_id} for {row.upn}"
    said, holds = (attributes(each, NOTICE_DETAILS) for each in (stated, held))
    work.amends((NOTICES, row.line), who, said, holds)


def _notice_in_order(work: Work, row: NoticeRow) -> bool:
    pairs = [("offence_first", "offence_last"), *(("issued_on", name) for name in _AFTER_ISSUE)]
    found = [
        *(fields.reversed_dates(getattr(row, a), getattr(row, b), (a, b)) for a, b in pairs),
        *(fields.future_day(getattr(row, name), work.today, name) for name in _DATES),
        fields.future_instant(row.stated, work.now, "recorded_on"),
        families.ground_alone(row),
    ]
    return work.check(NOTICES, row.line, found)


def _notice(work: Work, row: NoticeRow, held: NoticeStated | None) -> NoticeStated:
    """Return what a row states; a column that is not in the file leaves what is held."""
    stated = event_of(NoticeStated, row)
    lacking = lacking_details(NoticeRow, work.content.notices.has)
    return replace(stated, **attributes(held, lacking)) if held else stated


# Planned absences: the steps of ``plans.csv`` that the ledger does not hold yet.

_EVENTS: Mapping[PlanStep, type[Event]] = {
    "planned": AbsencePlanned,
    "changed": PlanChanged,
    "withdrawn": PlanWithdrawn,
}
_STEPS = {event: step for step, event in _EVENTS.items()}


def record_plans(work: Work) -> None:
    """Record each step that is not held, in order of ``planned_on``."""
    steps: dict[str, list[PlanRow]] = defaultdict(list)
    for row in work.content.plans.rows:
        pupil = work.pupil(PLANS, row.line, row.upn)
        if pupil is None:
            continue
        stream = streams.plan(pupil.id, row.session)
        held = map(_statement, work.state.histories.get(stream, ()))
        if work.check(PLANS, row.line, _plan_faults(work, row, is_held=_said(row) in held)):
            steps[stream].append(row)
    for stream, rows in steps.items():
        _record_steps(work, stream, sorted(rows, key=lambda row: row.stated or 0))


def _plan_faults(work: Work, row: PlanRow, *, is_held: bool) -> Iterator[Refused | None]:
    yield fields.future_instant(row.stated, work.now, "planned_on")
    if row.by is not None:
        day = local_date(row.stated or work.now)
        # A step that was taken in while its author was on the staff, as then stated, stays good.
        if not (is_held and StateBefore(work.state).absent(row.by, day)):
            yield calendar.fault(work, row.by, day)
    if row.step == "withdrawn":
        return
    if row.code is None:
        yield fields.empty("code", "say which code is expected")
    elif isinstance(why := work.code_rule(row.code, row.session), Refused):
        yield why


def _record_steps(work: Work, stream: str, rows: list[PlanRow]) -> None:
    history = work.state.histories.get(stream, [])
    held = [_statement(event) for event in history]
    stands = _code(history[-1]) if history else None
    for row in rows:
        if _said(row) in held:
            continue
        if (stands is None) != (row.step == "planned"):
            what = "nothing" if stands is None else stands
            why = Refused(
                "plan-order",
                f"{row.step}, but {what} was planned for {row.session} until then",
                "correct step, or planned_on, which sets the order",
            )
            work.problems.refuse(PLANS, row.line, why)
            return
        original = {} if row.step == "planned" else {"original": stands}
        work.record("plans", stream, event_of(_EVENTS[row.step], row, **original))
        stands = None if row.step == "withdrawn" else row.code


def _said(row: PlanRow) -> tuple[object, ...]:
    return row.step, row.code, row.stated


def _statement(event: Event) -> tuple[object, ...]:
    stated = event.stated if isinstance(event, SourcedEvent) else None
    return _STEPS.get(type(event)), _code(event), stated


def _code(event: Event) -> str | None:
    """Return the code that is expected from this step on."""
    return event.code if isinstance(event, AbsencePlanned | PlanChanged) else None
