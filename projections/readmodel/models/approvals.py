"""Requested amendments and what was decided of them; the policies that the school adopted."""

from ledger.events import streams
from ledger.events.amending import (
    AmendmentApproved,
    AmendmentDeclined,
    AmendmentRequested,
    PolicyAdopted,
    RequestDecided,
    RequestWithdrawn,
)
from projections.readmodel.tables import Moment, Table, Writer

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

TABLES = {
    "approvals": Table(
        key=("pupil", "session", "position"),
        columns={"pupil": int, "session": str, "position": int, **_REQUEST, **_DECISION},
    ),
    "policies_adopted": Table(
        key=("position",),
        columns={"position": int, "policy": str, "since": str, "text": str, **_AUTHOR},
    ),
}
"""``position``: of the request or adoption; ``decided``: of the decision, none while it waits."""

_DECISIONS: dict[type[RequestDecided], str] = {
    AmendmentApproved: "approved",
    AmendmentDeclined: "declined",
    RequestWithdrawn: "withdrawn",
}
_PENDING = ", ".join(("position", *(f'"{column}"' for column in _REQUEST)))


def _requested(writer: Writer, moment: Moment, stream: str, e: AmendmentRequested) -> None:
    _, pupil, session = streams.parts(stream)
    texts = (e.batch, e.original, e.code, e.minutes_late, e.nature, " ".join(e.grounds), e.reason)
    author = (e.by, e.name, e.job_title)
    undecided = (None,) * len(_DECISION)
    key = (writer.pupil(pupil), session, moment.position)
    writer.put("approvals", key, (*texts, *author, *undecided), moment)


def _decided(writer: Writer, moment: Moment, stream: str, e: RequestDecided) -> None:
    _, pupil, session = streams.parts(stream)
    place = (writer.pupil(pupil), session)
    where = "pupil = ? AND session = ? AND decision IS NULL"
    position, *request = writer.current("approvals", _PENDING, where, place)
    decision = (_DECISIONS[type(e)], moment.position, e.reason, e.by, e.name, e.job_title)
    writer.put("approvals", (*place, position), (*request, *decision), moment)


def _adopted(writer: Writer, moment: Moment, _: str, e: PolicyAdopted) -> None:
    row = (e.policy, e.since.isoformat(), e.text, e.by, e.name, e.job_title)
    writer.put("policies_adopted", (moment.position,), row, moment)


HANDLERS = {
    AmendmentRequested: _requested,
    AmendmentApproved: _decided,
    AmendmentDeclined: _decided,
    RequestWithdrawn: _decided,
    PolicyAdopted: _adopted,
}
