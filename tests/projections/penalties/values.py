"""The calculation of ``penalties`` on plain values: values in, the figures of a row out."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from ledger.state.calendar import Calendar, Closure, Term
from ledger.values import Session
from policies.law import age
from policies.law.calendar import school_weeks
from policies.law.notices import Notice, prospect
from policies.law.penalties import first_recorded, measure
from policies.packs.codes import codes
from projections.penalties.case import (
    Register,
    age_of,
    case_of,
    countable_cells,
    counted_from,
    entries,
    relevant_cells,
    weeks_begun,
    window_counts,
)
from projections.penalties.penalties import Stretch
from projections.penalties.text import COLUMNS, ListedPupil
from projections.queries.columns import Listing
from projections.queries.rectangle import Rectangle


def answered(school, pupil):
    """Answer what the oracle answers, by the code under test."""
    calendar = Calendar(
        [Term(first, last, str(first)) for first, last in school.terms],
        [Closure(*c.session, c.groups, c.cancelled, "") for c in school.closed],
    )
    register = Register(
        school.on, school_weeks(calendar.school_days()), measure(school.on), codes()
    )
    whole = rectangle(calendar, pupil, school.on)
    born = pupil.born
    whose = age_of(age.begins(born), age.birth_cohort(born))
    cells = countable_cells(whole, {0: whose})
    flags = relevant_cells(whole, codes(), cells)
    weeks = weeks_begun(register.weeks, school.on)
    latest, fullest = window_counts(flags, whole.sessions, weeks, register.measure)
    notices = [(n.parent, notice(n)) for n in pupil.notices]
    case = case_of(register, entries(whole, flags, 0), [n for _, n in notices])
    # Both ways of counting, arrays and bisection, have to come to the same.
    assert (latest[0], fullest[0]) == (case.standing.count, case.standing.peak)
    able = {s for n, s in enumerate(whole.sessions) if cells[0, n]}
    found = [s.entry for s in stretches(pupil, able)]
    nobody = SimpleNamespace(upn="")
    (row,) = Listing(COLUMNS, [ListedPupil(nobody, case)]).documents()
    return {
        **row,
        "settled_met": case.settled_met,
        "first_recorded": first_recorded(register.weeks, found, register.measure),
        "parents": {p: one_more(notices, p, school.on) for p in ("p1", "p2")},
    }


def rectangle(calendar, pupil, on):
    """Return the register of one pupil as arrays."""
    sessions = sorted(set(calendar.sessions(counted_from(codes()), on)))
    book = ["", *sorted({c for versions in pupil.marks.values() for _, c in versions})]
    standing = {Session(*s): versions[-1][1] for s, versions in pupil.marks.items()}

    def row(values, kind=np.bool_):
        return np.array([list(values)], kind)

    met = row(calendar.closure(s, groups_of(pupil, s.date)) is None for s in sessions)
    on_roll = row(
        any(first <= s.date and (last is None or s.date <= last) for first, last in pupil.spells)
        for s in sessions
    )
    marks = row((book.index(standing.get(s, "")) for s in sessions), np.uint8)
    nothing = np.zeros_like(met)
    return Rectangle(sessions, book, marks, nothing, on_roll, met, nothing)


def groups_of(pupil, day):
    """Return the groups of a pupil on a day."""
    return [name for name, since, until in pupil.groups
            if (since or day) <= day <= (until or day)]  # fmt: skip


def stretches(pupil, able):
    """Yield the versions with a relevant code, from when to when they stood."""
    for session, versions in sorted(pupil.marks.items()):
        ends = [moment for moment, _ in versions[1:]] + [None]
        for (moment, code), end in zip(versions, ends, strict=True):
            place = Session(*session)
            if place in able and is_relevant(code, place.date):
                yield Stretch(place, moment, end, moment, end)


@cache
def is_relevant(code, day):
    """Tell whether a code counts on a day."""
    return codes().rule(code, day).threshold


def notice(given):
    """Return a notice as the policies take it."""
    sessions = tuple(Session(*session) for session in given.sessions)
    return Notice(**given.stated() | {"sessions": sessions})


def one_more(notices, parent, on):
    """Return what one more notice to a parent would be."""
    found = prospect([n for who, n in notices if who == parent], on)
    return len(found.previous), found.outcome, found.low, found.high
