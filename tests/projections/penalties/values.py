"""The calculation of ``penalties`` on plain values: values in, the figures of a row out."""

from datetime import date
from functools import cache
from types import SimpleNamespace

import numpy as np

from ledger.state.calendar import Calendar, Closure, Term
from ledger.values import Session
from policies.law import age
from policies.law.calendar import school_weeks
from policies.law.notices import Notice, prospect, uses
from policies.law.penalties import RelevantEntry, first_recorded, measure
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
from projections.penalties.recorded import (
    Age,
    KnownCalendar,
    KnownFact,
    KnownPupil,
    counted,
)
from projections.penalties.text import COLUMNS, ListedPupil
from projections.queries.columns import Listing
from projections.queries.rectangle import Rectangle
from projections.queries.view import Interval


def answered(school, pupil):
    """Answer what the oracle answers, by the code under test."""
    terms, closed = map(now, (school.terms, school.closed))
    calendar = Calendar(map(term, terms), map(closure, closed))
    register = Register(
        school.on, school_weeks(calendar.school_days()), measure(school.on), codes()
    )
    whole = rectangle(calendar, pupil, school.on)
    cells = countable_cells(whole, {0: age_of_one_born(*now(pupil.born))})
    flags = relevant_cells(whole, codes(), cells)
    weeks = weeks_begun(register.weeks, school.on)
    latest, fullest = window_counts(flags, whole.sessions, weeks, register.measure)
    notices = [(n.parent, notice(n)) for n in pupil.notices]
    case = case_of(register, entries(whole, flags, 0), [n for _, n in notices])
    # Both ways of counting, arrays and bisection, have to come to the same.
    assert (latest[0], fullest[0]) == (case.standing.count, case.standing.peak)
    nobody = SimpleNamespace(upn="")
    (row,) = Listing(COLUMNS, [ListedPupil(nobody, case)]).documents()
    return {
        **row,
        "settled_met": case.settled_met,
        "first_recorded": recorded(school, pupil, register.measure),
        "parents": {p: one_more(case, notices, p, school.on) for p in ("p1", "p2")},
    }


def now(ever):
    """Return what stands to this day."""
    return [each.said for each in ever if each.until is None]


def term(stated):
    """Return a term as the calendar takes it."""
    return Term(*stated)


def closure(closed):
    """Return a closure as the calendar takes it."""
    return Closure(*closed.session, closed.groups, closed.cancelled, "")


def age_of_one_born(born):
    """Return the first and last day of compulsory school age."""
    return age_of(age.begins(born), age.birth_cohort(born))


def recorded(school, pupil, rule):
    """Return the moment at which a window first held enough, each judged as known then."""
    closures = {}
    for each in school.closed:
        place = Session(*each.said.session)
        closures.setdefault(place, []).append(fact(each, closure(each.said)))
    terms = [fact(each, term(each.said)) for each in school.terms]
    calendar = KnownCalendar(terms, closures, school.on)
    known = KnownPupil(
        [fact(each, Interval(0, *each.said)) for each in pupil.spells],
        [fact(each, membership(*each.said)) for each in pupil.groups],
        [fact(each, Age(*age_of_one_born(each.said))) for each in pupil.born],
    )
    found = counted(calendar, known, stretches(pupil, school.on))
    return first_recorded(calendar.weeks, found, rule)


def fact(each, said):
    """Return a fact between the moments between which it stood."""
    return KnownFact(said, each.since, each.until)


def membership(name, since, until):
    """Return a membership as days and a name."""
    return Interval(0, since or date.min, until, "", name)


def rectangle(calendar, pupil, on):
    """Return the register of one pupil as arrays."""
    sessions = sorted(set(calendar.sessions(counted_from(codes()), on)))
    book = ["", *sorted({c for versions in pupil.marks.values() for _, c in versions})]
    standing = {Session(*s): versions[-1][1] for s, versions in pupil.marks.items()}

    def row(values, kind=np.bool_):
        return np.array([list(values)], kind)

    met = row(calendar.closure(s, groups_of(pupil, s.date)) is None for s in sessions)
    on_roll = row(
        any(
            first <= s.date and (last is None or s.date <= last)
            for first, last in now(pupil.spells)
        )
        for s in sessions
    )
    marks = row((book.index(standing.get(s, "")) for s in sessions), np.uint8)
    nothing = np.zeros_like(met)
    return Rectangle(sessions, book, marks, nothing, on_roll, met, nothing)


def groups_of(pupil, day):
    """Return the groups of a pupil on a day."""
    return [name for name, since, until in now(pupil.groups)
            if (since or day) <= day <= (until or day)]  # fmt: skip


def stretches(pupil, on):
    """Yield the versions with a relevant code, from when to when they stood."""
    for session, versions in sorted(pupil.marks.items()):
        ends = [moment for moment, _ in versions[1:]] + [None]
        for (moment, code), end in zip(versions, ends, strict=True):
            place = Session(*session)
            if place.date <= on and is_relevant(code, place.date):
                yield RelevantEntry(place, moment, end)


@cache
def is_relevant(code, day):
    """Tell whether a code counts on a day."""
    rule = codes().find(code, day)
    return rule is not None and rule.threshold


def notice(given):
    """Return a notice as the policies take it."""
    sessions = tuple(Session(*session) for session in given.sessions)
    return Notice(**given.stated() | {"sessions": sessions})


def one_more(case, notices, parent, on):
    """Return what one more notice to a parent would be, and which sessions it could be about."""
    theirs = [n for who, n in notices if who == parent]
    found = prospect(theirs, on)
    used = uses(case.standing.sessions, theirs, on)
    return len(found.previous), found.outcome, found.low, found.high, used.fresh, used.to_ask
