"""What batches of amendments rest on, one row a pupil and batch."""

from ledger.events import streams
from ledger.events.amending import EvidenceGiven
from projections.readmodel.tables import Moment, Table, Writer

TABLES = {
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
    )
}


def _given(writer: Writer, moment: Moment, stream: str, e: EvidenceGiven) -> None:
    _, pupil, batch = streams.parts(stream)
    key = (writer.pupil(pupil), moment.position)
    stated = (batch, e.file, e.sha256, e.note, e.key)
    writer.put("evidence", key, (*stated, moment.by, moment.authenticated, moment.at), moment)


HANDLERS = {EvidenceGiven: _given}
