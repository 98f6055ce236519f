"""Events about the ledger itself: its birth, each transaction's header, rules, imports."""

from datetime import date

from ledger.events.base import AuthorName, AuthorTitle, Event, Record, RegisterText, SchoolText


class SourceFile(Record):
    """One imported file: its name and its number of rows.

    ``sha256``: of its bytes (hex), in ledgers that had it in clear; since then it is sealed
    (`ImportCompleted`): of a small file it confirms what somebody guesses.
    """

    name: str
    sha256: str = ""
    rows: int


class Source(Record):
    """Where the facts of an import came from."""

    system: str
    files: tuple[SourceFile, ...]


class Committed(Event):
    """The header of one transaction: what its ``count`` facts, next in the log, share.

    ``at``: when it was recorded, never before the header before it; ``raw_at``: the machine's
    reading where that was earlier. ``by``: staff id; ``account``: the operating-system account;
    ``authenticated``: how far the name can be relied on. ``rules``: digest of the rule packs.
    """

    at: int
    raw_at: int | None = None
    by: str | None = None
    account: str
    authenticated: str
    software: str
    rules: str
    command: str
    count: int
    source: Source | None = None

    @property
    def reading(self) -> int:
        """What the machine's clock read."""
        return self.at if self.raw_at is None else self.raw_at


class ClockCorrected(Event):
    """Entries that a wrong clock stamped, whole transactions from ``first`` to ``last``.

    They were recorded between the true instants ``earliest`` and ``latest``.
    """

    first: int
    last: int
    earliest: int
    latest: int
    reason: RegisterText
    by: str
    name: AuthorName
    job_title: AuthorTitle


class DayConfirmed(Event):
    """A named person says that it is this day, which the clock had reached in one long step."""

    day: date
    by: str
    name: AuthorName
    job_title: AuthorTitle


class LedgerCreated(Event):
    """The first fact of a ledger: its random identity, and the layout of its log."""

    ledger_id: str
    layout: int


class KeyAdopted(Event):
    """The public key under which checkpoints are signed from here on (C2SP verifier key).

    ``signature``: by the key before, over ``attendance-ledger/key/v1``, that key and this one,
    each on a line of its own (base64); none for the ledger's first key.
    """

    key: str
    signature: str | None = None


class RulesAdopted(Event):
    """The rule packs that later facts were decided under, file by file, kept for good."""

    digest: str
    files: dict[str, str]


class Finding(Record):
    """A fact that law or policy would not allow, recorded as stated by its source."""

    file: str
    line: int
    code: str


class ImportCompleted(Event):
    """An import that recorded something: counts of what it recorded, ignored and reported.

    ``digests``: SHA-256 of the bytes of each file that its header names (hex), in that order.
    """

    format: str
    counts: dict[str, int]
    findings: tuple[Finding, ...] = ()
    digests: tuple[SchoolText, ...] = ()
