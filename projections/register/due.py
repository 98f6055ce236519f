"""Registers that were due: a group with somebody on roll, on a session met and closed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ledger import names
from ledger.clock import Corrected
from ledger.values import Session
from projections.queries.due import has_closed
from projections.queries.lags import Lag, earliest_of, school_days_after
from projections.queries.rectangle import Rectangle, cover, rectangle
from projections.queries.selection import groups_of
from projections.queries.view import View
from projections.readmodel.accessors.marks import first_marks, sessions_of, takings
from projections.readmodel.records.register import RegisterTaken

_Instants = npt.NDArray[np.int64]
_MINUTE = 60_000_000
TAKEN, NOT_RECORDED, MISSING = "taken", "not recorded how it was taken", "missing"


@dataclass(frozen=True, slots=True)
class DueRegister:
    """One register that was due.

    ``closes``: the instant of the closing time, none where no times are recorded; ``expected``:
    pupils on roll who met the session; ``without``: those without a mark; ``marks_after``: first
    marks made after the closing time, none where there is none; ``late_by_minutes``: from
    closing to the end of taking, rounded down; where no taking is recorded, to the moment at which
    more than half of its first marks had been made; none where in time. Where a wrong clock
    stamped the end, between two numbers. One pupil's mark made later is a late entry, and makes
    no register late.
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
            marked = [each[here, at] for each in made]
            last = taking.ended if taking else _mostly_marked(*marked)
            late = closes is not None and last > closes
            yield DueRegister(
                name,
                session,
                closes,
                taking,
                int(here.sum()),
                int((whole.codes[here, at] == 0).sum()),
                None if closes is None else _marks_after(closes, *marked),
                _minutes_after(closes, last) if closes is not None and late else None,
                school_days_after(days, session.date, last) if late else None,
            )


def _minutes_after(closes: int, last: int) -> int:
    """Return how late a register was taken; from 0 on where it may have been in time."""
    least = max(0, earliest_of(last) - closes) // _MINUTE
    return Lag.between(least, (last - closes) // _MINUTE)


def _marks_after(closes: int, earliest: _Instants, latest: _Instants) -> int:
    return Lag.between(int((earliest > closes).sum()), int((latest > closes).sum()))


def _mostly_marked(earliest: _Instants, latest: _Instants) -> int:
    """Return when more than half of the marks with a known time had been made; 0 of none."""
    first, last = (np.sort(made[made > 0]) for made in (earliest, latest))
    if not len(last):
        return 0
    ends = (int(made[len(made) // 2]) for made in (first, last))
    return Corrected.between(next(ends), next(ends), said=0, position=0)


def _takings(view: View) -> dict[tuple[str, str], RegisterTaken]:
    known = takings(view, session=sessions_of(view.first, view.on))
    return {(each.session, each.grp): each for each in known}


def _first_marks(view: View, whole: Rectangle) -> tuple[_Instants, _Instants]:
    """Return when each first mark was made, [pupils, sessions]; 0 where no time is known.

    At the earliest and at the latest: what a wrong clock stamped was made between the two.
    """
    made = np.zeros(whole.codes.shape, np.int64)
    corrected: dict[tuple[int, int], int] = {}
    where = {str(session): n for n, session in enumerate(whole.sessions)}
    for mark in first_marks(view, view.first, view.on):
        at = where.get(mark.session)
        if at is not None and mark.pupil < len(made):
            when = mark.stated if mark.imported else view.commits.of(mark.position).at
            made[mark.pupil, at] = when or 0
            if isinstance(when, Corrected):
                corrected[mark.pupil, at] = when.earliest
    earliest = made.copy() if corrected else made
    for place, when in corrected.items():
        earliest[place] = when
    return earliest, made
