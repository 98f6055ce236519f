"""The entry that a cancelled session gives to whoever has none (SI 2024/208 reg 10(10)).

It counts without an event of its own: where somebody came to be concerned after the session was
cancelled, such as by another group. It follows from cancellation, roll and membership, and is
known when all of them are.
"""

from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

from ledger.values import Session
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version
from projections.readmodel.record import Versioned
from projections.readmodel.records.roll import Membership, Spell
from projections.readmodel.records.school import Closure


class Given(NamedTuple):
    """The entry, as a version of a mark at the place of what it follows from, and why."""

    version: Version
    reason: str


def entries_given(
    view: View, pupil: int, marked: Collection[str], first: date, last: date
) -> Iterator[Given]:
    """Yield the entry of each cancelled session of some days of which a pupil has no mark."""
    spells = view.standing(Spell, pupil=pupil)
    memberships = view.standing(Membership, pupil=pupil)
    sessions: dict[Session, list[Closure]] = {}
    for closure in view.standing(Closure, cancelled=True):
        sessions.setdefault(Session(closure.date, closure.half), []).append(closure)
    for session in sorted(sessions):
        day = session.date
        on_roll = [spell for spell in spells if spell.covers(day)]
        if str(session) in marked or not on_roll or not first <= day <= last:
            continue
        mine = [each for each in memberships if each.covers(day)]
        found = [
            (_known([closure, on_roll[0], *_joined(closure, mine)]), closure)
            for closure in sessions[session]
            if closure.law.concerns({each.name for each in mine})
        ]
        if found and view.calendar.in_term(day):
            known, closure = min(found, key=lambda each: each[0])
            reason = ": ".join(filter(None, ("session cancelled", view.open(closure.reason))))
            yield Given(_entry(view, pupil, session, known), reason)


def _joined(closure: Closure, mine: Collection[Membership]) -> list[Membership]:
    """Return the first membership known by which a closure for groups concerns a pupil."""
    theirs = sorted((m for m in mine if m.name in closure.groups), key=lambda m: (m.sf, m.kf))
    return theirs[:1]


def _known(facts: Collection[Versioned]) -> tuple[int, int]:
    """Return the time stated and the position from which all of some facts are known."""
    return max(each.sf for each in facts), max(each.kf for each in facts)


def _entry(view: View, pupil: int, session: Session, known: tuple[int, int]) -> Version:
    stated, position = known
    imported = view.is_stated(position)
    return Version(
        pupil=pupil,
        session=str(session),
        kind="entry",
        code=view.rules.codes.cancelled(session.date),
        replaced=None,
        minutes_late=None,
        nature=None,
        comment=None,
        reason=None,
        by=None,
        name=None,
        job_title=None,
        stated=(stated or None) if imported else None,
        imported=imported,
        position=position,
        known_by_source=stated,
    )
