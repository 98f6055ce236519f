"""Steps of casework about a pupil's attendance, one row a step."""

from ledger.events import streams
from ledger.events.casework import CaseworkStepTaken
from projections.readmodel.tables import Handlers, Moment, Table, Writer

_CASEWORK = ("step", "on_date", "by", "with_whom", "outcome", "notes")

TABLES = {
    "casework": Table(
        key=("pupil", "line"),
        columns={"pupil": int, "line": int, **dict.fromkeys(_CASEWORK, str)},
    ),
}


def _add_step(writer: Writer, moment: Moment, stream: str, e: CaseworkStepTaken) -> None:
    key = (writer.pupil(streams.parts(stream)[1]), moment.position)
    payload = (e.step, e.on.isoformat(), e.by, e.with_whom, e.outcome, e.notes)
    writer.put("casework", key, payload, moment)


HANDLERS: Handlers = {
    CaseworkStepTaken: _add_step,
}
