"""Whom outside the school trusts to have seen its log, as intervals of knowledge."""

from ledger.events.proof import WitnessDropped, WitnessTrusted
from projections.readmodel.tables import Handlers, Moment, Table, Writer

TABLES = {
    "witnesses": Table(
        key=("key",),
        columns={"key": str, "trusted": int, "at": int, "by": str, "name": str, "job_title": str},
    ),
}


def _put_trust(
    writer: Writer, moment: Moment, _: str, event: WitnessTrusted | WitnessDropped
) -> None:
    trusted = int(isinstance(event, WitnessTrusted))
    row = (trusted, moment.at, event.by, event.name, event.job_title)
    writer.put("witnesses", (event.key,), row, moment)


HANDLERS: Handlers = {
    WitnessTrusted: _put_trust,
    WitnessDropped: _put_trust,
}
