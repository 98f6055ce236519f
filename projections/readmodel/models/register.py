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
from projections.readmodel.mark_rows import VERSIONS, row_id
from projections.readmodel.tables import Handlers, Moment, Table, Writer

_VERSION = {
    "id": int,
    "pupil": int,
    "session": str,
    "kind": str,
    "code": str,
    "replaced": str,
    "minutes_late": int,
    "nature": str,
    "comment": str,
    "reason": str,
    "by": str,
    "name": str,
    "job_title": str,
    "batch": str,
    "stated": int,
    "imported": int,
}
_MARK = len(streams.MARK)
_NOTHING_MORE = (None, None, None, None)
Change = MarkCorrected | MarkAmended | SourceRestated
_KINDS: dict[type[Change], str] = {
    MarkCorrected: "taking",
    MarkAmended: "amendment",
    SourceRestated: "restated",
}
TABLES = {
    "marks": Table(
        key=("id",),
        columns=_VERSION,
        row_id=True,
        usual=("id", "pupil", "session", "kind", "code", "by", "stated", "imported", "kf", "sf"),
    ),
    "plans": Table(
        key=("pupil", "session"),
        columns={
            "pupil": int,
            "session": str,
            "step": str,
            "code": str,
            "replaced": str,
            "nature": str,
            "reason": str,
            "by": str,
            "stated": int,
            "imported": int,
        },
    ),
    "registers_taken": Table(
        key=("session", "grp"),
        columns={"session": str, "grp": str, "by": str, "opened": int, "ended": int, "marks": int},
    ),
    "conflicts": Table(
        key=("pupil", "session"),
        columns={"pupil": int, "session": str, "stands": str, "code": str, "stated": int},
    ),
}


def _add_entry(writer: Writer, moment: Moment, stream: str, e: SessionMarked) -> None:
    pupil_id, session = stream[_MARK:].split(":", 1)
    pupil = writer.pupils[pupil_id]
    kind = "late_entry" if e.late else "entry"
    first = (row_id(pupil, session), pupil, session, kind, e.code)
    rest = (e.by, e.stated, moment.imported, moment.position, moment.stated)
    texts = (e.minutes_late, e.nature, e.comment, e.reason)
    if texts == _NOTHING_MORE:
        writer.insert_usual("marks", (*first, *rest))
        return
    by, stated, imported, kf, sf = rest
    row = (*first, None, *texts, by, None, None, None, stated, imported, kf, None, sf, None)
    writer.insert("marks", row)


def _add_change(writer: Writer, moment: Moment, stream: str, e: Change) -> None:
    _, pupil_id, session = streams.parts(stream)
    pupil = writer.pupil(pupil_id)
    first = row_id(pupil, session)
    latest = writer.current("marks", "id, sf", "id BETWEEN ? AND ?", (first, first + VERSIONS - 1))
    sf = max(latest[1], moment.stated)
    writer.db.execute(
        "UPDATE marks SET kt = ?, st = ? WHERE id = ?", [moment.position, sf, latest[0]]
    )
    amended = e if isinstance(e, MarkAmended) else None
    name, title, batch = (
        (amended.name, amended.job_title, amended.batch) if amended else (None,) * 3
    )
    writer.insert(
        "marks",
        (
            latest[0] + 1,
            pupil,
            session,
            _KINDS[type(e)],
            e.code,
            e.original,
            e.minutes_late,
            e.nature,
            None,
            e.reason,
            e.by,
            name,
            title,
            batch,
            e.stated,
            moment.imported,
            moment.position,
            None,
            sf,
            None,
        ),
    )
    if not moment.imported:
        writer.end("conflicts", (pupil, session), moment)


def _put_conflict(writer: Writer, moment: Moment, stream: str, e: SourceConflicted) -> None:
    """Keep what a source states against a person here; nothing once it states what stands."""
    _, pupil, session = streams.parts(stream)
    key = (writer.pupil(pupil), session)
    if e.stands == e.code:
        writer.end("conflicts", key, moment)
    else:
        writer.put("conflicts", key, (e.stands, e.code, e.stated), moment)


def _put_plan(
    writer: Writer, moment: Moment, stream: str, e: AbsencePlanned | PlanChanged
) -> None:
    _, pupil, session = streams.parts(stream)
    changed = isinstance(e, PlanChanged)
    original = e.original if isinstance(e, PlanChanged) else None
    payload = (
        "changed" if changed else "planned",
        e.code,
        original,
        e.nature,
        e.reason,
        e.by,
        e.stated,
        moment.imported,
    )
    writer.put("plans", (writer.pupil(pupil), session), payload, moment)


def _withdraw_plan(writer: Writer, moment: Moment, stream: str, e: PlanWithdrawn) -> None:
    _, pupil, session = streams.parts(stream)
    payload = ("withdrawn", None, e.original, None, e.reason, e.by, e.stated, moment.imported)
    writer.put("plans", (writer.pupil(pupil), session), payload, moment)


def _put_register(writer: Writer, moment: Moment, stream: str, e: RegisterTaken) -> None:
    _, session, group = streams.parts(stream)
    writer.put("registers_taken", (session, group), (e.by, e.opened, e.ended, e.marks), moment)


HANDLERS: Handlers = {
    SessionMarked: _add_entry,
    MarkCorrected: _add_change,
    MarkAmended: _add_change,
    SourceRestated: _add_change,
    SourceConflicted: _put_conflict,
    AbsencePlanned: _put_plan,
    PlanChanged: _put_plan,
    PlanWithdrawn: _withdraw_plan,
    RegisterTaken: _put_register,
}
