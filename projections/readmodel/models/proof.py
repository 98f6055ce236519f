"""Whom outside the school trusts to have seen its log, as intervals of knowledge."""

from ledger.events.proof import WitnessDropped, WitnessTrusted
from projections.readmodel.records.proof import Witness
from projections.readmodel.tables import Handlers, Moment, Writer


def _put_trust(writer: Writer, moment: Moment, _: str, e: WitnessTrusted | WitnessDropped) -> None:
    writer.put(Witness, moment, e, trusted=isinstance(e, WitnessTrusted), at=moment.at)


HANDLERS: Handlers = {
    WitnessTrusted: _put_trust,
    WitnessDropped: _put_trust,
}
