"""Amendments asked for and decided, what they rest on, and the policies the school adopted."""

from ledger.events import streams
from ledger.events.amending import (
    AmendmentApproved,
    AmendmentDeclined,
    AmendmentRequested,
    EvidenceGiven,
    PolicyAdopted,
    RequestDecided,
    RequestWithdrawn,
)
from projections.readmodel.tables import Handlers, Moment, Table, Writer

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
}
"""``position``: of the request or adoption; ``decided``: of the decision, none while it waits."""


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


HANDLERS: Handlers = {
    AmendmentRequested: _add_request,
    AmendmentApproved: _decide_request,
    AmendmentDeclined: _decide_request,
    RequestWithdrawn: _decide_request,
    PolicyAdopted: _add_policy,
    EvidenceGiven: _add_evidence,
}
