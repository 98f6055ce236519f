"""Registers that were due: a group with somebody on roll, on a session met and closed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ledger import names
from ledger.clock import local_date
from ledger.values import Session
from policies.law.calendar import school_days_between
from projections.queries.due import has_closed
from projections.queries.rectangle import Rectangle, cover, rectangle
from projections.queries.selection import groups_of
from projections.queries.view import View
from projections.readmodel.accessors.marks import first_marks, sessions_of, takings
from projections.readmodel.records.register import RegisterTaken

_MINUTE = 60_000_000
TAKEN, NOT_RECORDED, MISSING = "taken", "not recorded how it was taken", "missing"


@dataclass(frozen=True, slots=True)
class DueRegister:
    """One register that was due.

    ``closes``: the instant of the closing time, none where no times are recorded; ``expected``:
    pupils on roll who met the session; ``without``: those without a mark; ``marks_after``: first
    marks made after the closing time, none where there is none; ``late_by_minutes``: from
    closing to the end of taking, rounded down; where no taking is recorded, to the moment at which
    more than half of its first marks had been made; none where in time. One pupil's mark made
    later is a late entry, and makes no register late.
    """

    group: str
    session: Session
    closes: int | None
    taking: RegisterTaken | None
    expected: int
    without: int
    marks_after: int | None
    late_by_minutes: int | None
    late_by_school_days: int | None

    @property
    def how(self) -> str:
        """Whether it was taken; else whether a pupil has no mark."""
        if self.taking:
            return TAKEN
        return MISSING if self.without else NOT_RECORDED


def due_registers(view: View, kind: str, group: str | None) -> Iterator[DueRegister]:
    """Yield the registers due in the range, of all groups of a kind or of one."""
    groups = groups_of(view, kind)
    if group is not None:
        groups = {name: groups[name] for name in names.same(group, groups)}
        if not groups:
            raise view.unknown_group(group, kind)
    whole = rectangle(view)
    made, takings, days = _first_marks(view, whole), _takings(view), view.calendar.school_days()
    for name, members in groups.items():
        cells = np.zeros(whole.codes.shape, np.bool_)
        cover(cells, whole.sessions, members)
        cells &= whole.counted
        for at in np.nonzero(np.any(cells, axis=0))[0]:
            session, here = whole.sessions[at], cells[:, at]
            taking, closes = takings.get((str(session), name)), view.calendar.closing(session)
            if taking is None and not has_closed(view, session):
                continue
            after = [] if closes is None else made[here, at][made[here, at] > closes].tolist()
            last = taking.ended if taking else _mostly_marked(made[here, at])
            late = None if closes is None or last <= closes else last - closes
            yield DueRegister(
                name,
                session,
                closes,
                taking,
                int(here.sum()),
                int((whole.codes[here, at] == 0).sum()),
                None if closes is None else len(after),
                None if late is None else late // _MINUTE,
                None
                if late is None
                else school_days_between(days, session.date, local_date(last)),
            )


def _mostly_marked(made: npt.NDArray[np.int64]) -> int:
    """Return when more than half of the marks with a known time had been made; 0 of none."""
    dated = np.sort(made[made > 0])
    return int(dated[len(dated) // 2]) if len(dated) else 0


def _takings(view: View) -> dict[tuple[str, str], RegisterTaken]:
    known = takings(view, session=sessions_of(view.first, view.on))
    return {(each.session, each.grp): each for each in known}


def _first_marks(view: View, whole: Rectangle) -> npt.NDArray[np.int64]:
    """Return when each first mark was made, [pupils, sessions]; 0 where no time is known."""
    made = np.zeros(whole.codes.shape, np.int64)
    where = {str(session): n for n, session in enumerate(whole.sessions)}
    for mark in first_marks(view, view.first, view.on):
        at = where.get(mark.session)
        if at is not None and mark.pupil < len(made):
            own = not mark.imported
            made[mark.pupil, at] = view.commits.of(mark.position).at if own else mark.stated or 0
    return made
