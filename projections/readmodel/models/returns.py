"""Returns made to the local authority, and the figure agreed with it."""

from ledger.events import streams
from ledger.events.returns import ReturnAgreed, ReturnMade
from projections.readmodel.records import disclosure as disclosure_records
from projections.readmodel.tables import Handlers, Moment, Writer


def _add_return(writer: Writer, moment: Moment, stream: str, e: ReturnMade) -> None:
    writer.put(
        disclosure_records.ReturnMade,
        moment,
        e,
        kind=streams.parts(stream)[1],
        line=moment.position,
        on_date=e.on,
        pupils=[str(writer.pupil(pupil)) for pupil in e.pupils],
    )


def _set_agreement(writer: Writer, moment: Moment, _: str, e: ReturnAgreed) -> None:
    writer.put(disclosure_records.ReturnFigure, moment, e, line=moment.position)


HANDLERS: Handlers = {
    ReturnMade: _add_return,
    ReturnAgreed: _set_agreement,
}
