"""The transactions of the log: positions, time, author, rules, and the files behind an import."""

from ledger.events.log import Committed, ImportCompleted, LedgerCreated
from projections.readmodel.tables import Handlers, Moment, Table, Writer

TABLES = {
    "commits": Table(
        key=("first",),
        columns={
            "first": int,
            "last": int,
            "at": int,
            "raw_at": int,
            "by": str,
            "account": str,
            "authenticated": str,
            "software": str,
            "rules": str,
            "command": str,
            "source": str,
        },
        versioned=False,
    ),
    "imports": Table(
        key=("position",),
        columns={"position": int, "format": str, "findings": int},
        versioned=False,
    ),
    "ledgers": Table(key=("ledger_id",), columns={"ledger_id": str}, versioned=False),
    "source_files": Table(
        key=("position", "name"),
        columns={"position": int, "system": str, "name": str, "sha256": str, "rows": int},
        versioned=False,
    ),
}


def _add_transaction(writer: Writer, moment: Moment, _: str, event: Committed) -> None:
    source = event.source
    writer.insert(
        "commits",
        (
            moment.position,
            moment.position + event.count,
            event.at,
            event.raw_at,
            event.by,
            event.account,
            event.authenticated,
            event.software,
            event.rules,
            event.command,
            source.system if source else None,
        ),
    )
    if source is None:
        return
    for file in source.files:
        row = (moment.position, source.system, file.name, file.sha256, file.rows)
        writer.insert("source_files", row)


def _add_import(writer: Writer, moment: Moment, _: str, event: ImportCompleted) -> None:
    writer.insert("imports", (moment.position, event.format, len(event.findings)))


def _add_ledger(writer: Writer, _moment: Moment, _: str, event: LedgerCreated) -> None:
    writer.insert("ledgers", (event.ledger_id,))


HANDLERS: Handlers = {
    Committed: _add_transaction,
    ImportCompleted: _add_import,
    LedgerCreated: _add_ledger,
}
