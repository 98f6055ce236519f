"""Groups as people name them: understood as one that is held, or refused with those near it.

Case, blanks and the form of letters make no other group.
"""

from collections.abc import Iterable

from ledger import names
from ledger.errors import Refused
from ledger.events.roll import GroupKind
from ledger.state.school import School

WORDS = {"year": "year", "registration": "registration group", "cohort": "cohort"}
"""What a group of a kind is called."""


def meant(name: str, known: Iterable[str]) -> str | None:
    """Return the known group that a name is of; none where there is none."""
    found = names.same(name, known)
    if name in found or not found:
        return name if found else None
    if len(found) > 1:
        written = " and ".join(map(repr, found))
        raise Refused(
            "group-ambiguous",
            f"{name!r} may be any of {written}",
            "write the one that is meant exactly so",
        )
    return found[0]


def known(school: School, name: str) -> str:
    """Return a group to which somebody ever belonged, as it is held; refuse any other name."""
    found = meant(name, school.groups)
    if found is None:
        lists = "attendance rates --by registration lists the classes"
        raise Refused(
            "group-unknown",
            f"no pupil ever belonged to {name!r}",
            names.offered(names.near(name, school.groups), lists),
        )
    return found


def joined(school: School, name: str, kind: GroupKind, *, new: bool) -> str:
    """Return the group that a pupil joins, as it is held; a new one only where it is said so."""
    held = [each for of, each in school.kinds_and_groups() if of == kind]
    found, word = meant(name, held), WORDS[kind]
    if new and found not in (None, name):
        raise Refused(
            "group-twin",
            f"{word} {name!r} differs only in case or blanks from {found!r}",
            f"name {found!r}, or give the new one a name of its own",
        )
    if found is None and not new:
        raise Refused(
            "group-unknown",
            f"no {word} is called {name!r}",
            names.offered(names.near(name, held), "a new one needs --new-group"),
        )
    return found or name
