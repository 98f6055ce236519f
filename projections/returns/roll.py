"""The returns of pupils who have joined and left the roll (SI 2024/208 reg 13(1) to (6)).

The most junior class on the first day of the school year and the most senior class from the end
of its last are left out, unless the authority asks for them. Which classes those are is read from
the year groups and terms recorded here.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from policies.law.age import is_compulsory
from policies.law.calendar import new_pupil_deadline, school_year_of
from policies.law.roll import ground_named, grounds
from policies.packs.catalogue import value_text
from policies.packs.values import parameters
from projections.queries.columns import natural_order
from projections.queries.people import Person
from projections.queries.selection import year_groups_in_order
from projections.queries.view import View
from projections.readmodel.records.roll import Spell
from projections.returns.past_returns import PastReturns, PupilDue

_DAY = timedelta(days=1)


def joiners(view: View, past: PastReturns) -> Iterator[PupilDue]:
    """Yield who has joined by the day of a view and has not been told of."""
    for spell in view.standing(Spell):
        if not past.upto(spell.pupil) < spell.starts_on <= view.on:
            continue
        person = view.people[spell.pupil]
        year = _year(view, spell.pupil, spell.starts_on)
        if _most_junior(view, spell, year):
            yield PupilDue(person=person, left_out=True)
            continue
        due = new_pupil_deadline(spell.starts_on)
        yield PupilDue(
            person=person,
            why=f"joined on {spell.starts_on}{_unknown(view, spell.starts_on, year)}",
            due=due,
            due_words=f"by the end of {due}",
            overdue=view.on > due,
            starts_on=spell.starts_on,
            year=year,
        )


def _unknown(view: View, day: date, year: str | None) -> str:
    """Say why the exception of the most junior class cannot be seen, if so."""
    if year is None:
        return "; no year group is recorded, so that no exception can be seen"
    if not _years(view, day):
        return "; the order of the year groups is not known, so that no exception can be seen"
    return ""


def leavers(view: View, past: PastReturns) -> Iterator[PupilDue]:
    """Yield who leaves, also on a day to come, and has not been told of.

    A return may be made before the name is deleted: whoever was named in one has been told of.
    """
    for spell in view.standing(Spell):
        day = spell.leaves_on
        if day is None or day <= past.upto(spell.pupil) or _is_told_of(past, spell):
            continue
        person = view.people[spell.pupil]
        year = _year(view, spell.pupil, day)
        if _most_senior(view, spell, day, year):
            yield PupilDue(person=person, left_out=True)
            continue
        yield PupilDue(
            person=person,
            why=f"last day {day}; ground {_ground(person, spell.ground, day)}",
            due=day,
            due_words=value_text(parameters().value("returns.deletion_due", day).value),
            overdue=view.on > day,
            leaves_on=day,
            ground=spell.ground,
            year=year,
        )


def _is_told_of(past: PastReturns, spell: Spell) -> bool:
    return any(spell.pupil in each.pupils and each.on >= spell.starts_on for each in past.returns)


def _ground(person: Person, stated: str, day: date) -> str:
    """Return a ground with its words, where the law of the day has it for the pupil's age."""
    compulsory = is_compulsory(day, person.compulsory_from, person.birth_cohort)
    known = [ground for ground in grounds(day) if ground.compulsory == compulsory]
    found = ground_named(stated, known)
    return f"{found.provision}: {found.text}" if found else stated or "not recorded"


def _groups(view: View, pupil: int, day: date, kind: str = "") -> list[str]:
    """Return the groups of a pupil on a day, of one kind or of all."""
    found = (m for m in view.memberships if m.pupil == pupil and m.covers(day))
    return [m.name for m in found if kind in ("", m.kind)]


def _year(view: View, pupil: int, day: date) -> str | None:
    return min(_groups(view, pupil, day, "year"), key=natural_order, default=None)


def _years(view: View, day: date) -> list[str]:
    """Return the year groups of a day, the most junior first; none where it is not known."""
    found = (m.name for m in view.memberships if m.kind == "year" and m.covers(day))
    return year_groups_in_order(found) or []


def _most_junior(view: View, spell: Spell, year: str | None) -> bool:
    """Tell whether a pupil joined the lowest year before its first session of the school year."""
    day = spell.starts_on
    if year is None or [year] != _years(view, day)[:1]:
        return False
    ahead = (s.date for s in view.calendar.sessions(day, date.max))
    begun = _school_year(view, next(ahead, day))
    return begun is not None and not _meets(view, spell.pupil, day, (begun[0], day - _DAY))


def _most_senior(view: View, spell: Spell, day: date, year: str | None) -> bool:
    """Tell whether a pupil leaves the highest year with no session left in the school year."""
    if year is None or [year] != _years(view, day)[-1:]:
        return False
    term_days = _school_year(view, day)
    return term_days is not None and not _meets(view, spell.pupil, day, (day + _DAY, term_days[1]))


def _school_year(view: View, day: date) -> tuple[date, date] | None:
    return school_year_of(day, [(term.first, term.last) for term in view.calendar.terms])


def _meets(view: View, pupil: int, day: date, span: tuple[date, date]) -> bool:
    groups = _groups(view, pupil, day)
    return any(view.calendar.meets(s, groups) for s in view.calendar.sessions(*span))
