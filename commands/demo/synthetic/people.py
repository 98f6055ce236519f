"""Invented children: a name, a date of birth, a UPN with the right check letter, a family."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from commands.demo.synthetic.families import Families, Family
from commands.demo.synthetic.settings import table
from ledger.values import upn_check_letter

_DAYS_OF_BIRTH = 365
_AGE_BEFORE_RECEPTION = 5
_LOCAL_AUTHORITY = "999"  # no local authority has this number
_FIRST_FEEDER = 2000  # primary schools are numbered from here on
_SERIALS = 1000
_NICKNAME = 4  # letters


@dataclass(frozen=True, slots=True)
class Person:
    """A child, apart from any school."""

    upn: str
    local_id: str
    surname: str
    forename: str
    name_used: str
    dob: date
    sex: str
    family: Family


class People:
    """Makes children one after another, from one stream of random numbers."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._families = Families(random)
        self._made = 0

    def child(self, reception_year: int) -> Person:
        """Return a child whose Year R is (or would have been) the school year of that number."""
        self._made += 1
        family = self._families.next()
        sex = self._random.choice("FM")
        forename = self._random.choice(self._names(sex))
        first_day = date(reception_year - _AGE_BEFORE_RECEPTION, 9, 1)
        known_by_another = self._random.random() < table("names")["nickname_share"]
        return Person(
            upn=self._upn(reception_year),
            local_id=f"{self._made:06}",
            surname=family.surname,
            forename=forename,
            name_used=forename[:_NICKNAME] if known_by_another else "",
            dob=first_day + timedelta(days=self._random.randrange(_DAYS_OF_BIRTH)),
            sex=sex,
            family=family,
        )

    def _names(self, sex: str) -> Sequence[str]:
        names: list[str] = table("names")[f"forenames_{sex.lower()}"]
        return names

    def _upn(self, reception_year: int) -> str:
        """Return a UPN: authority, school, year given and serial, after the letter they give."""
        feeder, serial = divmod(self._made, _SERIALS)
        school = _FIRST_FEEDER + feeder
        tail = f"{_LOCAL_AUTHORITY}{school}{reception_year % 100:02}{serial:03}"
        return upn_check_letter(tail) + tail
