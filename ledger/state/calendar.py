"""The school's calendar as plain values: which sessions are met, by whom, until when open."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from msgspec import Struct

from ledger.clock import at_london
from ledger.values import HALVES, Half, Session

_FRIDAY = 4
_DAY = timedelta(days=1)


class Term(Struct, frozen=True, order=True):
    """A term or half term: first and last day, inclusive."""

    first: date
    last: date
    name: str


@dataclass(frozen=True, slots=True)
class Closure:
    """A session not held, for some groups or (empty) for everyone.

    ``reason``: sealed; `Calendar.why` opens it. What is closed does not differ by it.
    """

    date: date
    half: Half
    groups: frozenset[str]
    cancelled: bool
    reason: str | None = field(default=None, compare=False)

    def concerns(self, groups: Collection[str]) -> bool:
        """Tell whether members of ``groups`` are concerned."""
        return not self.groups or not self.groups.isdisjoint(groups)


class RegisterTimes(Struct, frozen=True, order=True):
    """When registers open and close from a date, London wall time."""

    since: date
    am: tuple[time, time]
    pm: tuple[time, time]


class Calendar:
    """Terms, closures and register times, as they stood at some moment of knowledge.

    ``open_text``: opens a sealed text; who shows no reason of a closure needs none.
    """

    def __init__(
        self,
        terms: Collection[Term] = (),
        closures: Collection[Closure] = (),
        times: Collection[RegisterTimes] = (),
        open_text: Callable[[str], str] | None = None,
    ) -> None:
        self.terms = sorted(terms)
        self.times = sorted(times)
        self._open_text = open_text
        self.closures = sorted(closures, key=lambda c: (c.date, c.half, sorted(c.groups)))
        self._by_session: dict[Session, list[Closure]] = {}
        for closure in self.closures:
            self._by_session.setdefault(Session(closure.date, closure.half), []).append(closure)

    def in_term(self, day: date) -> bool:
        """Tell whether a day is a weekday inside a term."""
        return day.weekday() <= _FRIDAY and any(t.first <= day <= t.last for t in self.terms)

    def closures_on(self, session: Session) -> list[Closure]:
        """Return the closures of a session, for whichever groups."""
        return self._by_session.get(session, [])

    def closure(self, session: Session, groups: Collection[str] = ()) -> Closure | None:
        """Return what closes a session for members of ``groups``; cancelled before planned."""
        found = [c for c in self.closures_on(session) if c.concerns(groups)]
        return max(found, key=lambda c: c.cancelled, default=None)

    def why(self, closure: Closure) -> str:
        """Return the reason of a closure; empty where none is recorded, or none can be opened."""
        return self._open_text(closure.reason) if closure.reason and self._open_text else ""

    def meets_everyone(self, session: Session) -> bool:
        """Tell whether the school meets a session, and it is closed for no group."""
        return self.in_term(session.date) and not self.closures_on(session)

    def meets(self, session: Session, groups: Collection[str] = ()) -> bool:
        """Tell whether the school meets a session for members of ``groups``."""
        return self.in_term(session.date) and self.closure(session, groups) is None

    def sessions(self, first: date, last: date) -> Iterator[Session]:
        """Yield the weekday sessions inside terms from ``first`` to ``last``, closed or not."""
        for term in self.terms:
            day = max(term.first, first)
            while day <= min(term.last, last):
                if day.weekday() <= _FRIDAY:
                    yield from (Session(day, half) for half in HALVES)
                day += _DAY

    def school_days(self) -> list[date]:
        """Return the days on which the school meets for at least one session, in order."""
        days = {
            s.date
            for t in self.terms
            for s in self.sessions(t.first, t.last)
            if not any(not c.groups for c in self.closures_on(s))
        }
        return sorted(days)

    def closing(self, session: Session) -> int | None:
        """Return the instant at which a session's register closes, if times are recorded."""
        hours = self.hours(session)
        return None if hours is None else hours[1]

    def hours(self, session: Session) -> tuple[int, int] | None:
        """Return when a session's register opens and closes, if times are recorded."""
        at = bisect_right([t.since for t in self.times], session.date) - 1
        if at < 0:
            return None
        times = self.times[at]
        opens, closes = times.am if session.half == "AM" else times.pm
        return at_london(session.date, opens), at_london(session.date, closes)
