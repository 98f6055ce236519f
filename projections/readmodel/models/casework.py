"""Steps of casework about a pupil's attendance, one row a step."""

from ledger.events import streams
from ledger.events.casework import CaseworkStepTaken
from projections.readmodel.records.penalties import CaseworkStep
from projections.readmodel.tables import Handlers, Moment, Writer


def _add_step(writer: Writer, moment: Moment, stream: str, e: CaseworkStepTaken) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    writer.put(CaseworkStep, moment, e, pupil=pupil, line=moment.position, on_date=e.on)


HANDLERS: Handlers = {
    CaseworkStepTaken: _add_step,
}
