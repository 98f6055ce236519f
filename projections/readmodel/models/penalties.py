"""What was considered and confirmed of penalty notices, returns made, and the figure agreed on."""

from ledger.events import streams
from ledger.events.penalties import NoticesConfirmed, PenaltyConsidered, ReturnAgreed, ReturnMade
from projections.readmodel.tables import PUPIL_SEPARATOR, Handlers, Moment, Table, Writer, iso

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
    "considerations": Table(
        key=("pupil", "line"), columns={"pupil": int, "line": int, **_CONSIDERATION}
    ),
    "confirmations": Table(
        key=("parent", "pupil", "line"),
        columns={"parent": str, "pupil": int, "line": int, **_CONFIRMATION},
    ),
    "returns_made": Table(
        key=("kind", "line"),
        columns={
            "kind": str,
            "line": int,
            "on_date": str,
            "pupils": str,
            "by": str,
            "name": str,
            "job_title": str,
        },
    ),
    "returns_agreed": Table(
        key=("line",),
        columns={"line": int, "since": str, "sessions": int, "weeks": int, "by": str},
    ),
}


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


def _add_return(writer: Writer, moment: Moment, stream: str, e: ReturnMade) -> None:
    key = (streams.parts(stream)[1], moment.position)
    pupils = PUPIL_SEPARATOR.join(str(writer.pupil(pupil)) for pupil in e.pupils)
    payload = (iso(e.on), pupils, e.by, e.name, e.job_title)
    writer.put("returns_made", key, payload, moment)


def _set_agreement(writer: Writer, moment: Moment, _: str, e: ReturnAgreed) -> None:
    payload = (iso(e.since), e.sessions, e.weeks, e.by)
    writer.put("returns_agreed", (moment.position,), payload, moment)


HANDLERS: Handlers = {
    PenaltyConsidered: _add_consideration,
    NoticesConfirmed: _add_confirmation,
    ReturnMade: _add_return,
    ReturnAgreed: _set_agreement,
}
