"""The log: transactions, imports and their files."""

from projections.readmodel.record import Record, table


@table("commits", ("first",), since="first")
class Commit(Record, frozen=True):
    """A transaction: its positions, when it was recorded, by whom, from which system.

    ``at``: UTC in microseconds; ``raw_at``: the machine's reading where its clock had gone back.
    """

    first: int
    last: int
    at: int
    raw_at: int | None
    by: str | None
    account: str
    authenticated: str
    software: str
    rules: str
    command: str
    source: str | None


@table("imports", ("position",), since="position")
class Import(Record, frozen=True):
    """An import that was completed; ``findings``: how many facts were recorded in spite of one."""

    position: int
    format: str
    findings: int


@table("ledgers", ("ledger_id",))
class LedgerName(Record, frozen=True):
    """What the ledger is called for good."""

    ledger_id: str


@table("source_files", ("position", "name"), since="position")
class SourceFile(Record, frozen=True):
    """A file that an import read."""

    position: int
    system: str
    name: str
    sha256: str
    rows: int
