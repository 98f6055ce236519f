"""Requests for leave, and every step that was taken on each of them."""

from typing import Any

from ledger.events import streams
from ledger.events.leave import LeaveDecided, LeaveFalsified, LeaveRequested, LeaveWithdrawn
from projections.readmodel.records.leave import LeaveAsked, LeaveStep
from projections.readmodel.tables import Handlers, Moment, Writer

_NO_GRANT = dict.fromkeys(("paragraph", "code", "first", "last", "letter_on"))


def _put_request(writer: Writer, moment: Moment, stream: str, e: LeaveRequested) -> None:
    _, pupil, leave = streams.parts(stream)
    writer.put(LeaveAsked, moment, e, pupil=writer.pupil(pupil), leave=leave, at=moment.at)


def _add_decision(writer: Writer, moment: Moment, stream: str, e: LeaveDecided) -> None:
    _add_step(writer, moment, stream, e, step="granted" if e.granted else "refused", batch=None)


def _add_withdrawal(writer: Writer, moment: Moment, stream: str, e: LeaveWithdrawn) -> None:
    _add_step(writer, moment, stream, e, step="withdrawn", batch=None, **_NO_GRANT)


def _add_falsification(writer: Writer, moment: Moment, stream: str, e: LeaveFalsified) -> None:
    _add_step(writer, moment, stream, e, step="falsified", **_NO_GRANT)


def _add_step(
    writer: Writer,
    moment: Moment,
    stream: str,
    e: LeaveDecided | LeaveWithdrawn | LeaveFalsified,
    **said: Any,  # noqa: ANN401 - columns of the step
) -> None:
    _, pupil, leave = streams.parts(stream)
    place = {"pupil": writer.pupil(pupil), "leave": leave, "line": moment.position}
    writer.put(LeaveStep, moment, e, **place, **said, at=moment.at)


HANDLERS: Handlers = {
    LeaveRequested: _put_request,
    LeaveDecided: _add_decision,
    LeaveWithdrawn: _add_withdrawal,
    LeaveFalsified: _add_falsification,
}
