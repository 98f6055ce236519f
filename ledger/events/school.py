"""Events of the school and its staff: who it is, who works there, with which title and roles."""

from datetime import date

from ledger.events.base import Identity, SourcedEvent


class SchoolOpened(SourcedEvent):
    """The school whose register this ledger is; recorded again when its details change."""

    urn: str
    name: str
    la_code: str
    estab: str
    type: str
    phase: str


class StaffTitle(SourcedEvent):
    """The name, title and roles of a member of staff, from a date until a date."""

    name: Identity
    job_title: str
    roles: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


class StaffJoined(StaffTitle):
    """A member of staff, with the title and roles held from a date (none: always)."""


class StaffChanged(StaffTitle):
    """The name, title or roles that a member of staff holds from a date."""


class StaffLeft(SourcedEvent):
    """The last day of a member of staff, for the row that begins at ``since``."""

    since: date | None = None
    until: date
