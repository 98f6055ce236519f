"""Events about who outside is trusted to have seen the log."""

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
