"""Events of the calendar: register times, terms, closures and cancellations."""

from datetime import date

import msgspec

from ledger.events.base import SchoolText, SourcedEvent
from ledger.values import HALVES, Half


class RegisterTimesSet(SourcedEvent):
    """When registers open and close (London, ``HH:MM:SS``), from a date until the next one."""

    since: date
    am_opens: str
    am_closes: str
    pm_opens: str
    pm_closes: str


class TermSet(SourcedEvent):
    """A term or half term, first and last day; setting its name again replaces it."""

    name: str
    first: date
    last: date


class Closure(SourcedEvent):
    """Sessions that are not held, for some groups or (empty) for everyone."""

    date: date
    sessions: tuple[Half, ...] = HALVES
    groups: tuple[str, ...] = ()
    reason: SchoolText | None = None

    def __post_init__(self) -> None:
        """Hold both halves as the default itself: it is left out by identity, not equality."""
        if self.sessions == HALVES:
            msgspec.structs.force_setattr(self, "sessions", HALVES)


class SessionsClosed(Closure):
    """Sessions planned not to be held."""


class SessionCancelled(Closure):
    """Sessions cancelled on the day (SI 2024/208 reg 10(10))."""


class ClosureWithdrawn(Closure):
    """A closure or cancellation that was recorded in error or did not come about."""
