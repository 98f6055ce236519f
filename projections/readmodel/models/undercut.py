"""Cases that a change undercut, and what was done about them."""

import json

from ledger.events import streams
from ledger.events.penalties import AlertSettled, CaseUndercut
from projections.readmodel.models.people import iso
from projections.readmodel.tables import Moment, Table, Writer

TABLES = {
    "undercuts": Table(
        key=("alert",),
        columns={"alert": int, "pupil": int, "papers": str, "sessions": str},
        indexes=("pupil",),
    ),
    "alerts_settled": Table(
        key=("alert",),
        columns={
            "alert": int,
            "pupil": int,
            "outcome": str,
            "to_whom": str,
            "on_date": str,
            "reason": str,
            "by": str,
            "name": str,
            "job_title": str,
        },
    ),
}
"""``alert``: the position of the event that raised it. ``papers``: a JSON list of objects with
kind, ref, before and after; ``sessions``: a JSON list of what changed, as in the event."""


def _undercut(writer: Writer, moment: Moment, stream: str, e: CaseUndercut) -> None:
    papers = [
        {"kind": p.kind, "ref": p.ref, "before": p.before, "after": p.after} for p in e.papers
    ]
    pupil = writer.pupil(streams.subject(stream))
    payload = (pupil, json.dumps(papers), json.dumps(e.sessions))
    writer.put("undercuts", (moment.position,), payload, moment)


def _settled(writer: Writer, moment: Moment, stream: str, e: AlertSettled) -> None:
    pupil = writer.pupil(streams.subject(stream))
    payload = (pupil, e.outcome, e.to, iso(e.on), e.reason, e.by, e.name, e.job_title)
    writer.put("alerts_settled", (e.alert,), payload, moment)


HANDLERS = {CaseUndercut: _undercut, AlertSettled: _settled}
