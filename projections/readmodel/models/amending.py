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
from projections.readmodel.records.amending import AdoptedPolicy, Evidence, Request
from projections.readmodel.tables import Handlers, Moment, Writer

_DECISIONS: dict[type[RequestDecided], str] = {
    AmendmentApproved: "approved",
    AmendmentDeclined: "declined",
    RequestWithdrawn: "withdrawn",
}
_UNDECIDED = dict.fromkeys(name for name in Request.__struct_fields__ if name.startswith("deci"))


def _add_request(writer: Writer, moment: Moment, stream: str, e: AmendmentRequested) -> None:
    _, pupil, session = streams.parts(stream)
    place = {"pupil": writer.pupil(pupil), "session": session, "position": moment.position}
    writer.put(Request, moment, e, **place, **_UNDECIDED)


def _decide_request(writer: Writer, moment: Moment, stream: str, e: RequestDecided) -> None:
    _, pupil, session = streams.parts(stream)
    place = {"pupil": writer.pupil(pupil), "session": session}
    writer.put(
        Request,
        moment,
        writer.current(Request, **place, decision=None),
        decision=_DECISIONS[type(e)],
        decided=moment.position,
        decided_reason=e.reason,
        decided_by=e.by,
        decided_name=e.name,
        decided_title=e.job_title,
    )


def _add_policy(writer: Writer, moment: Moment, _: str, e: PolicyAdopted) -> None:
    writer.put(AdoptedPolicy, moment, e, position=moment.position)


def _add_evidence(writer: Writer, moment: Moment, stream: str, e: EvidenceGiven) -> None:
    _, pupil, batch = streams.parts(stream)
    writer.put(
        Evidence,
        moment,
        e,
        pupil=writer.pupil(pupil),
        line=moment.position,
        batch=batch,
        copy_key=e.key,
        by=moment.by,
        authenticated=moment.authenticated,
        at=moment.at,
    )


HANDLERS: Handlers = {
    AmendmentRequested: _add_request,
    AmendmentApproved: _decide_request,
    AmendmentDeclined: _decide_request,
    RequestWithdrawn: _decide_request,
    PolicyAdopted: _add_policy,
    EvidenceGiven: _add_evidence,
}
