"""What an import asks of each session again and again, worked out once."""

import sys
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

from commands.core.command import State
from commands.core.places import place
from commands.exchange.portable.known import KnownTimes
from commands.exchange.portable.rows import AmendmentRow, session_number, session_numbered
from commands.exchange.portable.work import Work
from ledger.clock import local, local_date
from ledger.errors import Refused
from ledger.events.base import in_clear
from ledger.events.calendar import SessionCancelled
from ledger.formats.portable import GROUPS, SCHOOL
from ledger.state.calendar import Calendar, Closure, Term
from ledger.state.school import Pupil, closure_keys
from ledger.values import Session

_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Occasion:
    """One session; ``open``: met by everyone on roll, so that nothing more has to be asked.

    ``hours``: when its register opens and closes, if known; ``summer``: in summer time.
    """

    number: int
    session: Session
    text: str
    day: date
    open: bool
    closures: bool
    hours: tuple[int, int] | None
    summer: bool

    @property
    def closing(self) -> int | None:
        """When its register closes, if known."""
        return self.hours and self.hours[1]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A cancelled session: the code it gives, why, when stated, its line in ``school.toml``."""

    code: str
    reason: str
    stated: int | None
    line: int

    @property
    def why(self) -> str:
        """The reason that goes with its entry."""
        return f"session cancelled: {self.reason}" if self.reason else "session cancelled"


class Occasions:
    """The sessions of an import, against the calendar as it will be."""

    def __init__(self, work: Work) -> None:
        self._calendar: Calendar = work.school.calendar(work.state.open_text)
        self._codes = work.rules.codes
        self._today = work.today
        self._uncertain = not work.problems.unread.isdisjoint({SCHOOL, GROUPS})
        self._found = dict[int, Occasion]()
        self._day_of_hour = cache(lambda hour: local_date(hour * _HOUR))
        self._known = KnownTimes(work)
        self._stated = {
            key: (line, event.stated)
            for line, event in work.content.school.closures
            for key in closure_keys(event)
        }
        self._groups = work.content.groups.rows
        self._folder = _folder_calendar(work) if work.content.whole else self._calendar
        self._withdrawn = {
            (closure.date, closure.half)
            for closure in self._folder.closures
            if closure.cancelled
            and not self._calendar.closures_on(Session(closure.date, closure.half))
        }
        self._span = (0, sys.maxsize) if work.content.whole else work.content.span() or (0, 0)

    def at(self, number: int) -> Occasion:
        """Return one, by its number."""
        found = self._found.get(number)
        if found is None:
            found = self._found[number] = self._occasion(number)
        return found

    def _occasion(self, number: int) -> Occasion:
        session = session_numbered(number)
        hours = self._calendar.hours(session)
        return Occasion(
            number,
            session,
            text=str(session),
            day=session.date,
            open=session.date <= self._today and self._calendar.meets_everyone(session),
            closures=bool(self._calendar.closures_on(session)),
            hours=hours,
            summer=hours is not None and local(hours[1]).utcoffset() != timedelta(),
        )

    def day_of(self, instant: int) -> date:
        """Return the London date of an instant; the hours of a term are few."""
        return self._day_of_hour(instant // _HOUR)

    def fault(self, occasion: Occasion, pupil: Pupil) -> Refused | None:
        """Return why no mark can be made for a pupil and session, if so.

        A cancelled session is no fault: its mark is kept, and superseded.
        """
        session = occasion.session
        if session.date > self._today:
            return Refused("future", f"session {session} has not come yet", "correct the date")
        if self._uncertain:
            return None
        if not self._calendar.in_term(session.date):
            return Refused(
                "outside-term",
                f"the school does not meet on {session.date}: no term, or a weekend",
                "correct the date, or the terms in school.toml",
            )
        closure = self._closure(occasion, pupil)
        if closure is None or closure.cancelled:
            return None
        why = self._calendar.why(closure) or "planned closure"
        return Refused(
            "school-closed",
            f"the school is closed on {session} ({why})",
            "correct the date, or the closures in school.toml",
        )

    def meets(self, occasion: Occasion, pupil: Pupil) -> bool:
        """Tell whether the school meets a session for a pupil, so that an entry is due."""
        groups = pupil.groups(occasion.day)
        return not self._uncertain and self._calendar.meets(occasion.session, groups)

    def stated(self, occasion: Occasion, pupil: Pupil, upn: str) -> bool:
        """Tell whether the folder itself says that the school meets a session.

        It may not, and a person here have said that it does.
        """
        day = occasion.day
        named = [row.name for row in self._groups if row.upn == upn and row.covers(day)]
        return self._folder.meets(occasion.session, [*pupil.groups(day), *named])

    def cancellation(self, occasion: Occasion, pupil: Pupil) -> Cancellation | None:
        """Return how a session was cancelled for a pupil, none where it was not."""
        closure = self._closure(occasion, pupil)
        if closure is None or not closure.cancelled or not self._calendar.in_term(occasion.day):
            return None
        return self._cancellation(occasion, closure, pupil)

    def withdrawn(self, occasion: Occasion, pupil: Pupil) -> Cancellation | None:
        """Return how the folder says that a session was cancelled, which was withdrawn here."""
        if (occasion.day, occasion.session.half) not in self._withdrawn:
            return None
        closure = self._folder.closure(occasion.session, pupil.groups(occasion.day))
        return None if closure is None else self._cancellation(occasion, closure, pupil)

    def not_cancelled(self) -> list[int]:
        """Return the sessions, by number, whose cancellation in the folder was withdrawn here."""
        return sorted(session_number(*key) for key in self._withdrawn)

    def _cancellation(self, occasion: Occasion, closure: Closure, pupil: Pupil) -> Cancellation:
        line, stated = self._stated.get((closure.date, closure.half, closure.groups), (1, None))
        # Where several cancel the session for the pupil, the first that is known to do so; one
        # that was withdrawn here is known as the folder states it.
        known = [
            self._known.cancellation(each, pupil)
            for each in self._calendar.closures_on(occasion.session)
            if each.cancelled and each.concerns(pupil.groups(occasion.day))
        ]
        since = min(known, default=stated) or None
        code = self._codes.cancelled(occasion.day)
        return Cancellation(code, self._calendar.why(closure), since, line)

    def cancelled(self) -> list[int]:
        """Return the past sessions, by number, that were cancelled in the time of the folder."""
        numbers = {
            session_number(closure.date, closure.half)
            for closure in self._calendar.closures
            if closure.cancelled and closure.date <= self._today
        }
        return sorted(number for number in numbers if self._span[0] <= number <= self._span[1])

    def _closure(self, occasion: Occasion, pupil: Pupil) -> Closure | None:
        if not occasion.closures:
            return None
        return self._calendar.closure(occasion.session, pupil.groups(occasion.day))


def _folder_calendar(work: Work) -> Calendar:
    """Return the calendar that the folder alone states."""
    terms = [Term(each.first, each.last, each.name) for each in work.content.school.terms]
    closures = [
        Closure(*key, cancelled=isinstance(event, SessionCancelled), reason=in_clear(event).reason)
        for _, event in work.content.school.closures
        for key in closure_keys(event)
    ]
    return Calendar(terms, closures, [])


# What the ledger that an import began with says of rows that it holds already.
#
# A row that was taken in is not refused when it comes again, because a person here moved a term,
# withdrew a closure or gave somebody a last day since.


class StateBefore:
    """The state before the import."""

    def __init__(self, state: State) -> None:
        self._state = state

    @cached_property
    def _calendar(self) -> Calendar:
        return self._state.calendar()

    def holds(self, pupil: Pupil, session: str, code: str) -> bool:
        """Tell whether the mark of a source is held."""
        mark = self._state.mark(pupil, session)
        return code in (mark.source_entry, mark.source_code)

    def holds_change(self, pupil: Pupil, row: AmendmentRow) -> bool:
        """Tell whether a change of a mark by its source is held."""
        said = (row.amended, row.stated, row.by)
        steps = self._state.mark(pupil, row.session).steps
        return any((step.code, step.stated, step.by) == said for step in steps)

    def absent(self, staff_id: str, day: date) -> bool:
        """Tell whether a member of staff was not there on a day, before the import already."""
        school = self._state.school
        return staff_id in school.staff and school.staff_on(staff_id, day) is None

    def meets(self, pupil: Pupil, occasion: Occasion) -> bool:
        """Tell whether the school met a session for a pupil, before the import."""
        known = self._state.school.pupils[pupil.id]
        return place(self._calendar, known, occasion.session).has_entry
