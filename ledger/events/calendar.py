"""Events of the calendar: register times, terms, closures and cancellations."""

from datetime import date

from pydantic.dataclasses import dataclass

from ledger.events.base import STRICT, Event, SourcedEvent
from ledger.values import HALVES, Half


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class RegisterTimesSet(Event):
    """When registers open and close (London, ``HH:MM:SS``), from a date until the next one."""

    since: date
    am_opens: str
    am_closes: str
    pm_opens: str
    pm_closes: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class TermSet(Event):
    """A term or half term, first and last day; setting its name again replaces it."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class SessionsClosed(SourcedEvent):
    """Sessions planned not to be held, for some groups or (empty) for everyone."""

    date: date
    sessions: tuple[Half, ...] = HALVES
    groups: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class SessionCancelled(SourcedEvent):
    """Sessions cancelled on the day (SI 2024/208 reg 10(10)), for some groups or everyone."""

    date: date
    sessions: tuple[Half, ...] = HALVES
    groups: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ClosureWithdrawn(SourcedEvent):
    """A closure or cancellation that was recorded in error or did not come about."""

    date: date
    sessions: tuple[Half, ...] = HALVES
    groups: tuple[str, ...] = ()
    reason: str = ""
