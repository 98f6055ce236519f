"""The files that other systems' facts came from: name, SHA-256 and number of rows."""

from ledger.events.log import Committed
from projections.readmodel.tables import Moment, Table, Writer

TABLES = {
    "source_files": Table(
        key=("position", "name"),
        columns={"position": int, "system": str, "name": str, "sha256": str, "rows": int},
        versioned=False,
    ),
}


def _committed(writer: Writer, moment: Moment, _: str, event: Committed) -> None:
    if event.source is None:
        return
    for file in event.source.files:
        row = (moment.position, event.source.system, file.name, file.sha256, file.rows)
        writer.insert("source_files", row)


HANDLERS = {Committed: _committed}
