"""Events about who outside is trusted to have seen the log."""

from ledger.events.base import AuthorName, Event


class WitnessTrusted(Event):
    """A witness outside whose cosignatures count: its public key (C2SP verifier key)."""

    key: str
    by: str
    name: AuthorName
    job_title: str


class WitnessDropped(Event):
    """A witness whose later cosignatures do not count any more."""

    key: str
    by: str
    name: AuthorName
    job_title: str
