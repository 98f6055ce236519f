"""Events of back-ups: one was made, and the ledger was restored from one."""

from ledger.events.base import Event


class BackupMade(Event):
    """A back-up was made of the first ``size`` entries; ``sha256``: of its file (hex)."""

    size: int
    sha256: str


class LedgerRestored(Event):
    """The ledger was restored from a back-up of its first ``size`` entries."""

    size: int
    sha256: str
