"""Requests for leave, and every step that was taken on each of them."""

from ledger.events import streams
from ledger.events.leave import LeaveDecided, LeaveFalsified, LeaveRequested, LeaveWithdrawn
from projections.readmodel.tables import Handlers, Moment, Table, Writer, iso

_KEY = {"pupil": int, "leave": str}
_NO_GRANT = (None, None, None, None)

TABLES = {
    "leave_requests": Table(
        key=("pupil", "leave"),
        columns={
            **_KEY,
            "first": str,
            "last": str,
            "purpose": str,
            "asked_on": str,
            "parent": str,
            "asked_by": str,
            "reason": str,
            "by": str,
            "at": int,
        },
    ),
    "leave_decisions": Table(
        key=("pupil", "leave", "line"),
        columns={
            **_KEY,
            "line": int,
            "step": str,
            "paragraph": str,
            "code": str,
            "first": str,
            "last": str,
            "reason": str,
            "letter_on": str,
            "batch": str,
            "by": str,
            "name": str,
            "job_title": str,
            "at": int,
        },
    ),
}


def _put_request(writer: Writer, moment: Moment, stream: str, e: LeaveRequested) -> None:
    _, pupil, leave = streams.parts(stream)
    asked = (e.first, e.last, e.purpose, iso(e.asked_on), e.parent, e.asked_by, e.reason, e.by)
    writer.put("leave_requests", (writer.pupil(pupil), leave), (*asked, moment.at), moment)


def _add_decision(writer: Writer, moment: Moment, stream: str, e: LeaveDecided) -> None:
    step = "granted" if e.granted else "refused"
    granted = (e.paragraph, e.code, e.first, e.last)
    _add_step(writer, moment, stream, (step, *granted, e.reason, iso(e.letter_on), None), e)


def _add_withdrawal(writer: Writer, moment: Moment, stream: str, e: LeaveWithdrawn) -> None:
    _add_step(writer, moment, stream, ("withdrawn", *_NO_GRANT, e.reason, None, None), e)


def _add_falsification(writer: Writer, moment: Moment, stream: str, e: LeaveFalsified) -> None:
    _add_step(writer, moment, stream, ("falsified", *_NO_GRANT, e.reason, None, e.batch), e)


def _add_step(
    writer: Writer,
    moment: Moment,
    stream: str,
    said: tuple[str | None, ...],
    e: LeaveDecided | LeaveWithdrawn | LeaveFalsified,
) -> None:
    _, pupil, leave = streams.parts(stream)
    key = (writer.pupil(pupil), leave, moment.position)
    author = (e.by, e.name, e.job_title, moment.at)
    writer.put("leave_decisions", key, (*said, *author), moment)


HANDLERS: Handlers = {
    LeaveRequested: _put_request,
    LeaveDecided: _add_decision,
    LeaveWithdrawn: _add_withdrawal,
    LeaveFalsified: _add_falsification,
}
