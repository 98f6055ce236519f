"""What left the school, texts put beyond use, and when names of staff were looked up."""

from ledger.events import streams
from ledger.events.disclosure import Disclosed, FieldRedacted, NamesShown
from projections.readmodel.records import disclosure as disclosure_records
from projections.readmodel.tables import Handlers, Moment, Writer


def _add_disclosure(writer: Writer, moment: Moment, stream: str, e: Disclosed) -> None:
    pupil = streams.parts(stream)[1]
    writer.put(
        disclosure_records.Disclosure,
        moment,
        e,
        line=moment.position,
        pupil=None if pupil == streams.WHOLE_SCHOOL else writer.pupil(pupil),
        recipient=e.to,
        on_date=e.on,
    )


def _add_redaction(writer: Writer, moment: Moment, _: str, e: FieldRedacted) -> None:
    writer.put(disclosure_records.Redaction, moment, e, line=moment.position)


def _add_look_up(writer: Writer, moment: Moment, _: str, e: NamesShown) -> None:
    writer.put(disclosure_records.NamesShown, moment, e, line=moment.position)


HANDLERS: Handlers = {
    Disclosed: _add_disclosure,
    FieldRedacted: _add_redaction,
    NamesShown: _add_look_up,
}
