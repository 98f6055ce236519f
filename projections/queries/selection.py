"""Which pupils a question is about, which group each counts in, and their cells counted.

Every answer on attendance begins with `count_cells`; every answer on persistent absence with
`enrolments`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal

import numpy as np

from ledger.errors import Refused
from ledger.names import year_group_rank
from ledger.values import school_year_number
from policies.law.absence import Shares, of_statistical_age, shares
from policies.packs.values import parameters
from projections.queries.columns import percent
from projections.queries.question import Selection
from projections.queries.rectangle import Flags, Rectangle, cover, rectangle
from projections.queries.tally import Counter, Counts, Tally
from projections.queries.view import Interval, View
from projections.readmodel.records.roll import Spell

_CLASSES = ("year", "registration")
NO_GROUP = "(none)"


def reference_days(view: View) -> dict[int, date]:
    """Return the day at which each pupil's groups count: `on`, or the last day on roll before."""
    days: dict[int, date] = {}
    for spell in view.spells:
        if spell.first > view.on:
            continue
        last = view.on if spell.last is None else min(spell.last, view.on)
        days[spell.pupil] = max(last, days.get(spell.pupil, date.min))
    return days


def members_on(view: View, wanted: Iterable[Interval]) -> set[int]:
    """Return the pupils who are in one of the memberships on their reference day.

    A pupil who has left counts in the year and registration group held last while on roll, even
    when it ended before the last day; a cohort that ended is not brought back.
    """
    days, last = reference_days(view), _last_days_of_classes(view)
    return {
        m.pupil
        for m in wanted
        if m.pupil in days and m.covers(last.get((m.pupil, m.kind), days[m.pupil]))
    }


def _last_days_of_classes(view: View) -> dict[tuple[int, str], date]:
    """Return the last day on which each pupil who has left held a group of each class kind."""
    here = {s.pupil for s in view.spells if s.covers(view.on)}
    spells: dict[int, list[Interval]] = {}
    for spell in view.spells:
        spells.setdefault(spell.pupil, []).append(spell)
    found: dict[tuple[int, str], date] = {}
    for m in view.memberships:
        if m.kind in _CLASSES and m.pupil not in here:
            for day in _shared_last_days(m, spells.get(m.pupil, []), view.on):
                key = (m.pupil, m.kind)
                found[key] = max(day, found.get(key, date.min))
    return found


def _shared_last_days(held: Interval, spells: list[Interval], on: date) -> Iterator[date]:
    """Yield the last day of a membership within each spell on roll, up to a date."""
    for spell in spells:
        last = min(held.last or on, spell.last or on, on)
        if max(held.first, spell.first) <= last:
            yield last


def selected_cells(view: View, question: Selection, whole: Rectangle) -> Flags:
    """Return the cells [pupils, sessions] that a question is about, on roll or not."""
    chosen = np.ones(whole.codes.shape, np.bool_)
    check_school(view, question)
    if question.pupil is not None:
        only = view.pupil_index(question.pupil)
        chosen[np.arange(len(chosen)) != only] = False
    if question.current:
        here = {s.pupil for s in view.spells if s.covers(view.on)}
        chosen[[n for n in range(len(chosen)) if n not in here]] = False
    per_session = question.membership == "session"
    for kind, name in (("", question.group), ("year", question.year), ("cohort", question.cohort)):
        if name is not None:
            members = view.belonging(name, kind)
            if not members:
                raise view.unknown_group(name, kind)
            chosen &= membership_cells(view, members, whole, per_session=per_session)
    return chosen


def membership_cells(
    view: View, wanted: list[Interval], whole: Rectangle, *, per_session: bool
) -> Flags:
    """Return the cells of the members: session by session, or of whoever is one at `on`."""
    cells = np.zeros(whole.codes.shape, np.bool_)
    if per_session:
        cover(cells, whole.sessions, wanted)
    else:
        cells[[p for p in members_on(view, wanted) if p < len(cells)]] = True
    return cells


def check_school(view: View, question: Selection) -> None:
    """Refuse a question about another school than the one of this ledger."""
    urn = question.school
    if urn is not None and (view.school is None or view.school.urn != urn):
        here = view.school.urn if view.school else "no school yet"
        raise Refused(
            "school-other",
            f"this ledger is the register of {here}, not of {urn}",
            "name the other school's ledger with --ledger",
        )


def groups_of(view: View, kind: str) -> dict[str, list[Interval]]:
    """Return the memberships of each group of a kind, by name."""
    found: dict[str, list[Interval]] = {}
    for membership in view.memberships:
        if membership.kind == kind:
            found.setdefault(membership.name, []).append(membership)
    return dict(sorted(found.items()))


def selected_pupils(question: Selection, view: View) -> set[int]:
    """Return the pupils asked for; a filter by group is one by membership at `on`."""
    cells = selected_cells(view, question, with_a_column(rectangle(view)))
    return {n for n in view.people if cells[n].any()}


def with_a_column(whole: Rectangle) -> Rectangle:
    """Return a register in which who is meant can be marked: with a column in any case."""
    if whole.sessions:
        return whole
    return replace(whole, codes=np.zeros((len(whole.codes), 1), np.uint8))


# -- counting ------------------------------------------------------------------------------


@dataclass
class CountedCells:
    """``counter`` over the register of a range; ``chosen``: the cells asked about that show."""

    counter: Counter
    chosen: Flags

    @cached_property
    def _counts(self) -> tuple[Counts, Counts]:
        return self.counter.by_pupil(self.chosen)

    @cached_property
    def _pupils(self) -> dict[int, Tally]:
        counts, undated = self._counts
        found = np.nonzero(self.chosen.any(axis=1))[0]
        tallies = self.counter.tallies(counts[found], undated[found])
        return dict(zip(found.tolist(), tallies, strict=True))

    def pupils(self) -> dict[int, Tally]:
        """Return the tally of each pupil who met a session, by row number."""
        return self._pupils

    def total(self, sessions: Flags | None = None) -> Tally:
        """Return the tally of all together, by default in every session."""
        counts, undated = (
            self._counts if sessions is None else self.counter.by_pupil(self.chosen & sessions)
        )
        return self.counter.tally(counts.sum(axis=0), undated.sum())


def count_cells(
    question: Selection, view: View, first: date | None = None, last: date | None = None
) -> CountedCells:
    """Count the register of a view for a selection, by default in the range of the view."""
    whole = rectangle(view, first, last)
    counter = Counter(whole, view.rules.codes)
    return CountedCells(counter, counter.of_those_who_met(selected_cells(view, question, whole)))


# -- enrolments and their flags of absence ---------------------------------------------------


Population = Literal["roll", "dfe"]
POPULATIONS: tuple[Population, ...] = ("roll", "dfe")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A pupil's own possible sessions and absence, and what they make of them."""

    pupil: int
    upn: str
    tally: Tally
    persistent: bool
    severe: bool

    @property
    def attendance(self) -> str | None:
        """Attendance in percent."""
        return percent(self.tally.attended, self.tally.possible)

    @property
    def counts(self) -> dict[str, Any]:
        """The counts behind the flags."""
        return {
            "possible": self.tally.possible,
            "absent": self.tally.absent,
            "authorised": self.tally.authorised,
            "unauthorised": self.tally.unauthorised,
            "attendance": self.attendance,
            "persistent": self.persistent,
            "severe": self.severe,
        }


def enrolments(view: View, here: CountedCells, population: Population) -> list[Enrolment]:
    """Return the enrolments with a possible session in a population, by UPN."""
    limits = shares(view.on)
    held = None if population == "roll" else pupils_in_statistics(view, boarders(view))
    found = [
        _enrolment(view.people[pupil].upn, pupil, tally, limits)
        for pupil, tally in here.pupils().items()
        if tally.possible and (held is None or pupil in held)
    ]
    return sorted(found, key=lambda each: each.upn)


def _enrolment(upn: str, pupil: int, tally: Tally, limits: Shares) -> Enrolment:
    counts = (tally.absent, tally.possible)
    persistent, severe = limits.persistent.reached(*counts), limits.severe.reached(*counts)
    return Enrolment(pupil, upn, tally, persistent, severe)


def population_in_words(population: Population, on: date) -> str:
    """Say who is in a population, by the rule of a day."""
    if population == "roll":
        return "population roll (everyone on roll)"
    ages = parameters().value("absence.statistical_ages", on).table
    return (
        f"population dfe (aged {ages['youngest']} to {ages['oldest']} on the 31 August before "
        f"the school year, without boarders)"
    )


def pupils_in_statistics(view: View, away: set[int]) -> set[int]:
    """Return the pupils whom DfE's statistics count in the view's school year; not those away."""
    if view.school_year is None:
        return set()
    year = school_year_number(view.school_year[0])
    return {
        n
        for n, person in view.people.items()
        if n not in away and of_statistical_age(person.birth_cohort, year)
    }


def boarders(view: View) -> set[int]:
    """Return the pupils who board by their latest spell on roll that has begun."""
    begun = [each for each in view.standing(Spell) if each.starts_on <= view.on]
    latest = {each.pupil: each for each in sorted(begun, key=lambda each: each.starts_on)}
    return {pupil for pupil, spell in latest.items() if spell.boarder}


def authorised_by_kind(view: View, tally: Tally) -> dict[str, int]:
    """Return authorised absence by kind: part-time timetable, illness, the rest.

    A part-time timetable is the authorised absence that the code allows at compulsory school
    age only.
    """
    rule = parameters().find("absence.illness_codes", view.on)
    ill = set(rule.names) if rule is not None else set()
    part_time = {
        each.code
        for each in view.rules.codes.rules
        if each.age == "compulsory" and each.category == "authorised"
    }
    timetable = sum(n for code, n in tally.codes.items() if code in part_time)
    illness = sum(n for code, n in tally.codes.items() if code in ill)
    return {
        "part_time": timetable,
        "illness": illness,
        "other_authorised": tally.authorised - timetable - illness,
    }


def enrolment_totals(found: Sequence[Enrolment], population: Population) -> dict[str, Any]:
    """Return the total of an answer: how many enrolments, and how many of them flagged."""
    persistent, severe = sum(e.persistent for e in found), sum(e.severe for e in found)
    return {
        "population": population,
        "enrolments": len(found),
        "persistent": persistent,
        "severe": severe,
        "persistent_percent": percent(persistent, len(found)),
        "severe_percent": percent(severe, len(found)),
    }


# -- the order of year groups, where their names tell it --------------------------------------


def year_groups_in_order(names: Iterable[str]) -> list[str] | None:
    """Return year groups, the most junior first; none where a name does not tell its place."""
    ranked = [(year_group_rank(name), name) for name in set(names)]
    known = [(place, name) for place, name in ranked if place is not None]
    return [name for _, name in sorted(known)] if len(known) == len(ranked) else None
