"""School days of a pupil on end: days on which every session met is of one sort."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from projections.queries.rectangle import Flags, Rectangle


@dataclass(frozen=True, slots=True)
class Days:
    """Flags [pupils, days]: sessions of a day held against a sort of them.

    ``every``: the pupil met sessions, all of the sort; ``some``: at least one of the sort;
    ``none_met``: on roll, and the school met no session for the pupil.
    """

    dates: Sequence[date]
    every: Flags
    some: Flags
    none_met: Flags


@dataclass(frozen=True, slots=True)
class Run:
    """School days on end; days on which the pupil had no session lie between unseen."""

    days: tuple[date, ...]

    @property
    def first(self) -> date:
        """The first of the days."""
        return self.days[0]

    @property
    def last(self) -> date:
        """The last of the days."""
        return self.days[-1]


def days_of(whole: Rectangle, sort: Flags) -> Days:
    """Return the days of a register, held against cells of a sort."""
    dates = sorted({session.date for session in whole.sessions})
    first = {session.date: n for n, session in reversed(list(enumerate(whole.sessions)))}
    starts = np.array([first[day] for day in dates], np.int64)
    met, on_roll, of_sort = (
        np.add.reduceat(flags, starts, axis=1, dtype=np.int64)
        for flags in (whole.counted, whole.on_roll, whole.counted & sort)
    )
    return Days(dates, (met > 0) & (of_sort == met), of_sort > 0, (on_roll > 0) & (met == 0))


def runs(days: Days, pupil: int, wanted: Flags) -> list[Run]:
    """Return a pupil's runs of wanted days, ``days.every`` or ``days.some``, in order.

    Another day ends a run, also one without a mark or off roll: what is not recorded cannot be
    said to be absence. A day without a session for the pupil is passed over.
    """
    found: list[list[date]] = [[]]
    for day, of_sort, nothing in zip(days.dates, wanted[pupil], days.none_met[pupil], strict=True):
        if of_sort:
            found[-1].append(day)
        elif not nothing and found[-1]:
            found.append([])
    return [Run(tuple(each)) for each in found if each]
