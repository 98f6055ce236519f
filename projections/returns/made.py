"""Returns made of a kind, and so since when the next one has to tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from policies.law.penalties import Measure
from projections.queries.rectangle import Flags, Rectangle
from projections.queries.view import View
from projections.readmodel.tables import PUPIL_SEPARATOR

# -- made ----------------------------------------------------------------------------------
# Returns made of a kind, and so since when the next one has to tell.


_DAY = timedelta(days=1)


class Made(NamedTuple):
    """A return that was made; ``pupils``: whom it was about, everyone due where empty."""

    on: date
    pupils: frozenset[int]

    def tells_of(self, pupil: int) -> bool:
        """Tell whether a pupil was in it."""
        return not self.pupils or pupil in self.pupils


@dataclass(frozen=True, slots=True)
class Told:
    """What the authority has been told in returns of one kind, earliest first.

    ``first``: the first day to look at for pupils who were in none of them.
    """

    first: date
    made: tuple[Made, ...]

    @property
    def last(self) -> date | None:
        """The day of the last return, whoever it was about."""
        return self.made[-1].on if self.made else None

    def upto(self, pupil: int) -> date:
        """Return the last day that has been told of for a pupil."""
        days = [made.on for made in self.made if made.tells_of(pupil)]
        return max([self.first - _DAY, *days])


def told(view: View, kind: str) -> Told:
    """Return what was told by the day of a view.

    Without ``--from``: from the first return of the kind on, which shows that somebody keeps
    them here, and from the first day of the school year at the latest.
    """
    rows = view.stood("on_date, pupils", "returns_made", "kind = :v0", kind)
    found = (Made(date.fromisoformat(day), _pupils(pupils)) for day, pupils in rows)
    made = sorted((m for m in found if m.on <= view.on), key=lambda m: m.on)
    first = view.first
    if made and view.question.from_ is None:
        first = min(first, made[0].on)
    return Told(first, tuple(made))


def _pupils(text: str) -> frozenset[int]:
    return frozenset(int(pupil) for pupil in text.split(PUPIL_SEPARATOR) if pupil)


def agreed(view: View) -> Measure | None:
    """Return the figure for failing to attend regularly that is agreed for the day of a view."""
    rows = view.stood(
        "since, line, sessions, weeks", "returns_agreed", "since <= :v0", view.on.isoformat()
    )
    return Measure(*max(rows)[2:]) if rows else None


# -- returns_days --------------------------------------------------------------------------
# School days of a pupil on end: days on which every session met is of one sort.


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
