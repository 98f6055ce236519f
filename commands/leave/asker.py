"""Who asked for leave: a parent on record, or somebody who is none, by the name that is typed.

Whether leave may be granted turns on who asked (SI 2024/208 reg 11(12)): a name is held against
the parents on record, and whoever types it is asked where it is not quite one of theirs.
"""

from collections.abc import Mapping
from typing import NamedTuple

from commands.core import checks, families
from commands.core.command import State
from commands.core.families import PersonName
from ledger import names
from ledger.errors import Refused
from ledger.state.school import Pupil


class Asker(NamedTuple):
    """Who asked: the name as typed, the parent on record, and what there is to say of them."""

    name: str
    parent: str | None
    in_words: tuple[str, ...] = ()


def find(
    state: State, pupil: Pupil, written: str, parent: str | None, *, as_written: bool
) -> Asker:
    """Return who asked: the parent given, else the only parent of the pupil of that name.

    ``as_written``: the name is right, whatever is on record.
    Refuses a name that no parent of the pupil has, where any is recorded.
    """
    name = written.strip()
    if not checks.is_visible(name):
        raise Refused("asked-by-missing", "it is not said who asked", "name them with --asked-by")
    if parent is not None:
        parent = checks.identifier(parent)
        families.check_parent_of(state, pupil, parent)
        if not as_written:
            _check_name(state, parent, name)
        return Asker(name, parent)
    known = {p: families.name_on_record(state, p) for p in families.relations_of(state, pupil)}
    if as_written or not known:
        return Asker(name, None)
    called = [each for each in known if known[each].is_called(name)]
    if len(called) != 1:
        raise _not_one(state.name_of(pupil), name, {p: known[p] for p in called or known})
    [only] = called
    return Asker(name, only, (f"asked by parent {only}, on record as {known[only]}",))


def _check_name(state: State, parent: str, name: str) -> None:
    """Refuse a name that is not that of the parent who is given."""
    known = families.name_on_record(state, parent)
    if known.surname and not known.may_be(name):
        raise Refused(
            "asked-by-other-name",
            f"{name!r} asked, and {parent} is on record as {known}: these may be two people",
            f"write --asked-by {str(known)!r}, name the other parent with --parent, or correct "
            "the record (attendance parent record); if it is the same person, add --as-written",
        )


def _not_one(pupil: str, name: str, known: Mapping[str, PersonName]) -> Refused:
    """Say which parents are on record where a name is that of none, or of several."""
    listed = ", ".join(f"{each} {known[each]}" for each in sorted(known))
    if all(each.is_called(name) for each in known.values()):
        what = f"several parents of {pupil} are called {name!r}: {listed}"
        return Refused("asked-by-ambiguous", what, "say which one asked with --parent")
    meant = names.near(name, map(str, known.values()))
    return Refused(
        "asked-by-unknown",
        f"{name!r} is not the name of a parent on record of {pupil} ({listed})",
        names.offered(
            meant,
            "if it was a parent, say which with --parent; if somebody else, add --as-written",
        ),
    )
