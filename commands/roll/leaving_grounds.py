"""The grounds for deleting a name from the roll, as people state them (SI 2024/208 reg 9)."""

from collections.abc import Iterable
from datetime import date

from ledger.errors import Refused
from policies.law.roll import Ground, grounds, named


def fault(ground: str, leaves_on: date) -> Refused | None:
    """Return what is wrong with the ground that a source states for a day, if anything.

    No ground at all is a gap in what the source says, not a fact that the law would not allow.
    Of former regulations every ground is taken as it is: systems wrote them by lists of their own.
    """
    try:
        known = grounds(leaves_on)
    except Refused:
        return None
    former = any(each.rule.until is not None for each in known)
    if not ground or former or named(ground, known):
        return None
    return _unknown(ground, leaves_on, known)


def required(ground: str, leaves_on: date, *, compulsory: bool) -> Ground:
    """Return the ground that somebody gives for a pupil, or refuse it naming those that there are.

    ``compulsory``: whether the pupil is of compulsory school age on the last day.
    """
    known = grounds(leaves_on)
    mine = [each for each in known if each.compulsory == compulsory]
    found = named(ground, mine)
    if found is not None:
        return found
    if named(ground, known) is None:
        raise _unknown(ground, leaves_on, mine)
    raise Refused(
        "ground-age",
        f"{ground!r} is no ground for a pupil {'' if compulsory else 'not '}"
        f"of compulsory school age on {leaves_on} ({_source(mine)})",
        "use one of: " + "; ".join(f"{each.letter} {each.text}" for each in mine),
    )


def _unknown(ground: str, leaves_on: date, known: Iterable[Ground]) -> Refused:
    known = list(known)
    letters = sorted({each.letter for each in known})
    return Refused(
        "ground-unknown",
        f"{ground!r} is no ground for leaving on {leaves_on} ({_source(known)})",
        f"use one of the letters {' '.join(letters)}",
    )


def _source(known: Iterable[Ground]) -> str:
    """Name the paragraphs that the grounds come from: ``SI 2024/208 reg 9(1) and (3)``."""
    known = list(known)
    instrument = known[0].rule.reference.partition(" reg ")[0]
    regulation = known[0].provision.partition("(")[0]
    paragraphs = {each.provision.removeprefix(regulation)[:-3]: None for each in known}
    return f"{instrument} reg {regulation}{' and '.join(paragraphs)}"
