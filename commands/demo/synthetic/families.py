"""Invented households: one or two contacts at invented addresses, with numbers nobody has."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from commands.demo.synthetic.settings import table

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


@dataclass(frozen=True, slots=True)
class Family:
    """One household: its children share surname, address and contacts."""

    surname: str
    address: str
    parents: tuple[Parent, ...]


class Families:
    """Makes households one after another; some children get one made earlier (siblings)."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made: list[Family] = []
        self._parents = 0

    def next(self) -> Family:
        """Return the household of the next child."""
        shared = table("phases")["movement"]["siblings"]
        if self._made and self._random.random() < shared:
            return self._random.choice(self._made)
        self._made.append(self._new())
        return self._made[-1]

    def _new(self) -> Family:
        surname, address = self._surname(), self._address()
        first = self._parent(_FIRST_CONTACT, surname, address, order=1)
        kinds: list[dict[str, Any]] = table("names")["second_contact"]
        kind = self._random.choices(kinds, [k["weight"] for k in kinds])[0]
        if "relationships" not in kind:
            return Family(surname, address, (first,))
        second = self._second(kind, first)
        apart = replace(first, address_confidential=second.no_contact)
        return Family(surname, address, (apart, second))

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
