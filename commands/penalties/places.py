"""Where a pupil's marks have a part in the figures, before a change and after it; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from commands.core.places import Place, place
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.values import Session
from policies.packs.codes import Codes

Moved = Mapping[Session, tuple[Place, Place]]
"""The sessions whose place differs, with the place before and after."""


@dataclass(frozen=True)
class Calendars:
    """The calendar before and after a change, and the sessions up to today of either."""

    before: Calendar
    after: Calendar
    today: date

    def moved(self, old: Pupil, new: Pupil) -> Moved:
        """Return the sessions whose place differs for a pupil, marked or not, in their order."""
        found = {}
        for session in sorted(dict.fromkeys(self._looked_at(old, new))):
            pair = place(self.before, old, session), place(self.after, new, session)
            if pair[0] != pair[1]:
                found[session] = pair
        return found

    def _looked_at(self, old: Pupil, new: Pupil) -> Iterator[Session]:
        """Yield the sessions where something that decides it differs: few, or none."""
        yield from self._differing
        joined = old.memberships.items() ^ new.memberships.items()
        if joined:
            named = {name for (_, name, _), _ in joined}
            yield from (s for s, groups in self._closed.items() if not groups.isdisjoint(named))
        if old.days_on_roll != new.days_on_roll or _age(old) != _age(new):
            yield from self._sessions

    @cached_property
    def _sessions(self) -> list[Session]:
        both = (self.before,) if self.after is self.before else (self.before, self.after)
        return sorted({s for each in both for s in each.sessions(date.min, self.today)})

    @cached_property
    def _differing(self) -> list[Session]:
        """The sessions of which terms or closures say otherwise than before."""
        was, now = self.before, self.after
        if (was.terms, was.closures) == (now.terms, now.closures):
            return []
        return [
            session
            for session in self._sessions
            if was.in_term(session.date) != now.in_term(session.date)
            or was.closures_on(session) != now.closures_on(session)
        ]

    @cached_property
    def _closed(self) -> dict[Session, set[str]]:
        """The groups for which sessions are closed: only there does it matter who is in them."""
        found: dict[Session, set[str]] = {}
        for closure in (*self.before.closures, *self.after.closures):
            if closure.groups and closure.date <= self.today:
                found.setdefault(Session(closure.date, closure.half), set()).update(closure.groups)
        return found


def _age(pupil: Pupil) -> tuple[date, int]:
    return pupil.compulsory_from, pupil.birth_cohort


@dataclass(slots=True)
class Effect:
    """The marks of one pupil that stop and that begin to count, by session with their codes.

    ``of_age``: those of them that figures count as before, and only the threshold does not, or
    does now; ``cancelled``: marks that the entry of a session cancelled now takes the place of;
    ``unheld``: sessions of which such an entry stands, and that are held now; ``unmarked``: those
    held now that have no mark.
    """

    lost: dict[Session, str] = field(default_factory=dict)
    gained: dict[Session, str] = field(default_factory=dict)
    of_age: set[Session] = field(default_factory=set)
    cancelled: dict[Session, str] = field(default_factory=dict)
    unheld: list[Session] = field(default_factory=list)
    unmarked: list[Session] = field(default_factory=list)


Marks = Mapping[Session, str]
"""The codes that stand, by session."""


def effect(moved: Moved, before: Marks, after: Marks, codes: Codes) -> Effect:
    """Return what moved places do to the marks that stood before and stand after."""
    found = Effect()
    for session, (was, now) in moved.items():
        first, then = before.get(session), after.get(session)
        if first is None or then is None:
            found.unmarked += [session] if then is None and now.held > was.held else []
        elif was.held and now.cancelled and first != then == codes.cancelled(session.date):
            found.cancelled[session] = first
        else:
            _move(found, session, (was, now), (first, then), codes)
    return found


def _move(
    found: Effect,
    session: Session,
    places: tuple[Place, Place],
    stands: tuple[str, str],
    codes: Codes,
) -> None:
    """Add what one moved place does to a mark."""
    (was, now), (first, then) = places, stands
    pair = was.counts(session, first, codes), now.counts(session, then, codes)
    if pair == (True, True):
        if now.held and not was.held and then == first:
            found.unheld.append(session)
        pair = (
            was.counts_toward_threshold(session, then, codes),
            now.counts_toward_threshold(session, then, codes),
        )
        if pair[0] != pair[1]:
            found.of_age.add(session)
    if pair[0] and not pair[1]:
        found.lost[session] = then
    elif pair[1] and not pair[0] and then == first:  # who changes the mark says so itself
        found.gained[session] = then
