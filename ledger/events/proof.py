"""Events about who outside is trusted to have seen the log, and about its back-ups."""

from pydantic.dataclasses import dataclass

from ledger.events.base import STRICT, AuthorName, Event


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class WitnessTrusted(Event):
    """A witness outside whose cosignatures count: its public key (C2SP verifier key)."""

    key: str
    by: str
    name: AuthorName
    job_title: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class WitnessDropped(Event):
    """A witness whose later cosignatures do not count any more."""

    key: str
    by: str
    name: AuthorName
    job_title: str


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
