"""Every version of every mark and plan, every register taken, and conflicts with a source."""

from ledger.events import streams
from ledger.events.register import (
    AbsencePlanned,
    MarkAmended,
    MarkCorrected,
    PlanChanged,
    PlanWithdrawn,
    RegisterTaken,
    SessionMarked,
    SourceConflicted,
    SourceRestated,
)
from projections.readmodel.mark_rows import row_id, version_ids
from projections.readmodel.records import register as register_records
from projections.readmodel.records.register import Conflict, Mark, Plan
from projections.readmodel.tables import Handlers, Moment, Writer

_MARK = len(streams.MARK)
_NOTHING_MORE = (None, None, None, None)
Change = MarkCorrected | MarkAmended | SourceRestated
_KINDS: dict[type[Change], str] = {
    MarkCorrected: "taking",
    MarkAmended: "amendment",
    SourceRestated: "restated",
}


def _add_entry(writer: Writer, moment: Moment, stream: str, e: SessionMarked) -> None:
    # By place and not by name: hundreds of thousands of rows a year are made here.
    pupil_id, session = stream[_MARK:].split(":", 1)
    pupil = writer.pupils[pupil_id]
    kind = "late_entry" if e.late else "entry"
    first = (row_id(pupil, session), pupil, session, kind, e.code)
    rest = (e.by, e.stated, moment.imported, moment.position, moment.stated)
    texts = (e.minutes_late, e.nature, e.comment, e.reason)
    if texts == _NOTHING_MORE:
        writer.insert_usual(Mark, (*first, *rest))
        return
    by, stated, imported, kf, sf = rest
    row = (*first, None, *texts, by, None, None, None, stated, imported, kf, None, sf, None)
    writer.insert(Mark, row)


def _add_change(writer: Writer, moment: Moment, stream: str, e: Change) -> None:
    _, pupil_id, session = streams.parts(stream)
    pupil = writer.pupil(pupil_id)
    stated, latest = writer.end_between(Mark, version_ids(pupil, session), moment)
    amended = e if isinstance(e, MarkAmended) else None
    name, title, batch = (
        (amended.name, amended.job_title, amended.batch) if amended else (None,) * 3
    )
    place = (latest + 1, pupil, session, _KINDS[type(e)])
    said = (e.code, e.original, e.minutes_late, e.nature, None, e.reason)
    author = (e.by, name, title, batch, e.stated, moment.imported)
    writer.insert(Mark, (*place, *said, *author, moment.position, None, stated, None))
    if not moment.imported:
        writer.end(Conflict, moment, pupil=pupil, session=session)


def _put_conflict(writer: Writer, moment: Moment, stream: str, e: SourceConflicted) -> None:
    """Keep what a source states against a person here; nothing once it states what stands."""
    _, pupil, session = streams.parts(stream)
    key = {"pupil": writer.pupil(pupil), "session": session}
    if e.stands == e.code:
        writer.end(Conflict, moment, **key)
    else:
        writer.put(Conflict, moment, e, **key)


def _put_plan(writer: Writer, moment: Moment, stream: str, e: AbsencePlanned) -> None:
    _plan(writer, moment, stream, e, step="planned", replaced=None)


def _change_plan(writer: Writer, moment: Moment, stream: str, e: PlanChanged) -> None:
    _plan(writer, moment, stream, e, step="changed", replaced=e.original)


def _withdraw_plan(writer: Writer, moment: Moment, stream: str, e: PlanWithdrawn) -> None:
    gone = {"step": "withdrawn", "code": None, "nature": None}
    _plan(writer, moment, stream, e, replaced=e.original, **gone)


def _plan(
    writer: Writer,
    moment: Moment,
    stream: str,
    e: AbsencePlanned | PlanChanged | PlanWithdrawn,
    **said: str | None,
) -> None:
    _, pupil, session = streams.parts(stream)
    place = {"pupil": writer.pupil(pupil), "session": session, "imported": moment.imported}
    writer.put(Plan, moment, e, **place, **said)


def _put_register(writer: Writer, moment: Moment, stream: str, e: RegisterTaken) -> None:
    _, session, group = streams.parts(stream)
    writer.put(register_records.RegisterTaken, moment, e, session=session, grp=group)


HANDLERS: Handlers = {
    SessionMarked: _add_entry,
    MarkCorrected: _add_change,
    MarkAmended: _add_change,
    SourceRestated: _add_change,
    SourceConflicted: _put_conflict,
    AbsencePlanned: _put_plan,
    PlanChanged: _change_plan,
    PlanWithdrawn: _withdraw_plan,
    RegisterTaken: _put_register,
}
