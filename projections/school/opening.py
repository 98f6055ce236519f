"""Whether the school is open on a day, why it is not, and which day of school was the last."""

from bisect import bisect_left
from datetime import date

from ledger.state.calendar import Calendar
from ledger.values import HALVES, Session

_FRIDAY = 4


def why_not_open(calendar: Calendar, day: date) -> str:
    """Say why the school holds no session on a day; empty where it holds one.

    By the calendar as known: that no terms are recorded is said too, lest a day that nobody
    entered look like a day on which all is well.
    """
    if not calendar.terms:
        return "no terms are recorded (attendance terms set)"
    if day.weekday() > _FRIDAY:
        return f"{day:%A}"
    if not calendar.in_term(day):
        return _between_terms(calendar, day)
    closed = [_for_everyone(calendar, Session(day, half)) for half in HALVES]
    return "; ".join(dict.fromkeys(filter(None, closed))) if all(closed) else ""


def last_school_day(calendar: Calendar, before: date) -> date | None:
    """Return the last day of school before a day; none where none is known."""
    days = calendar.school_days()
    at = bisect_left(days, before)
    return days[at - 1] if at else None


def _between_terms(calendar: Calendar, day: date) -> str:
    ended = max((term for term in calendar.terms if term.last < day), default=None)
    begins = min((term for term in calendar.terms if term.first > day), default=None)
    told = [
        *([f"{ended.name} ended on {ended.last}"] if ended else []),
        *([f"{begins.name} begins on {begins.first}"] if begins else []),
    ]
    return f"outside the terms recorded: {', '.join(told)}"


def _for_everyone(calendar: Calendar, session: Session) -> str:
    """Say what closes a session for the whole school; empty where nothing does."""
    found = [each for each in calendar.closures_on(session) if not each.groups]
    if not found:
        return ""
    word = "cancelled" if any(each.cancelled for each in found) else "closed"
    reason = next(filter(None, map(calendar.why, found)), "")
    return f"{word}: {reason}" if reason else word
