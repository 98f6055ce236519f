"""Enrolments with their flags of persistent and severe absence, in a named population."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ledger.values import school_year_number
from policies.law.absence import Shares, of_statistical_age, shares
from policies.packs.values import parameters
from projections.queries.counted import Counted
from projections.queries.question import percent
from projections.queries.tally import Tally
from projections.queries.view import View

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
    def counts(self) -> dict[str, Any]:
        """The counts behind the flags."""
        return {
            "possible": self.tally.possible,
            "absent": self.tally.absent,
            "authorised": self.tally.authorised,
            "unauthorised": self.tally.unauthorised,
            "attendance": percent(self.tally.attended, self.tally.possible),
            "persistent": self.persistent,
            "severe": self.severe,
        }


def enrolments(view: View, here: Counted, population: Population) -> list[Enrolment]:
    """Return the enrolments with a possible session in a population, by UPN."""
    limits = shares(view.on)
    held = None if population == "roll" else statistical(view, boarders(view))
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


def statistical(view: View, away: set[int]) -> set[int]:
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
    rows = view.stood("pupil, starts_on, boarder", "roll", "starts_on <= :v0", view.on.isoformat())
    latest = {pupil: boards for pupil, _, boards in sorted(rows)}
    return {pupil for pupil, boards in latest.items() if boards}


def split(view: View, tally: Tally) -> dict[str, int]:
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


def totals(found: list[Enrolment], population: Population) -> dict[str, Any]:
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
