"""What may stand on the admission register: checks that enrolling and correcting share."""

from datetime import date
from typing import NamedTuple

from commands.core.command import State
from ledger.errors import Refused
from ledger.state.school import Pupil
from ledger.values import check_upn
from policies.law import age as compulsory_school_age


class Birth(NamedTuple):
    """A date of birth, and what is kept in clear of it."""

    dob: date
    birth_cohort: int
    compulsory_from: date


def birth(dob: date, today: date) -> Birth:
    """Return what follows from a date of birth, or refuse one in the future."""
    if dob > today:
        raise Refused("dob-future", f"a date of birth of {dob} is in the future", "check the year")
    begins = compulsory_school_age.begins(dob)
    return Birth(dob, compulsory_school_age.birth_cohort(dob), begins)


def detail(state: State, pupil: Pupil, name: str) -> str | None:
    """Return a detail of the admission register, its sealed text opened."""
    sealed = pupil.details[name]
    return sealed and state.open_text(sealed)


def check_name(state: State, kind: str, value: str, *, of: Pupil | None) -> None:
    """Refuse a malformed UPN, and a UPN or local id that names another pupil now.

    One that named another pupil in error, or in a record merged since, is free.
    """
    if kind == "upn":
        check_upn(value)
    other = state.school.pupils.get(state.identities.get(value, ""))
    if other is None or other is of or not other.spells:
        return
    if value in (detail(state, other, "upn"), detail(state, other, "local_id")):
        raise Refused(
            "id-in-use",
            f"{value} is the {kind.replace('_', ' ')} of {state.name_of(other)}",
            "check both records; merge them with attendance pupil merge if they are one pupil",
        )
