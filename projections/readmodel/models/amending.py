"""Amendments asked for, decided and given reasons; policies adopted; cases that a change undercut.

One row a fact of `ledger.events.amending`, and the amendments of details of `ledger.events.roll`.
"""

import json

from ledger.events import streams
from ledger.events.amending import (
    AdmissionAmended,
    AlertSettled,
    AmendmentApproved,
    AmendmentDeclined,
    AmendmentRequested,
    CaseUndercut,
    EvidenceGiven,
    PolicyAdopted,
    RequestDecided,
    RequestWithdrawn,
)
from ledger.events.roll import DetailsAmended
from projections.readmodel.tables import Handlers, Moment, Table, Writer, iso

_REQUEST = {
    "batch": str,
    "original": str,
    "code": str,
    "minutes_late": int,
    "nature": str,
    "grounds": str,
    "reason": str,
    "by": str,
    "name": str,
    "job_title": str,
}
_DECISION = {
    "decision": str,
    "decided": int,
    "decided_reason": str,
    "decided_by": str,
    "decided_name": str,
    "decided_title": str,
}
_AUTHOR = {"by": str, "name": str, "job_title": str}
_DECISIONS: dict[type[RequestDecided], str] = {
    AmendmentApproved: "approved",
    AmendmentDeclined: "declined",
    RequestWithdrawn: "withdrawn",
}
_PENDING = ", ".join(("position", *(f'"{column}"' for column in _REQUEST)))

TABLES = {
    "approvals": Table(
        key=("pupil", "session", "position"),
        columns={"pupil": int, "session": str, "position": int, **_REQUEST, **_DECISION},
    ),
    "policies_adopted": Table(
        key=("position",),
        columns={"position": int, "policy": str, "since": str, "text": str, **_AUTHOR},
    ),
    "evidence": Table(
        key=("pupil", "line"),
        columns={
            "pupil": int,
            "line": int,
            "batch": str,
            "file": str,
            "sha256": str,
            "note": str,
            "copy_key": str,
            "by": str,
            "authenticated": str,
            "at": int,
        },
        indexes=("batch",),
    ),
    "admission_amendments": Table(
        key=("position",),
        columns={
            "position": int,
            "pupil": int,
            "parent": str,
            "field": str,
            "original": str,
            "amended": str,
            "reason": str,
            "by": str,
            "name": str,
            "job_title": str,
            "stated": int,
            "imported": int,
        },
        indexes=("pupil", "parent"),
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
"""``position``: of the request or adoption; ``decided``: of the decision, none while it waits.

``alert``: the position of the event that raised it. ``papers``: a JSON list of objects with kind,
ref, before and after; ``sessions``: a JSON list of what changed, as in the event.
"""


def _add_request(writer: Writer, moment: Moment, stream: str, e: AmendmentRequested) -> None:
    _, pupil, session = streams.parts(stream)
    texts = (e.batch, e.original, e.code, e.minutes_late, e.nature, " ".join(e.grounds), e.reason)
    author = (e.by, e.name, e.job_title)
    undecided = (None,) * len(_DECISION)
    key = (writer.pupil(pupil), session, moment.position)
    writer.put("approvals", key, (*texts, *author, *undecided), moment)


def _decide_request(writer: Writer, moment: Moment, stream: str, e: RequestDecided) -> None:
    _, pupil, session = streams.parts(stream)
    place = (writer.pupil(pupil), session)
    where = "pupil = ? AND session = ? AND decision IS NULL"
    position, *request = writer.current("approvals", _PENDING, where, place)
    decision = (_DECISIONS[type(e)], moment.position, e.reason, e.by, e.name, e.job_title)
    writer.put("approvals", (*place, position), (*request, *decision), moment)


def _add_policy(writer: Writer, moment: Moment, _: str, e: PolicyAdopted) -> None:
    row = (e.policy, e.since.isoformat(), e.text, e.by, e.name, e.job_title)
    writer.put("policies_adopted", (moment.position,), row, moment)


def _add_evidence(writer: Writer, moment: Moment, stream: str, e: EvidenceGiven) -> None:
    _, pupil, batch = streams.parts(stream)
    key = (writer.pupil(pupil), moment.position)
    stated = (batch, e.file, e.sha256, e.note, e.key)
    writer.put("evidence", key, (*stated, moment.by, moment.authenticated, moment.at), moment)


def _add_admission_amendment(
    writer: Writer, moment: Moment, stream: str, e: DetailsAmended | AdmissionAmended
) -> None:
    """Keep an amendment: of a pupil's details, of a parent's, or of what one is to the other."""
    kind, *keys = streams.parts(stream)
    pupil = None if kind + ":" == streams.PARENT else writer.pupil(keys[0])
    parent = None if kind + ":" == streams.PUPIL else keys[-1]
    payload = (pupil, parent, e.field, e.original, e.amended, e.reason, e.by, e.name)
    rest = (e.job_title, e.stated, moment.imported)
    writer.put("admission_amendments", (moment.position,), (*payload, *rest), moment)


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
    AmendmentRequested: _add_request,
    AmendmentApproved: _decide_request,
    AmendmentDeclined: _decide_request,
    RequestWithdrawn: _decide_request,
    PolicyAdopted: _add_policy,
    EvidenceGiven: _add_evidence,
    DetailsAmended: _add_admission_amendment,
    AdmissionAmended: _add_admission_amendment,
    CaseUndercut: _add_alert,
    AlertSettled: _settle_alert,
}
