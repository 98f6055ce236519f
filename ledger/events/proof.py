"""Events about who outside is trusted to have seen the log."""

from ledger.events.base import AuthorName, AuthorTitle, Event


class WitnessTurn(Event):
    """Whether a witness outside is trusted from here on: its public key (C2SP verifier key)."""

    key: str
    by: str
    name: AuthorName
    job_title: AuthorTitle


class WitnessTrusted(WitnessTurn):
    """A witness whose cosignatures count."""


class WitnessDropped(WitnessTurn):
    """A witness whose later cosignatures do not count any more."""
