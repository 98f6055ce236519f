"""Events of the school and its staff: who it is, who works there, with which title and roles."""

from datetime import date

from pydantic.dataclasses import dataclass

from ledger.events.base import STRICT, Event, Identity


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class SchoolOpened(Event):
    """The school whose register this ledger is; recorded again when its details change."""

    urn: str
    name: str
    la_code: str
    estab: str
    type: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class StaffTitle(Event):
    """The name, title and roles of a member of staff, from a date until a date."""

    name: Identity
    job_title: str
    roles: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class StaffJoined(StaffTitle):
    """A member of staff, with the title and roles held from a date (none: always)."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class StaffChanged(StaffTitle):
    """The name, title or roles that a member of staff holds from a date."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class StaffLeft(Event):
    """The last day of a member of staff, for the row that begins at ``since``."""

    since: date | None = None
    until: date
