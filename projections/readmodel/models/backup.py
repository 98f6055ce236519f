"""The back-ups that were made, and the restores, one row each."""

from ledger.events.backup import BackupMade, LedgerRestored
from projections.readmodel.tables import Handlers, Moment, Table, Writer

TABLES = {
    "backups": Table(
        key=("line",),
        columns={"line": int, "at": int, "size": int, "sha256": str, "restored": int},
    ),
}


def _add_backup(
    writer: Writer, moment: Moment, _: str, event: BackupMade | LedgerRestored
) -> None:
    restored = int(isinstance(event, LedgerRestored))
    row = (moment.at, event.size, event.sha256, restored)
    writer.put("backups", (moment.position,), row, moment)


HANDLERS: Handlers = {
    BackupMade: _add_backup,
    LedgerRestored: _add_backup,
}
