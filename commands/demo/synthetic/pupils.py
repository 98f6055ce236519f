"""Pupils of the school: when they are on roll, in which groups, and how prone to absence."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from commands.demo.synthetic.people import Person
from policies.law import age as compulsory_school_age

YEAR, REGISTRATION, COHORT = "year", "registration", "cohort"


@dataclass(frozen=True, slots=True)
class Spell:
    """A time on roll, both days included; ``ground`` is a letter of reg 9(1) once it ended."""

    starts_on: date
    leaves_on: date | None = None
    ground: str = ""

    def covers(self, day: date) -> bool:
        """Tell whether a pupil is on roll on a day."""
        return self.starts_on <= day and (self.leaves_on is None or day <= self.leaves_on)


@dataclass(frozen=True, slots=True)
class Membership:
    """A group that a pupil is in from a day, to a day or (None) for good."""

    kind: str
    name: str
    first: date
    last: date | None

    def within(self, spell: Spell) -> Iterator["Membership"]:
        """Yield the part that falls into a spell on roll, if any."""
        first = max(self.first, spell.starts_on)
        ends = [day for day in (self.last, spell.leaves_on) if day is not None]
        last = min(ends, default=None)
        if last is None or first <= last:
            yield replace(self, first=first, last=last)


@dataclass(frozen=True, slots=True)
class Pupil:
    """A child at this school.

    ``reception_year``: the school year of their Year R. ``rank``: place among all pupils by
    absence, 0 (never away) to 1. ``lateness``: a weight, a few pupils have most of it.
    """

    person: Person
    reception_year: int
    rank: float
    lateness: float
    spells: tuple[Spell, ...]
    memberships: tuple[Membership, ...] = ()
    last_school: str = ""
    next_school: str = ""

    @property
    def upn(self) -> str:
        """The unique pupil number."""
        return self.person.upn

    @property
    def number(self) -> int:
        """A number of the pupil's own, to pick among texts."""
        return int(self.person.local_id)

    @property
    def register_order(self) -> tuple[str, str, str]:
        """The key by which a register lists its pupils."""
        return (self.person.surname, self.person.forename, self.upn)

    def year_group(self, school_year: int) -> int:
        """Return the year group in a school year, YR being 0."""
        return school_year - self.reception_year

    def on_roll(self, day: date) -> bool:
        """Tell whether the pupil is on roll on a day."""
        return any(spell.covers(day) for spell in self.spells)

    def of_compulsory_school_age(self, day: date) -> bool:
        """Tell whether a day falls into compulsory school age (Education Act 1996 s.8)."""
        dob = self.person.dob
        begins = compulsory_school_age.begins(dob)
        return compulsory_school_age.is_compulsory(
            day, begins, compulsory_school_age.birth_cohort(dob)
        )
