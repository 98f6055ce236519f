"""Where a pupil's mark has a part in the figures: one session, by calendar, roll and age.

A mark counts on a session that the school met, by a pupil on roll that day; on a cancelled one the
entry that the law gives it does (SI 2024/208 reg 10(10)). Toward the threshold it counts only of
compulsory school age besides (SI 2007/1867 reg 9A with EA 1996 s.444(1)).
"""

from typing import NamedTuple

from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.values import Session
from policies.law.age import is_compulsory
from policies.packs.codes import Codes


class Place(NamedTuple):
    """Whether a session was held for a pupil, or cancelled, and whether age lets it count."""

    held: bool
    cancelled: bool
    of_age: bool

    @property
    def has_entry(self) -> bool:
        """Whether the register has an entry for it: that of a cancelled session is one."""
        return self.held or self.cancelled

    def counts(self, session: Session, code: str | None, codes: Codes) -> bool:
        """Tell whether a mark has a part in the figures; a code of none: that there is none."""
        return self.held or (self.cancelled and code == codes.cancelled(session.date))

    def counts_toward_threshold(self, session: Session, code: str, codes: Codes) -> bool:
        """Tell whether a mark counts toward the threshold of a penalty notice."""
        return self.held and self.of_age and codes.relevant(code, session.date)


def place(calendar: Calendar, pupil: Pupil, session: Session) -> Place:
    """Return what a calendar and the roll say of a session for a pupil."""
    day = session.date
    of_age = is_compulsory(day, pupil.compulsory_from, pupil.birth_cohort)
    if not (pupil.on_roll(day) and calendar.in_term(day)):
        return Place(held=False, cancelled=False, of_age=of_age)
    closure = calendar.closure(session, pupil.groups(day))
    cancelled = closure is not None and closure.cancelled
    return Place(held=closure is None, cancelled=cancelled, of_age=of_age)
