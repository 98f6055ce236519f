"""Witnesses and back-ups."""

from projections.readmodel.record import Sealed, Versioned, table


@table("witnesses", ("key",))
class Witness(Versioned, frozen=True):
    """Whom outside the school trusts to have seen its log; ``trusted``: still."""

    key: str
    trusted: bool
    by: str
    name: Sealed
    job_title: Sealed


@table("backups", ("line",))
class Backup(Versioned, frozen=True):
    """A back-up that was made, or a restore (``restored``)."""

    line: int
    size: int
    sha256: str
    restored: bool
