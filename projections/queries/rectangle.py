"""The register as a rectangle: pupils by sessions, with what stood and what counts.

Every tally is an array operation over it, so that a rate, a flag and a window can never be
counted two ways.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ledger.values import Session
from policies.packs.codes import CodeRule, Codes, Rules
from projections.queries.view import Interval, View
from projections.readmodel.grid import Partition, column

Flags = npt.NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)
_NO_END = date.max.toordinal()


@dataclass
class Rectangle:
    """Pupils (rows, by row number) and sessions (columns, in order) of a range of dates.

    ``codes`` uint8: index into ``book`` (0: no mark; the cancelling code where a session was
    cancelled); ``undated``: standing version that states no time; ``on_roll``; ``met``: the
    school met the session for this pupil; ``cancelled``: it was cancelled for this pupil. All
    of shape [pupils, sessions].
    """

    sessions: list[Session]
    book: list[str]
    codes: npt.NDArray[np.uint8]
    undated: Flags
    on_roll: Flags
    met: Flags
    cancelled: Flags

    @cached_property
    def counted(self) -> Flags:
        """Cells that count: met, while on roll."""
        return _fixed(self.met & self.on_roll)


def rectangle(view: View, first: date | None = None, last: date | None = None) -> Rectangle:
    """Return the register of a view, by default from its first date to its ``on``.

    Nobody changes it: whoever asks the same again is given the same.
    """
    days = (first or view.first, last or view.on)
    return view.facts.get(days, lambda: _Frame(view, *days)).rectangle(view)


class _Frame:
    """A register as calendar, roll and groups alone make it, and every version of its marks."""

    def __init__(self, view: View, first: date, last: date) -> None:
        # Terms as known at some moment may overlap, though no command lets them stand so.
        each = set(view.calendar.sessions(first, last))
        self.sessions = sorted(each, key=attrgetter("date", "half"))
        size = (view.row_count, len(self.sessions))
        self.marks = every_version(view, self.sessions)
        self.met, self.cancelled = map(_fixed, _met_and_cancelled(view, self.sessions, size))
        on_roll = np.zeros(size, np.bool_)
        cover(on_roll, self.sessions, view.spells)
        self.on_roll = _fixed(on_roll)
        self._latest: tuple[tuple[int, Rules], Rectangle] | None = None

    def rectangle(self, view: View) -> Rectangle:
        """Return it with the marks that stood as known to a view."""
        latest, wanted = self._latest, (view.position, view.rules)
        if latest is None or latest[0] != wanted:
            latest = self._latest = wanted, self._as_known(view)
        return latest[1]

    def _as_known(self, view: View) -> Rectangle:
        codes, undated = self.marks.as_known(view.position, view.stated)
        marks, given = (codes, undated), self.on_roll & self.cancelled
        book = _supersede(view, self.sessions, marks, given)
        shown = _fixed(codes), _fixed(undated)
        return Rectangle(self.sessions, book, *shown, self.on_roll, self.met, self.cancelled)


def _fixed(array: npt.NDArray[T]) -> npt.NDArray[T]:
    """Return an array that nobody can change."""
    array.flags.writeable = False
    return array


def cells(whole: Rectangle, codes: Codes, wanted: Callable[[CodeRule], bool]) -> Flags:
    """Return the cells that count and whose code's rule is wanted; [pupils, sessions]."""
    found = np.zeros(whole.codes.shape, np.bool_)
    days = [session.date for session in whole.sessions]
    for first, last in codes.eras(days[0], days[-1]) if days else ():
        here = np.array([first <= day <= last for day in days])
        rules = [codes.find(code, first) if code else None for code in whole.book]
        meant = np.array([rule is not None and wanted(rule) for rule in rules])
        found[:, here] = meant[whole.codes[:, here]]
    return found & whole.counted


def _supersede(
    view: View,
    sessions: list[Session],
    marks: tuple[npt.NDArray[np.uint8], Flags],
    cancelled: Flags,
) -> list[str]:
    """Let the code of a cancelled session stand for everyone (reg 10(10)); return the book."""
    codes, undated = marks
    book = list(view.grid.book)
    for at in np.nonzero(cancelled.any(axis=0))[0]:
        code = view.rules.codes.cancelled(sessions[at].date)
        if code not in book:
            book.append(code)
        codes[cancelled[:, at], at] = book.index(code)
        undated[cancelled[:, at], at] = False
    return book


def every_version(view: View, sessions: Sequence[Session]) -> Partition:
    """Return every version in the log of the marks of some sessions, a column each."""
    wanted = tuple(sessions)
    return view.facts.get(wanted, lambda: _every_version(view, wanted))


def _every_version(view: View, sessions: Sequence[Session]) -> Partition:
    found = Partition.of((view.row_count, len(sessions)))
    places = [column(str(s)) for s in sessions]
    for year in sorted({y for y, _ in places}):
        here = np.array([n for n, (y, _) in enumerate(places) if y == year])
        there = np.array([c for y, c in places if y == year])
        found.lay(view.grid.partition(year), there, here)
    return found


def _met_and_cancelled(
    view: View, sessions: list[Session], size: tuple[int, int]
) -> tuple[Flags, Flags]:
    met, cancelled = np.ones(size, np.bool_), np.zeros(size, np.bool_)
    where = {session: n for n, session in enumerate(sessions)}
    by_group: dict[str, list[Interval]] = {}
    if any(closure.groups for closure in view.calendar.closures):
        for member in view.memberships:
            by_group.setdefault(member.name, []).append(member)
    for closure in view.calendar.closures:
        at = where.get(Session(closure.date, closure.half))
        if at is None:
            continue
        wanted = [m for name in closure.groups for m in by_group.get(name, ())]
        rows = np.full(size[0], not closure.groups)
        rows[[m.pupil for m in wanted if m.covers(closure.date)]] = True
        met[rows, at] = False
        if closure.cancelled:
            cancelled[rows, at] = True
    return met, cancelled


def cover(flags: Flags, sessions: list[Session], intervals: list[Interval]) -> None:
    """Set the cells that intervals of days cover."""
    days = np.array([s.date.toordinal() for s in sessions])
    firsts = [interval.first.toordinal() for interval in intervals]
    lasts = [interval.last.toordinal() if interval.last else _NO_END for interval in intervals]
    lows = np.searchsorted(days, firsts, "left").tolist()
    ends = np.searchsorted(days, lasts, "right").tolist()
    for interval, low, end in zip(intervals, lows, ends, strict=True):
        flags[interval.pupil, low:end] = True
