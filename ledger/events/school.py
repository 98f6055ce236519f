"""Events of the school and its staff: who it is, who works there, with which title and roles."""

from datetime import date

from ledger.events.base import (
    AuthorName,
    AuthorTitle,
    Event,
    Identity,
    RegisterText,
    SourcedEvent,
)


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
    job_title: Identity
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


class RolesChanged(Event):
    """Who let a member of staff have roles, or have them no more, from a date (none: always).

    It stands beside what says so of the member of staff. ``by``, ``name`` and ``job_title``: who
    decided; ``vacant``: nobody was there who may give roles; then ``reason`` says why, and where
    nobody was on the staff at all, nobody is named.
    """

    given: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    since: date | None = None
    vacant: bool = False
    reason: RegisterText | None = None
    by: str | None = None
    name: AuthorName | None = None
    job_title: AuthorTitle | None = None
