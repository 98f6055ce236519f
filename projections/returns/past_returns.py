"""The returns made of a kind, and so since when the next one has to tell.

Also the figure for failing to attend regularly, which a school agrees with its authority.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from policies.law.penalties import Measure
from projections.queries.people import Person
from projections.queries.view import View
from projections.readmodel.records.disclosure import ReturnFigure, ReturnMade

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PupilDue:
    """A pupil of the next return, why, and by when; what a kind does not tell of is none.

    ``left_out``: the law leaves the pupil's class out, unless the authority asks.
    """

    person: Person
    why: str = ""
    due: date | None = None
    due_words: str = ""
    overdue: bool | None = None
    days: int | None = None
    sessions: int | None = None
    planned: int | None = None
    since: date | None = None
    starts_on: date | None = None
    leaves_on: date | None = None
    ground: str | None = None
    year: str | None = None
    left_out: bool = False


class PastReturn(NamedTuple):
    """A return that was made; ``pupils``: whom it was about, everyone due where empty."""

    on: date
    pupils: frozenset[int]

    def tells_of(self, pupil: int) -> bool:
        """Tell whether a pupil was in it."""
        return not self.pupils or pupil in self.pupils


@dataclass(frozen=True, slots=True)
class PastReturns:
    """What the authority has been told in returns of one kind, earliest first.

    ``first``: the first day to look at for pupils who were in none of them.
    """

    first: date
    returns: tuple[PastReturn, ...]

    @property
    def last(self) -> date | None:
        """The day of the last return, whoever it was about."""
        return self.returns[-1].on if self.returns else None

    def upto(self, pupil: int) -> date:
        """Return the last day that has been told of for a pupil."""
        days = [made.on for made in self.returns if made.tells_of(pupil)]
        return max([self.first - _DAY, *days])


def past_returns(view: View, kind: str) -> PastReturns:
    """Return what was told by the day of a view.

    Without ``--from``: from the first return of the kind on, which shows that somebody keeps
    them here, and from the first day of the school year at the latest.
    """
    known = view.standing(ReturnMade, kind=kind)
    found = (PastReturn(each.on_date, frozenset(each.about)) for each in known)
    made = sorted((m for m in found if m.on <= view.on), key=lambda m: m.on)
    first = view.first
    if made and view.question.from_ is None:
        first = min(first, made[0].on)
    return PastReturns(first, tuple(made))


def agreed_figure(view: View) -> Measure | None:
    """Return the figure for failing to attend regularly that is agreed for the day of a view."""
    known = [each for each in view.standing(ReturnFigure) if each.since <= view.on]
    newest = max(known, key=lambda each: (each.since, each.line), default=None)
    return Measure(newest.sessions, newest.weeks) if newest else None
