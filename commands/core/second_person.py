"""What the school's own policy leaves to one person, and what it holds for a second.

Only a change that adds unauthorised absence is ever held: what is in a family's favour is not.
"""

from collections.abc import Iterator
from datetime import date

from commands.core import papers
from commands.core.authority import PolicyOnDay
from commands.core.command import State
from commands.core.papers import CitedPaper
from commands.core.standing import standing_on
from ledger.events import streams
from ledger.state.school import Pupil
from ledger.values import Session
from policies.law.calendar import school_days_between
from policies.packs import school as school_packs
from policies.packs.codes import Codes

LATE = "late"
MANY = "many"
RELIED_ON = "relied-on"
_GROUNDS = {
    LATE: "later than the school's policy leaves to one person",
    MANY: "more at once than the school's policy leaves to one person",
    RELIED_ON: "a notice relied on the session",
}


def because(grounds: tuple[str, ...]) -> str:
    """Say why a change is held."""
    return ", ".join(_GROUNDS[ground] for ground in grounds)


def adds_unauthorised(codes: Codes, original: str, amended: str, day: date) -> bool:
    """Tell whether a change makes unauthorised absence of what was none."""
    before, after = (codes.find(code, day) for code in (original, amended))
    return bool(after and after.unauthorised) and not (before and before.unauthorised)


class Limits:
    """What a policy leaves to one person, on a day; a pupil's notices and marks are to be read."""

    def __init__(self, state: State, on_day: PolicyOnDay, codes: Codes) -> None:
        self._state, self._codes = state, codes
        self._policy, self._today = on_day
        self._days = state.calendar().school_days()
        self._notices: dict[str, list[CitedPaper]] = {}

    def grounds(self, pupil: Pupil, session: Session) -> Iterator[str]:
        """Yield why a change of one mark is held of its own, if it is."""
        if self.later(school_packs.APPROVAL_DAYS, session):
            yield LATE
        if self._policy.says(school_packs.APPROVAL_RELIED, self._today):
            if pupil.id not in self._notices:
                self._notices[pupil.id] = papers.notices_of(self._state, pupil, self._today)
            if self._is_relied_on(pupil, session):
                yield RELIED_ON

    def _is_relied_on(self, pupil: Pupil, session: Session) -> bool:
        """Tell whether a notice rested on a session, by the entry that stood at its issue."""
        marks = standing_on(self._state, streams.mark(pupil.id, session))
        notices = self._notices[pupil.id]
        rested = (papers.with_entries(each, marks, self._codes).paper for each in notices)
        return any(paper.relied_on(session) for paper in rested)

    def many(self, number: int) -> list[str]:
        """Return the ground that so many changes at once give to each."""
        limit = self._policy.number(school_packs.APPROVAL_MORE, self._today)
        return [MANY] if limit is not None and number > limit else []

    def later(self, key: str, session: Session) -> bool:
        """Tell whether a session is longer ago than a key of the policy says."""
        limit = self._policy.number(key, self._today)
        return limit is not None and self.lag(session) > limit

    def lag(self, session: Session) -> int:
        """Return how many school days ago a session was."""
        return school_days_between(self._days, session.date, self._today)
