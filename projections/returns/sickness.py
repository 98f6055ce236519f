"""The sickness return: who has been ill, or is expected to be, for as many days as the law names.

SI 2024/208 reg 13(9) to (11): consecutive school days, or in total in the school year. Half days
are not defined, so that totals are shown in sessions. What is expected is for a person to judge:
the register shows only the absence that is planned.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from policies.packs.catalogue import value_text
from policies.packs.values import parameters
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.view import View
from projections.readmodel.records.register import Plan
from projections.returns.attendance import Days, Run, days_of, of_age, runs
from projections.returns.past_returns import PastReturns, PupilDue


@dataclass(slots=True)
class Illness:
    """Sessions of illness in a school year; ``planned``: of them, those to come."""

    ill: Flags
    planned: Flags
    days: Days


@dataclass(frozen=True, slots=True)
class Measure:
    """How much illness calls for a return: school days on end, sessions in the school year."""

    days: int
    sessions: int


def measure_of(on: date) -> Measure:
    """Return the measure in force on a day."""
    days = parameters().value("returns.sickness_school_days", on).number
    a_day = parameters().value("register.sessions_per_day", on).number
    return Measure(days, days * a_day)


def ill(view: View, past: PastReturns) -> Iterator[PupilDue]:
    """Yield the pupils whom a return is about, with why and by when."""
    if view.school_year is None:
        return
    measure, here = measure_of(view.on), _illness(view, view.school_year)
    due = value_text(parameters().value("returns.sickness_due", view.on).value)
    for pupil in map(int, np.nonzero(here.ill.any(axis=1))[0]):
        new = new_absences(here.days, pupil, past)
        if not new:
            continue
        total, planned = int(here.ill[pupil].sum()), int(here.planned[pupil].sum())
        on_end = [
            run
            for run in runs(here.days, pupil, here.days.every)
            if len(run.days) >= measure.days and run.first >= new[0].first
        ]
        if total >= measure.sessions or on_end:
            yield PupilDue(
                person=view.people[pupil],
                why=_why(total, planned, on_end),
                due_words=due,
                days=max((len(run.days) for run in on_end), default=0),
                sessions=total,
                planned=planned,
                since=new[0].first,
            )


def new_absences(days: Days, pupil: int, past: PastReturns) -> list[Run]:
    """Return the absences for illness that began after the last return about a pupil.

    One continuous absence is told of once in a school year (reg 13(11)); what began before the
    first day looked at counts as long as no return was made.
    """
    days_told = [each.on for each in past.returns if each.tells_of(pupil)]
    last = max(days_told, default=date.min)
    return [run for run in runs(days, pupil, days.some) if run.first > last]


def _illness(view: View, year: tuple[date, date]) -> Illness:
    whole = rectangle(view, *year)
    names = parameters().value("returns.sickness_codes", view.on).names
    countable = of_age(view, whole)
    days = np.array([session.date.toordinal() for session in whole.sessions], np.int64)
    on = view.on.toordinal()
    recorded = np.isin(whole.codes, [whole.book.index(n) for n in names if n in whole.book])
    recorded &= days <= on
    open_ = (days > on) | ((days == on) & (whole.codes == 0))
    planned = _plans(view, whole, names) & open_ & countable
    ill = (recorded & countable) | planned
    return Illness(ill, planned, days_of(whole, ill))


def _plans(view: View, whole: Rectangle, names: tuple[str, ...]) -> Flags:
    found = np.zeros(whole.codes.shape, np.bool_)
    place = {str(session): n for n, session in enumerate(whole.sessions)}
    for plan in view.standing(Plan, code=names):
        if plan.session in place:
            found[plan.pupil, place[plan.session]] = True
    return found


def _why(total: int, planned: int, on_end: list[Run]) -> str:
    expected = f" ({planned} of them to come, expected because they are planned)"
    words = [f"{total} sessions of illness in the school year{expected if planned else ''}"]
    words += [f"{len(run.days)} school days on end, {run.first} to {run.last}" for run in on_end]
    return "; ".join(words)
