"""Returns made to the local authority, and the figure agreed with it."""

from ledger.events import streams
from ledger.events.returns import ReturnAgreed, ReturnMade
from projections.readmodel.tables import PUPIL_SEPARATOR, Handlers, Moment, Table, Writer, iso

TABLES = {
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


def _add_return(writer: Writer, moment: Moment, stream: str, e: ReturnMade) -> None:
    key = (streams.parts(stream)[1], moment.position)
    pupils = PUPIL_SEPARATOR.join(str(writer.pupil(pupil)) for pupil in e.pupils)
    payload = (iso(e.on), pupils, e.by, e.name, e.job_title)
    writer.put("returns_made", key, payload, moment)


def _set_agreement(writer: Writer, moment: Moment, _: str, e: ReturnAgreed) -> None:
    payload = (iso(e.since), e.sessions, e.weeks, e.by)
    writer.put("returns_agreed", (moment.position,), payload, moment)


HANDLERS: Handlers = {
    ReturnMade: _add_return,
    ReturnAgreed: _set_agreement,
}
