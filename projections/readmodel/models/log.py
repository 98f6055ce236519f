"""The transactions of the log: which positions they hold, when, by whom, under which rules."""

from ledger.events.log import Committed, ImportCompleted, LedgerCreated
from projections.readmodel.tables import Moment, Table, Writer

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
}


def _committed(writer: Writer, moment: Moment, _: str, event: Committed) -> None:
    source = event.source.system if event.source else None
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
            source,
        ),
    )


def _imported(writer: Writer, moment: Moment, _: str, event: ImportCompleted) -> None:
    writer.insert("imports", (moment.position, event.format, len(event.findings)))


def _created(writer: Writer, _moment: Moment, _: str, event: LedgerCreated) -> None:
    writer.insert("ledgers", (event.ledger_id,))


HANDLERS = {Committed: _committed, ImportCompleted: _imported, LedgerCreated: _created}
