"""Invented households and children, and what each of them is as a pupil of the school."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from commands.demo.synthetic.settings import table
from ledger.values import upn_check_letter
from policies.law import age

# Invented households: one or two contacts at invented addresses, with numbers nobody has.

_NUMBERS = 1000  # in each of Ofcom's ranges for drama
_MOBILE = 0.8  # share of contacts reached on a mobile
_HOUSES = 199
_FIRST_CONTACT = {
    "relationships": ["mother", "mother", "father"],
    "lives_with": True,
    "responsibility": "yes",
}


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent or other contact, and how they are related to every child of their family."""

    parent_id: str
    title: str
    forename: str
    surname: str
    address: str
    phone: str
    email: str
    relationship: str
    lives_with: bool
    responsibility: str  # yes, no or empty where the school does not know
    contact_order: int
    no_contact: bool = False
    address_confidential: bool = False


# Pupils of the school: when they are on roll, in which groups, and how prone to absence.

YEAR, REGISTRATION, COHORT = "year", "registration", "cohort"


@dataclass(frozen=True, slots=True)
class Spell:
    """A time on roll, both days included; ``ground`` is a letter of reg 9(1) once it ended."""

    starts_on: date
    leaves_on: date | None = None
    ground: str = ""

    def meets(self, first: date, last: date) -> bool:
        """Tell whether a pupil is on roll on some day from one to another."""
        return self.starts_on <= last and (self.leaves_on is None or first <= self.leaves_on)


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


@dataclass(slots=True, kw_only=True)
class Pupil:
    """A child at this school, with the first parent's name and address, as brothers and sisters.

    ``reception_year``: the school year of their Year R. ``rank``: place among all pupils by
    absence, 0 (never away) to 1. ``lateness``: a weight, a few pupils have most of it.
    """

    upn: str
    local_id: str
    surname: str
    forename: str
    name_used: str
    dob: date
    sex: str
    parents: tuple[Parent, ...]
    reception_year: int
    spells: list[Spell] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    joined_late: bool = False
    rank: float = 0.0
    lateness: float = 0.0
    last_school: str = ""
    next_school: str = ""

    @property
    def last(self) -> Spell:
        """The last time on roll."""
        return self.spells[-1]

    def leave(self, day: date, ground: str) -> None:
        """End the last time on roll."""
        self.spells[-1] = Spell(self.last.starts_on, day, ground)

    @property
    def number(self) -> int:
        """A number of the pupil's own, to pick among texts."""
        return int(self.local_id)

    @property
    def register_order(self) -> tuple[str, str, str]:
        """The key by which a register lists its pupils."""
        return (self.surname, self.forename, self.upn)

    def year_group(self, school_year: int) -> int:
        """Return the year group in a school year, YR being 0."""
        return school_year - self.reception_year

    def on_roll(self, first: date, last: date) -> bool:
        """Tell whether the pupil is on roll on some day from one to another."""
        return any(spell.meets(first, last) for spell in self.spells)

    def of_compulsory_school_age(self, day: date) -> bool:
        """Tell whether a day falls into compulsory school age (Education Act 1996 s.8)."""
        return age.is_compulsory(day, age.begins(self.dob), age.birth_cohort(self.dob))


# Making them.

_DAYS_OF_BIRTH = 365
_AGE_BEFORE_RECEPTION = 5
_LOCAL_AUTHORITY = "999"  # no local authority has this number
_FIRST_FEEDER = 2000  # primary schools are numbered from here on
_SERIALS = 1000
_NICKNAME = 4  # letters


class People:
    """Makes children one after another, and their households, from one stream of numbers."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._families: list[tuple[Parent, ...]] = []
        self._parents = 0
        self._made = 0

    def child(self, reception_year: int) -> Pupil:
        """Return a child whose Year R is (or would have been) the school year of that number."""
        self._made += 1
        parents = self._family()
        sex = self._random.choice("FM")
        forename: str = self._random.choice(table("names")[f"forenames_{sex.lower()}"])
        first_day = date(reception_year - _AGE_BEFORE_RECEPTION, 9, 1)
        known_by_another = self._random.random() < table("names")["nickname_share"]
        return Pupil(
            upn=self._upn(reception_year),
            local_id=f"{self._made:06}",
            surname=parents[0].surname,
            forename=forename,
            name_used=forename[:_NICKNAME] if known_by_another else "",
            dob=first_day + timedelta(days=self._random.randrange(_DAYS_OF_BIRTH)),
            sex=sex,
            parents=parents,
            reception_year=reception_year,
        )

    def _upn(self, reception_year: int) -> str:
        """Return a UPN: authority, school, year given and serial, after the letter they give."""
        feeder, serial = divmod(self._made, _SERIALS)
        school = _FIRST_FEEDER + feeder
        tail = f"{_LOCAL_AUTHORITY}{school}{reception_year % 100:02}{serial:03}"
        return upn_check_letter(tail) + tail

    def _family(self) -> tuple[Parent, ...]:
        """Return the parents of the next child: new ones, or those of a sibling."""
        shared = table("phases")["movement"]["siblings"]
        if self._families and self._random.random() < shared:
            return self._random.choice(self._families)
        self._families.append(self._new_family())
        return self._families[-1]

    def _new_family(self) -> tuple[Parent, ...]:
        first = self._parent(_FIRST_CONTACT, self._surname(), self._address(), order=1)
        kinds: list[dict[str, Any]] = table("names")["second_contact"]
        kind = self._random.choices(kinds, [k["weight"] for k in kinds])[0]
        if "relationships" not in kind:
            return (first,)
        second = self._second(kind, first)
        return replace(first, address_confidential=second.no_contact), second

    def _second(self, kind: dict[str, Any], first: Parent) -> Parent:
        others = [r for r in kind["relationships"] if r != first.relationship]
        at_home: bool = kind["lives_with"]
        return self._parent(
            kind | {"relationships": others},
            first.surname if at_home else self._surname(),
            first.address if at_home else self._address(),
            order=2,
        )

    def _parent(self, kind: dict[str, Any], surname: str, address: str, *, order: int) -> Parent:
        self._parents += 1
        relationship = self._random.choice(kind["relationships"])
        is_father = relationship == "father"
        names = table("names")
        forename = self._random.choice(names["forenames_m" if is_father else "forenames_f"])
        mailbox = f"{forename}.{surname}.{self._parents}".lower()
        return Parent(
            parent_id=f"P{self._parents:04}",
            title="Mr" if is_father else "Ms",
            forename=forename,
            surname=surname,
            address=address,
            phone=self._phone(),
            email=f"{mailbox}@{names['email_domain']}",
            relationship=relationship,
            lives_with=kind["lives_with"],
            responsibility=kind["responsibility"],
            contact_order=order,
            no_contact=kind.get("no_contact", False),
        )

    def _phone(self) -> str:
        kind = "mobile" if self._random.random() < _MOBILE else "landline"
        return f"{table('names')[kind]}{self._random.randrange(_NUMBERS):03}"

    def _surname(self) -> str:
        names = table("names")
        first, last = names["surname_starts"], names["surname_ends"]
        return f"{self._random.choice(first)}{self._random.choice(last)}"

    def _address(self) -> str:
        names = table("names")
        house = self._random.randint(1, _HOUSES)
        street = self._random.choice(names["streets"])
        return f"{house} {street}, {names['town']}, {names['postcode']}"
