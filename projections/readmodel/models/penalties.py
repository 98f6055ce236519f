"""Penalty notices, what was considered and confirmed of them, and cases that a change undercut."""

import msgspec

from ledger.events import streams
from ledger.events.penalties import (
    AlertSettled,
    CaseUndercut,
    NoticesConfirmed,
    NoticeStated,
    PenaltyConsidered,
)
from projections.readmodel.records.penalties import (
    AlertSettlement,
    Confirmation,
    Consideration,
    Notice,
    Undercut,
)
from projections.readmodel.tables import Handlers, Moment, Writer


def _put_notice(writer: Writer, moment: Moment, stream: str, e: NoticeStated) -> None:
    _, pupil, parent = streams.parts(stream)
    writer.put(Notice, moment, e, parent=parent, pupil=writer.pupil(pupil))


def _add_consideration(writer: Writer, moment: Moment, stream: str, e: PenaltyConsidered) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    writer.put(Consideration, moment, e, pupil=pupil, line=moment.position, counted=e.count)


def _add_confirmation(writer: Writer, moment: Moment, stream: str, e: NoticesConfirmed) -> None:
    _, pupil, parent = streams.parts(stream)
    place = {"parent": parent, "pupil": writer.pupil(pupil), "line": moment.position}
    writer.put(Confirmation, moment, e, **place)


def _add_alert(writer: Writer, moment: Moment, stream: str, e: CaseUndercut) -> None:
    pupil, papers = writer.pupil(streams.subject(stream)), msgspec.json.encode(e.papers).decode()
    writer.put(Undercut, moment, e, alert=moment.position, pupil=pupil, papers=papers)


def _settle_alert(writer: Writer, moment: Moment, stream: str, e: AlertSettled) -> None:
    pupil = writer.pupil(streams.subject(stream))
    writer.put(AlertSettlement, moment, e, pupil=pupil, to_whom=e.to, on_date=e.on)


HANDLERS: Handlers = {
    NoticeStated: _put_notice,
    PenaltyConsidered: _add_consideration,
    NoticesConfirmed: _add_confirmation,
    CaseUndercut: _add_alert,
    AlertSettled: _settle_alert,
}
