"""The log: transactions, imports and their files."""

from ledger.times import Stamp, WrongClock
from projections.readmodel.record import Record, Sealed, Versioned, table


@table("commits", ("first",), since="first")
class Commit(Record, frozen=True):
    """A transaction: its positions, when it was recorded, by whom, from which system.

    ``stamped``: as its header says, never falling, UTC in microseconds; ``raw_at``: the machine's
    reading where its clock had gone back.
    """

    first: int
    last: int
    stamped: int
    raw_at: int | None
    by: str | None
    account: str
    authenticated: str
    software: str
    rules: str
    command: str
    source: str | None

    @property
    def reading(self) -> int:
        """What the machine's clock read."""
        return self.stamped if self.raw_at is None else self.raw_at

    @property
    def stamp(self) -> Stamp:
        """Its entries and its times, as times are counted by them."""
        return Stamp(self.first, self.last, self.reading)

    @property
    def at(self) -> int:
        """When it was recorded, the date of an act: what the clock read, never carried over."""
        return self.reading


class CorrectedCommit(Commit, frozen=True):
    """A transaction that a wrong clock stamped, as somebody recorded; not a row of its own."""

    wrong: WrongClock

    @property
    def stamp(self) -> Stamp:
        """Its entries and its times, with what was recorded of the clock."""
        return Stamp(self.first, self.last, self.reading, self.wrong)

    @property
    def at(self) -> int:
        """When it was recorded: between two instants; counted as the later one."""
        return self.wrong.corrected(self.reading)


@table("clock_corrections", ("position",))
class ClockCorrection(Versioned, frozen=True):
    """Entries ``first`` to ``last`` were stamped by a wrong clock; instants in microseconds."""

    position: int
    first: int
    last: int
    earliest: int
    latest: int
    reason: Sealed
    by: str
    name: Sealed
    job_title: Sealed

    @property
    def wrong(self) -> WrongClock:
        """What it says, as times are counted by it."""
        return WrongClock(self.position, self.first, self.last, self.earliest, self.latest)


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
    rows: int
