"""The grounds on which a name is deleted from the admission register (SI 2024/208 reg 9)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from ledger.errors import Refused
from policies.packs.values import Rule, parameters

STEM = "deletion_grounds"
_WRITTEN = re.compile(r"(?:(?:reg(?:ulation)?\.? *)?(\d+(?:\(\d+\))?))? *\(?([A-Za-z])\)?")


@dataclass(frozen=True, slots=True)
class Ground:
    """One ground, in our words.

    ``provision``: its paragraph, ``9(1)(f)``; ``letter``: the last of it. ``needs``: what must be
    so besides, each to be recorded. ``compulsory``: for pupils of compulsory school age, else for
    all others. ``school_days``: how many the ground counts, if it counts any.
    """

    provision: str
    letter: str
    text: str
    needs: tuple[str, ...]
    compulsory: bool
    school_days: int | None
    rule: Rule


def grounds(on: date) -> tuple[Ground, ...]:
    """Return the grounds in force on a day, in the order of the law.

    Refused as ``date-outside-rule`` where none is known for that day.
    """
    found = tuple(ground for ground in _every() if ground.rule.covers(on))
    if not found:
        first = min(ground.rule.since for ground in _every())
        raise Refused(
            code="date-outside-rule",
            what=f"{STEM}: no ground for leaving is known for {on}, the earliest is from {first}",
            remedy=f"ask about {first} or later",
        )
    return found


def ground_named(text: str, known: Iterable[Ground]) -> Ground | None:
    """Return the first of the grounds that a text names; None where it names none.

    A letter may be written alone, in brackets or with its regulation: f, (f), 9(1)(f).
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        return None
    place, letter = written[1] or "", written[2].lower()
    fits = (each for each in known if each.letter == letter and each.provision.startswith(place))
    return next(fits, None)


@cache
def _every() -> tuple[Ground, ...]:
    table = parameters().table(STEM)
    return tuple(_ground(rule) for rules in table.values() for rule in rules)


def _ground(rule: Rule) -> Ground:
    provision, said = rule.name.partition(".")[2], {"school_days": None, **rule.table}
    return Ground(provision=provision, letter=provision[-2], rule=rule, **said)
