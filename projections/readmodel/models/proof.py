"""Whom outside the school trusts to have seen its log; back-ups made, and restores."""

from ledger.events.proof import BackupMade, LedgerRestored, WitnessDropped, WitnessTrusted
from projections.readmodel.tables import Handlers, Moment, Table, Writer

TABLES = {
    "witnesses": Table(
        key=("key",),
        columns={"key": str, "trusted": int, "at": int, "by": str, "name": str, "job_title": str},
    ),
    "backups": Table(
        key=("line",),
        columns={"line": int, "at": int, "size": int, "sha256": str, "restored": int},
    ),
}


def _put_trust(
    writer: Writer, moment: Moment, _: str, event: WitnessTrusted | WitnessDropped
) -> None:
    trusted = int(isinstance(event, WitnessTrusted))
    row = (trusted, moment.at, event.by, event.name, event.job_title)
    writer.put("witnesses", (event.key,), row, moment)


def _add_backup(
    writer: Writer, moment: Moment, _: str, event: BackupMade | LedgerRestored
) -> None:
    restored = int(isinstance(event, LedgerRestored))
    row = (moment.at, event.size, event.sha256, restored)
    writer.put("backups", (moment.position,), row, moment)


HANDLERS: Handlers = {
    WitnessTrusted: _put_trust,
    WitnessDropped: _put_trust,
    BackupMade: _add_backup,
    LedgerRestored: _add_backup,
}
