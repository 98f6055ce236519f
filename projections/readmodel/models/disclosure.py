"""What left the school, texts put beyond use, and when names of staff were looked up."""

from ledger.events import streams
from ledger.events.disclosure import Disclosed, FieldRedacted, NamesShown
from projections.readmodel.tables import Handlers, Moment, Table, Writer, iso

_LOOK_UP = {"reason": str, "seen_at": int, "by": str, "name": str, "job_title": str}

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
    "names_shown": Table(key=("line",), columns={"line": int, **_LOOK_UP}),
}


def _add_disclosure(writer: Writer, moment: Moment, stream: str, e: Disclosed) -> None:
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


def _add_redaction(writer: Writer, moment: Moment, _: str, e: FieldRedacted) -> None:
    payload = (e.position, e.field, e.reason, e.by, e.name, e.job_title)
    writer.put("redactions", (moment.position,), payload, moment)


def _add_look_up(writer: Writer, moment: Moment, _: str, e: NamesShown) -> None:
    payload = (e.reason, e.seen_at, e.by, e.name, e.job_title)
    writer.put("names_shown", (moment.position,), payload, moment)


HANDLERS: Handlers = {
    Disclosed: _add_disclosure,
    FieldRedacted: _add_redaction,
    NamesShown: _add_look_up,
}
