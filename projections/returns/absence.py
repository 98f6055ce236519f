"""The returns of absence: who has been absent on end, fails to attend regularly, or is ill.

Attendance, SI 2024/208 reg 13(7) and (8): pupils of compulsory school age who do not board.
Sickness, reg 13(9) to (11): consecutive school days, or in total in the school year. What is
expected is for a person to judge: the register shows only the absence that is planned. School
days on end are days on which every session that the pupil met is of one sort.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ledger.english import number_of
from ledger.values import Session
from policies.law.calendar import school_weeks
from policies.law.penalties import Measure, standing
from policies.packs.catalogue import value_text
from policies.packs.values import parameters
from projections.penalties.case import age_of, countable_cells
from projections.queries.rectangle import Flags, Rectangle, cells, cover, rectangle
from projections.queries.view import Interval, View
from projections.readmodel.records.register import Plan
from projections.readmodel.records.roll import Spell
from projections.returns.past_returns import PastReturns, PupilDue, agreed_figure


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


Run = tuple[date, ...]
"""School days on end; days on which the pupil had no session lie between unseen."""


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
    return [tuple(each) for each in found if each]


def of_age(view: View, whole: Rectangle) -> Flags:
    """Return the cells that count, of pupils of compulsory school age on the day."""
    people = view.people.items()
    return countable_cells(
        whole, {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in people}
    )


# -- attendance ------------------------------------------------------------------------------


@dataclass(slots=True)
class Register:
    """What the return is decided from: cells of the sorts that count, days, school weeks."""

    whole: Rectangle
    exclusive: Flags
    unauthorised: Flags
    days: Days


def register(view: View) -> Register:
    """Return the register from the first term known to the day of a view."""
    first = min([term.first for term in view.calendar.terms], default=view.first)
    whole = rectangle(view, first, view.on)
    ours = of_age(view, whole) & ~_boarding(view, whole)
    exclusive = cells(whole, view.rules.codes, lambda rule: rule.threshold) & ours
    unauthorised = cells(whole, view.rules.codes, lambda rule: rule.unauthorised) & ours
    return Register(whole, exclusive, unauthorised, days_of(whole, exclusive))


def _boarding(view: View, whole: Rectangle) -> Flags:
    found = np.zeros(whole.codes.shape, np.bool_)
    as_boarders = view.standing(Spell, boarder=True)
    stretches = [Interval(each.pupil, each.starts_on, each.leaves_on) for each in as_boarders]
    cover(found, whole.sessions, stretches)
    return found


def absent(view: View, past: PastReturns) -> Iterator[PupilDue]:
    """Yield the pupils whom the next return is about, with why and by when."""
    here, figure = register(view), agreed_figure(view)
    needed = parameters().value("returns.attendance_school_days", view.on).number
    interval = value_text(parameters().value("returns.attendance_interval", view.on).value)
    weeks = school_weeks(view.calendar.school_days())
    for pupil in range(len(here.whole.codes)):
        on_end = long_runs(here.days, pupil, needed, past)
        entries = _sessions_since(here.whole, here.unauthorised[pupil], past, pupil)
        peak = standing(weeks, entries, view.on, figure).peak if figure else 0
        why = [_on_end(run, here, pupil) for run in on_end]
        if figure and peak >= figure.sessions:
            why.append(_failing_regularly(peak, figure))
        if why:
            yield PupilDue(
                person=view.people[pupil],
                why="; ".join(why),
                due_words=interval,
                days=max((len(run) for run in on_end), default=0),
                sessions=peak if figure else len(entries),
                since=past.upto(pupil),
            )


def long_runs(days: Days, pupil: int, needed: int, past: PastReturns) -> list[Run]:
    """Return the runs of enough days that the authority has not been told of.

    One that was long enough when the last return was made has been told of, unless it has gone
    on for as long again.
    """
    upto = past.upto(pupil)
    return [
        run
        for run in runs(days, pupil, days.every)
        if len(run) >= needed
        and (run[needed - 1] > upto or sum(day > upto for day in run) >= needed)
    ]


def _sessions_since(
    whole: Rectangle, flags: Flags, past: PastReturns, pupil: int
) -> list[Session]:
    upto = past.upto(pupil)
    found = (whole.sessions[at] for at in np.nonzero(flags)[0])
    return [session for session in found if session.date > upto]


def _on_end(run: Run, here: Register, pupil: int) -> str:
    codes = {
        here.whole.book[here.whole.codes[pupil, at]]
        for at, session in enumerate(here.whole.sessions)
        if here.exclusive[pupil, at] and run[0] <= session.date <= run[-1]
    }
    return (
        f"absent on {len(run)} school days on end, {run[0]} to {run[-1]}, "
        f"every session recorded {' or '.join(sorted(codes))}"
    )


def _failing_regularly(peak: int, figure: Measure) -> str:
    return (
        f"{number_of(peak, 'session')} of unauthorised absence within {figure.weeks} school "
        f"weeks; agreed with the authority: {figure.sessions}"
    )


# -- sickness --------------------------------------------------------------------------------


@dataclass(slots=True)
class Illness:
    """Sessions of illness in a school year; ``planned``: of them, those to come."""

    ill: Flags
    planned: Flags
    days: Days


def ill(view: View, past: PastReturns) -> Iterator[PupilDue]:
    """Yield the pupils whom a return is about, with why and by when."""
    if view.school_year is None:
        return
    days = parameters().value("returns.sickness_school_days", view.on).number
    # Half days are not defined: the total is in sessions.
    sessions = days * parameters().value("register.sessions_per_day", view.on).number
    here = _illness(view, view.school_year)
    due = value_text(parameters().value("returns.sickness_due", view.on).value)
    for pupil in map(int, np.nonzero(here.ill.any(axis=1))[0]):
        new = new_absences(here.days, pupil, past)
        if not new:
            continue
        total, planned = int(here.ill[pupil].sum()), int(here.planned[pupil].sum())
        on_end = [
            run
            for run in runs(here.days, pupil, here.days.every)
            if len(run) >= days and run[0] >= new[0][0]
        ]
        if total >= sessions or on_end:
            yield PupilDue(
                person=view.people[pupil],
                why=_why(total, planned, on_end),
                due_words=due,
                days=max((len(run) for run in on_end), default=0),
                sessions=total,
                planned=planned,
                since=new[0][0],
            )


def new_absences(days: Days, pupil: int, past: PastReturns) -> list[Run]:
    """Return the absences for illness that began after the last return about a pupil.

    One continuous absence is told of once in a school year (reg 13(11)); what began before the
    first day looked at counts as long as no return was made.
    """
    days_told = [each.on for each in past.returns if each.tells_of(pupil)]
    last = max(days_told, default=date.min)
    return [run for run in runs(days, pupil, days.some) if run[0] > last]


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
    words = [
        f"{number_of(total, 'session')} of illness in the school year{expected if planned else ''}"
    ]
    words += [f"{len(run)} school days on end, {run[0]} to {run[-1]}" for run in on_end]
    return "; ".join(words)
