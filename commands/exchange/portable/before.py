"""What the ledger that an import began with says of rows that it holds already.

A row that was taken in is not refused when it comes again, because a person here moved a term,
withdrew a closure or gave somebody a last day since.
"""

from datetime import date
from functools import cached_property

from commands.core.command import State
from commands.exchange.portable.occasions import Occasion
from commands.exchange.portable.rows import AmendmentRow
from ledger.events import streams
from ledger.state.calendar import Calendar
from ledger.state.marks import Mark, fold
from ledger.state.school import Pupil


class Before:
    """The state before the import."""

    def __init__(self, state: State) -> None:
        self._state = state

    @cached_property
    def _calendar(self) -> Calendar:
        return self._state.school.calendar()

    def _mark(self, pupil: Pupil, session: str) -> Mark:
        return fold(self._state.histories.get(streams.mark(pupil.id, session), ()))

    def holds(self, pupil: Pupil, session: str, code: str) -> bool:
        """Tell whether the mark of a source is held."""
        mark = self._mark(pupil, session)
        return code in (mark.source_entry, mark.source_code)

    def holds_change(self, pupil: Pupil, row: AmendmentRow) -> bool:
        """Tell whether a change of a mark by its source is held."""
        said = (row.amended, row.stated, row.by)
        steps = self._mark(pupil, str(row.session)).steps
        return any((step.code, step.stated, step.by) == said for step in steps)

    def absent(self, staff_id: str, day: date) -> bool:
        """Tell whether a member of staff was not there on a day, before the import already."""
        school = self._state.school
        return staff_id in school.staff and school.staff_on(staff_id, day) is None

    def meets(self, pupil: Pupil, occasion: Occasion) -> bool:
        """Tell whether the school met a session for a pupil, before the import."""
        known = self._state.school.pupils[pupil.id]
        closure = self._calendar.closure(occasion.session, known.groups(occasion.day))
        met = closure is None or closure.cancelled
        return met and self._calendar.in_term(occasion.day) and known.on_roll(occasion.day)
