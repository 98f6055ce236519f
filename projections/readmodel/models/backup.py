"""The back-ups that were made, and the restores, one row each."""

from ledger.events.backup import BackupMade, LedgerRestored
from projections.readmodel.records.proof import Backup
from projections.readmodel.tables import Handlers, Moment, Writer


def _add_backup(writer: Writer, moment: Moment, _: str, e: BackupMade | LedgerRestored) -> None:
    restored = isinstance(e, LedgerRestored)
    writer.put(Backup, moment, e, line=moment.position, at=moment.at, restored=restored)


HANDLERS: Handlers = {
    BackupMade: _add_backup,
    LedgerRestored: _add_backup,
}
