"""What was considered about penalty notices, and what the authority confirmed of them."""

from ledger.events import streams
from ledger.events.penalties import NoticesConfirmed, PenaltyConsidered
from projections.readmodel.models.people import iso
from projections.readmodel.tables import Moment, Table, Writer

_CONSIDERED = {
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
_CONFIRMED = {
    "la_ref": str,
    "confirmed_on": str,
    "notices": int,
    "by": str,
    "name": str,
    "job_title": str,
}

TABLES = {
    "considerations": Table(
        key=("pupil", "line"), columns={"pupil": int, "line": int, **_CONSIDERED}
    ),
    "confirmations": Table(
        key=("parent", "pupil", "line"),
        columns={"parent": str, "pupil": int, "line": int, **_CONFIRMED},
    ),
}


def _considered(writer: Writer, moment: Moment, stream: str, e: PenaltyConsidered) -> None:
    key = (writer.pupil(streams.parts(stream)[1]), moment.position)
    author = (e.by, e.name, e.job_title)
    seen = (e.count, e.settled, e.peak, ";".join(e.entries), e.seen_at)
    writer.put("considerations", key, (e.decision, e.reason, *author, *seen), moment)


def _confirmed(writer: Writer, moment: Moment, stream: str, e: NoticesConfirmed) -> None:
    _, pupil, parent = streams.parts(stream)
    key = (parent, writer.pupil(pupil), moment.position)
    author = (e.by, e.name, e.job_title)
    writer.put("confirmations", key, (e.la_ref, iso(e.confirmed_on), e.notices, *author), moment)


HANDLERS = {PenaltyConsidered: _considered, NoticesConfirmed: _confirmed}
