"""Leave of absence: for which purposes, under which paragraph, for whom (SI 2024/208 reg 11)."""

from dataclasses import dataclass
from datetime import date, time

from ledger.errors import Refused
from policies.law.age import is_compulsory
from policies.law.roll import Ground, grounds
from policies.packs.values import Rule, parameters

_STEM = "leave"
_PURPOSE = f"{_STEM}.purpose."


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose of leave, in our words, as the law has it from a date.

    ``allows``: what its paragraph allows, in words; ``paragraph``: under which leave for it is
    granted; ``code``: what it gives a session; ``in_advance``: to be asked for before it begins,
    and never granted afterwards; ``unauthorised``: the code of a session missed for it without
    leave; ``age``: only for pupils of ``compulsory`` school age, ``below`` or ``above`` it; none:
    for all.
    """

    name: str
    text: str
    allows: str
    paragraph: str
    code: str
    in_advance: bool
    unauthorised: str
    age: str | None
    rule: Rule


def purposes(on: date) -> tuple[Purpose, ...]:
    """Return the purposes in force on a day, by name."""
    table = parameters().table(_STEM)
    rules = (rule for name, rows in table.items() if name.startswith(_PURPOSE) for rule in rows)
    found = (_purpose(rule) for rule in rules if rule.covers(on))
    return tuple(sorted(found, key=lambda each: each.name))


def purpose(name: str, on: date) -> Purpose:
    """Return a purpose on a day; refused as ``purpose-unknown`` naming those there are."""
    known = purposes(on)
    found = next((each for each in known if each.name == name), None)
    if found is not None:
        return found
    names = ", ".join(each.name for each in known)
    remedy = f"use one of: {names}" if names else f"no purpose is known for {on}: check the dates"
    raise Refused("purpose-unknown", f"{name!r} is no purpose of leave on {on}", remedy)


def is_bound(school_type: str | None, on: date) -> bool:
    """Tell whether the regulation binds a type of school; of others guidance expects the same."""
    return binds(school_type, on) is True


def binds(school_type: str | None, on: date) -> bool | None:
    """Tell whether the regulation binds a type of school; none where type or rule is not known."""
    rule = parameters().find(f"{_STEM}.bound_schools", on)
    return None if rule is None or not school_type else school_type in rule.names


def asked_by(on: date) -> Rule | None:
    """Return who may ask for leave (reg 11(12)), in words; none where no rule is known."""
    return parameters().find(f"{_STEM}.asked_by", on)


def in_advance(
    asked_on: date, first: date, asked_at: time | None = None, opens: time | None = None
) -> bool:
    """Tell whether leave was asked for before its first session, on the day ``first``.

    On that day itself only where it is known that it was asked for before the session's register
    opens; ``asked_at``, ``opens``: London wall times, none where not known.
    """
    if asked_on != first or asked_at is None or opens is None:
        return asked_on < first
    return asked_at < opens


def fits_age(wanted: Purpose, on: date, begins: date, birth_cohort: int) -> bool:
    """Tell whether a purpose is for pupils of this age on a day.

    ``begins`` and ``birth_cohort``: as `policies.law.age` gave them.
    """
    return wanted.age in (None, age(on, begins, birth_cohort))


def age(on: date, begins: date, birth_cohort: int) -> str:
    """Return ``below``, ``compulsory`` or ``above``: how a pupil stands to the age on a day."""
    if on < begins:
        return "below"
    compulsory = is_compulsory(on, begins, birth_cohort)
    return "compulsory" if compulsory else "above"


def not_returned(on: date) -> Ground | None:
    """Return the ground for leaving of who did not come back after leave (reg 9(1)(h))."""
    rule = parameters().find(f"{_STEM}.not_returned_ground", on)
    if rule is None:
        return None
    return next(each for each in grounds(on) if each.provision == rule.value)


def _purpose(rule: Rule) -> Purpose:
    said = {"allows": rule.table["text"], "age": None, **rule.table}
    return Purpose(name=rule.name.removeprefix(_PURPOSE), rule=rule, **said)
