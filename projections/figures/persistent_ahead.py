"""Persistent absence ahead: who is about to cross, and when a pupil could be off the list."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from policies.law.absence import shares
from projections.queries.enrolments import Enrolment
from projections.queries.rectangle import Rectangle, rectangle
from projections.queries.view import View

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ahead:
    """The sessions after the view's date that the school will meet in the same school year."""

    view: View
    whole: Rectangle

    def leaving(self, enrolment: Enrolment) -> dict[str, Any]:
        """Return how many sessions of full attendance end it, and the earliest date of that.

        0 and no date where the pupil is not persistently absent; no date where the school year
        (from which counting begins anew) or the spell on roll ends before.
        """
        share = shares(self.view.on).persistent
        needed = share.sessions_to_leave(enrolment.tally.absent, enrolment.tally.possible)
        return {"sessions_to_leave": needed, "could_leave_on": self._date(enrolment, needed)}

    def _date(self, enrolment: Enrolment, needed: int) -> str | None:
        coming = np.nonzero(self.whole.counted[enrolment.pupil])[0]
        if not 0 < needed <= len(coming):
            return None
        return str(self.whole.sessions[coming[needed - 1]].date)


def ahead(view: View) -> Ahead:
    """Return what lies ahead of a view's date, by the calendar and the roll as known."""
    last: date = view.school_year[1] if view.school_year else view.on
    return Ahead(view, rectangle(view, view.on + _DAY, last))


def crossing(found: list[Enrolment], within: int, on: date) -> list[dict[str, Any]]:
    """Return who is not persistently absent and would be after so many sessions of absence."""
    share = shares(on).persistent
    near = [(share.sessions_until(e.tally.absent, e.tally.possible), e) for e in found]
    listed = [(until, e) for until, e in near if 0 < until <= within]
    return [
        {"upn": e.upn, **e.counts, "sessions_until_persistent": until}
        for until, e in sorted(listed, key=lambda each: each[1].upn)
    ]
