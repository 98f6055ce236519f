"""The transactions of the log: positions, time, author, rules, and the files behind an import."""

from ledger.events.log import Committed, ImportCompleted, LedgerCreated
from projections.readmodel.records.log import Commit, Import, LedgerName, SourceFile
from projections.readmodel.tables import Handlers, Moment, Writer


def _add_transaction(writer: Writer, moment: Moment, _: str, e: Committed) -> None:
    first, last, source = moment.position, moment.position + e.count, e.source
    writer.add(Commit, e, first=first, last=last, source=source.system if source else None)
    if source is not None:
        for file in source.files:
            writer.add(SourceFile, file, position=first, system=source.system)


def _add_import(writer: Writer, moment: Moment, _: str, e: ImportCompleted) -> None:
    writer.add(Import, e, position=moment.position, findings=len(e.findings))


def _add_ledger(writer: Writer, _moment: Moment, _: str, e: LedgerCreated) -> None:
    writer.add(LedgerName, e)


HANDLERS: Handlers = {
    Committed: _add_transaction,
    ImportCompleted: _add_import,
    LedgerCreated: _add_ledger,
}
