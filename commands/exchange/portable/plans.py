"""Planned absences: the steps of ``plans.csv`` that the ledger does not hold yet."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from commands.exchange.portable import calendar
from commands.exchange.portable.occasions import StateBefore
from commands.exchange.portable.rows import PlanRow, event_of
from commands.exchange.portable.work import Work
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event, SourcedEvent
from ledger.events.register import AbsencePlanned, PlanChanged, PlanWithdrawn
from ledger.formats import fields
from ledger.formats.portable import PLANS, PlanStep

_EVENTS: Mapping[PlanStep, type[Event]] = {
    "planned": AbsencePlanned,
    "changed": PlanChanged,
    "withdrawn": PlanWithdrawn,
}
_STEPS = {event: step for step, event in _EVENTS.items()}
Statement = tuple[object, ...]


def record_plans(work: Work) -> None:
    """Record each step that is not held, in order of ``planned_on``."""
    steps: dict[str, list[PlanRow]] = defaultdict(list)
    for row in work.content.plans.rows:
        pupil = work.pupil(PLANS, row.line, row.upn)
        if pupil is not None and work.check(PLANS, row.line, _faults(work, row)):
            steps[streams.plan(pupil.id, row.session)].append(row)
    for stream, rows in steps.items():
        rows.sort(key=lambda row: row.stated or 0)
        _record(work, stream, rows)


def _faults(work: Work, row: PlanRow) -> Iterator[Refused | None]:
    yield fields.future_instant(row.stated, work.now, "planned_on")
    if row.by is not None and not _is_held(work, row, row.by):
        yield calendar.fault(work, row.by, local_date(row.stated or work.now))
    if row.step == "withdrawn":
        return
    if row.code is None:
        yield fields.empty("code", "say which code is expected")
    elif isinstance(why := work.code_rule(row.code, row.session), Refused):
        yield why


def _is_held(work: Work, row: PlanRow, staff_id: str) -> bool:
    """Tell whether a step was taken in while its author was on the staff, as then stated."""
    pupil_id = work.pupil_id(row.upn) or ""
    history = work.state.histories.get(streams.plan(pupil_id, row.session), [])
    absent = StateBefore(work.state).absent(staff_id, local_date(row.stated or work.now))
    return absent and (row.step, row.code, row.stated) in map(_statement, history)


def _record(work: Work, stream: str, rows: list[PlanRow]) -> None:
    history = work.state.histories.get(stream, [])
    held = [_statement(event) for event in history]
    stands = _standing(history)
    for row in rows:
        if (row.step, row.code, row.stated) in held:
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


def _statement(event: Event) -> Statement:
    stated = event.stated if isinstance(event, SourcedEvent) else None
    return _STEPS.get(type(event)), _code(event), stated


def _standing(history: list[Event]) -> str | None:
    return _code(history[-1]) if history else None


def _code(event: Event) -> str | None:
    """Return the code that is expected from this step on."""
    return event.code if isinstance(event, AbsencePlanned | PlanChanged) else None
