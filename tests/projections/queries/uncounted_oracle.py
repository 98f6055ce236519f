"""What keeps one session of one pupil from counting, by hand: the log read again prefix by prefix.

Written apart from ``projections.queries.uncounted``, from the events alone: no table, no query.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.roll import (
    DetailsAmended,
    EnrolmentWithdrawn,
    GroupJoined,
    GroupLeft,
    PupilEnrolled,
    PupilRemoved,
)

DAY = date(2025, 9, 8)
KINDS = ["not-on-roll", "outside-term", "cancelled", "closed", "not-of-age"]


def by_hand(events, **how):
    """The kind and the number of the event to be named; none where the session counts.

    It is the first of the last stretch in which a reason stood unbroken, of the reason whose
    stretch began first. Number 0: there never was an event before which that reason was none.
    """
    stretches = [reasons(events[:n], **how) for n in range(len(events) + 1)]
    since = {}
    for fact in stretches[-1]:
        since[fact] = len(events)
        while since[fact] and fact in stretches[since[fact] - 1]:
            since[fact] -= 1
    if not since:
        return None
    now = stretches[-1]
    fact = min(since, key=lambda each: (since[each], KINDS.index(now[each])))
    return now[fact], since[fact]


def counted_since(events):
    """The number of the newest event before which the session did not count."""
    return max(
        n for n in range(1, len(events) + 1) if reasons(events[: n - 1], threshold=True, code=None)
    )


def reasons(events: Sequence[Any], *, threshold: bool, code: str | None) -> dict[Any, str]:
    """What keeps the session from counting after some events, each with its kind."""
    found: dict[Any, str] = {}
    if not _on_roll(events):
        found["roll"] = "not-on-roll"
    if not _in_term(events):
        found["term"] = "outside-term"
    closed = _closures(events)
    if not (code == "Y4" and "cancelled" in closed.values()):
        found |= closed
    if threshold and _young(events):
        found["age"] = "not-of-age"
    return found


def _in_term(events):
    terms = {e.name: e.first <= DAY <= e.last for e in events if isinstance(e, TermSet)}
    return any(terms.values())


def _on_roll(events):
    spells = {}
    for event in events:
        match event:
            case PupilEnrolled():
                spells[event.starts_on] = None
            case PupilRemoved():
                spells[event.starts_on] = event.leaves_on
            case EnrolmentWithdrawn():
                spells.pop(event.starts_on, None)
    return any(since <= DAY <= (until or DAY) for since, until in spells.items())


def _closures(events):
    held = {}
    for event in events:
        match event:
            case SessionsClosed() if "AM" in event.sessions:
                held[event.groups] = "closed"
            case SessionCancelled() if "AM" in event.sessions:
                held[event.groups] = "cancelled"
            case ClosureWithdrawn() if "AM" in event.sessions:
                held.pop(event.groups, None)
    ours = _groups(events)
    return {names: kind for names, kind in held.items() if not names or ours & set(names)}


def _groups(events):
    moves = [e for e in events if isinstance(e, GroupJoined | GroupLeft)]
    until = {(e.name, e.since): e.until for e in moves}
    return {
        name for (name, first), last in until.items() if (first or DAY) <= DAY <= (last or DAY)
    }


def _young(events):
    births = [e for e in events if isinstance(e, PupilEnrolled | DetailsAmended)]
    return bool(births) and births[-1].compulsory_from > DAY
