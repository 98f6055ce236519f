"""Events of back-ups: one was made, and the ledger was restored from one."""

from pydantic.dataclasses import dataclass

from ledger.events.base import STRICT, Event


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class BackupMade(Event):
    """A back-up was made of the first ``size`` entries; ``sha256``: of its file (hex)."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class LedgerRestored(Event):
    """The ledger was restored from a back-up of its first ``size`` entries."""

    size: int
    sha256: str
