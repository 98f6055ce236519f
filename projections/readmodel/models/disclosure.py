"""What left the school, and which texts were put beyond use."""

from ledger.events import streams
from ledger.events.disclosure import Disclosed, FieldRedacted
from projections.readmodel.models.people import iso
from projections.readmodel.tables import Moment, Table, Writer

TABLES = {
    "disclosures": Table(
        key=("line",),
        columns={
            "line": int,
            "pupil": int,
            "kind": str,
            "recipient": str,
            "what": str,
            "on_date": str,
            "first": str,
            "last": str,
            "seen_at": int,
            "sha256": str,
            "by": str,
            "name": str,
            "job_title": str,
        },
    ),
    "redactions": Table(
        key=("line",),
        columns={
            "line": int,
            "position": int,
            "field": str,
            "reason": str,
            "by": str,
            "name": str,
            "job_title": str,
        },
    ),
}


def _disclosed(writer: Writer, moment: Moment, stream: str, e: Disclosed) -> None:
    pupil = streams.parts(stream)[1]
    payload = (
        None if pupil == streams.WHOLE_SCHOOL else writer.pupil(pupil),
        e.kind,
        e.to,
        e.what,
        e.on.isoformat(),
        iso(e.first),
        iso(e.last),
        e.seen_at,
        e.sha256,
        e.by,
        e.name,
        e.job_title,
    )
    writer.put("disclosures", (moment.position,), payload, moment)


def _redacted(writer: Writer, moment: Moment, _: str, e: FieldRedacted) -> None:
    payload = (e.position, e.field, e.reason, e.by, e.name, e.job_title)
    writer.put("redactions", (moment.position,), payload, moment)


HANDLERS = {Disclosed: _disclosed, FieldRedacted: _redacted}
