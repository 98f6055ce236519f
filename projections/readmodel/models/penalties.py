"""Penalty notices, what was considered and confirmed of them, and cases that a change undercut."""

import json

from ledger.events import streams
from ledger.events.penalties import (
    AlertSettled,
    CaseUndercut,
    NoticesConfirmed,
    NoticeStated,
    PenaltyConsidered,
)
from projections.readmodel.tables import Handlers, Moment, Table, Writer, iso

_NOTICE = (
    "offence_last",
    "received_on",
    "paid_on",
    "withdrawn_on",
    "outcome",
    "outcome_on",
    "sessions",
    "issuer",
    "stated",
)
_CONSIDERATION = {
    "decision": str,
    "reason": str,
    "by": str,
    "name": str,
    "job_title": str,
    "counted": int,
    "settled": int,
    "peak": int,
    "entries": str,
    "seen_at": int,
}
_CONFIRMATION = {
    "la_ref": str,
    "confirmed_on": str,
    "notices": int,
    "by": str,
    "name": str,
    "job_title": str,
}

TABLES = {
    "notices": Table(
        key=("parent", "pupil", "kind", "issued_on", "offence_first"),
        columns={
            "parent": str,
            "pupil": int,
            "kind": str,
            "issued_on": str,
            "offence_first": str,
            **dict.fromkeys(_NOTICE, str),
            "stated": int,
        },
    ),
    "considerations": Table(
        key=("pupil", "line"), columns={"pupil": int, "line": int, **_CONSIDERATION}
    ),
    "confirmations": Table(
        key=("parent", "pupil", "line"),
        columns={"parent": str, "pupil": int, "line": int, **_CONFIRMATION},
    ),
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
kind, ref, before and after; ``sessions``: a JSON list of what changed, as in the event.
"""


def _put_notice(writer: Writer, moment: Moment, stream: str, e: NoticeStated) -> None:
    _, pupil, parent = streams.parts(stream)
    key = (parent, writer.pupil(pupil), e.kind, iso(e.issued_on), iso(e.offence_first))
    days = (e.offence_last, e.received_on, e.paid_on, e.withdrawn_on)
    payload = (*map(iso, days), e.outcome, iso(e.outcome_on), ";".join(e.sessions), e.issuer)
    writer.put("notices", key, (*payload, e.stated), moment)


def _add_consideration(writer: Writer, moment: Moment, stream: str, e: PenaltyConsidered) -> None:
    key = (writer.pupil(streams.parts(stream)[1]), moment.position)
    author = (e.by, e.name, e.job_title)
    seen = (e.count, e.settled, e.peak, ";".join(e.entries), e.seen_at)
    writer.put("considerations", key, (e.decision, e.reason, *author, *seen), moment)


def _add_confirmation(writer: Writer, moment: Moment, stream: str, e: NoticesConfirmed) -> None:
    _, pupil, parent = streams.parts(stream)
    key = (parent, writer.pupil(pupil), moment.position)
    author = (e.by, e.name, e.job_title)
    writer.put("confirmations", key, (e.la_ref, iso(e.confirmed_on), e.notices, *author), moment)


def _add_alert(writer: Writer, moment: Moment, stream: str, e: CaseUndercut) -> None:
    papers = [
        {"kind": p.kind, "ref": p.ref, "before": p.before, "after": p.after} for p in e.papers
    ]
    pupil = writer.pupil(streams.subject(stream))
    payload = (pupil, json.dumps(papers), json.dumps(e.sessions))
    writer.put("undercuts", (moment.position,), payload, moment)


def _settle_alert(writer: Writer, moment: Moment, stream: str, e: AlertSettled) -> None:
    pupil = writer.pupil(streams.subject(stream))
    payload = (pupil, e.outcome, e.to, iso(e.on), e.reason, e.by, e.name, e.job_title)
    writer.put("alerts_settled", (e.alert,), payload, moment)


HANDLERS: Handlers = {
    NoticeStated: _put_notice,
    PenaltyConsidered: _add_consideration,
    NoticesConfirmed: _add_confirmation,
    CaseUndercut: _add_alert,
    AlertSettled: _settle_alert,
}
