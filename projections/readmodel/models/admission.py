"""Amendments of the admission register, each with reg 6(1)'s five, as they became known."""

from ledger.events import streams
from ledger.events.roll import AdmissionAmended, DetailsAmended
from projections.readmodel.tables import Moment, Table, Writer

TABLES = {
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
}


def _amended(
    writer: Writer, moment: Moment, stream: str, e: DetailsAmended | AdmissionAmended
) -> None:
    """Keep an amendment: of a pupil's details, of a parent's, or of what one is to the other."""
    kind, *keys = streams.parts(stream)
    pupil = None if kind + ":" == streams.PARENT else writer.pupil(keys[0])
    parent = None if kind + ":" == streams.PUPIL else keys[-1]
    payload = (pupil, parent, e.field, e.original, e.amended, e.reason, e.by, e.name)
    rest = (e.job_title, e.stated, moment.imported)
    writer.put("admission_amendments", (moment.position,), (*payload, *rest), moment)


HANDLERS = {DetailsAmended: _amended, AdmissionAmended: _amended}
