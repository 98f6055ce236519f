"""Names that a folder and the ledger share: one group is called by one name.

What differs from a name that is held by form or blanks only is that name. What differs by case
besides would make two groups that nobody can tell apart, and is refused.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

import msgspec

from commands.exchange.portable.rows import GroupRow
from commands.exchange.portable.work import Work
from ledger import names
from ledger.errors import Refused
from ledger.events import base
from ledger.events.calendar import Closure, TermSet
from ledger.formats.portable import GROUPS, SCHOOL
from ledger.state.school import School
from ledger.values import school_year_number

_C = TypeVar("_C", bound=Closure)
_Named = dict[str, dict[str, str]]
"""By key: each name that is so written, and where."""
_WORDS = {"year": "year", "registration": "registration group", "cohort": "cohort"}


def settle_names(work: Work) -> None:
    """Call the groups and terms of a folder as the ledger does; refuse what only looks so."""
    content, school = work.content, work.content.school
    groups = _Groups(work)
    rows = tuple(groups.row(row) for row in content.groups.rows)
    settled = replace(
        school,
        terms=[_term(work.school, term) for term in school.terms],
        closures=[(line, groups.closure(line, each)) for line, each in school.closures],
        withdrawn=[
            (line, groups.closure(line, closed), groups.closure(line, withdrawn))
            for line, closed, withdrawn in school.withdrawn
        ],
    )
    work.content = replace(content, groups=content.groups._replace(rows=rows), school=settled)


def _term(school: School, term: TermSet) -> TermSet:
    year = school_year_number(term.first)
    held = (name for name, of in school.terms if of == year and names.alike(name, term.name))
    return base.replace(term, name=next(held, term.name))


class _Groups:
    """The groups of a ledger, and those that the rows of a folder add one by one."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._held: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._places: dict[str, _Named] = defaultdict(lambda: defaultdict(dict))
        for kind, name in sorted(work.school.kinds_and_groups()):
            self._held[kind][names.tidy(name)].append(name)
            self._places[kind][names.key(name)][names.tidy(name)] = "in the ledger"

    def row(self, row: GroupRow) -> GroupRow:
        """Return a membership under the name that the ledger has for its group."""
        known = self._places[row.kind][names.key(row.name)]
        if row.name not in known and known:
            self._refuse(GROUPS, row.line, _WORDS[row.kind], row.name, known)
        known.setdefault(row.name, f"{GROUPS}:{row.line}")
        return msgspec.structs.replace(row, name=self._name_of(row))

    def _name_of(self, row: GroupRow) -> str:
        """Return the name by which the pupil is a member already, else the one held."""
        held = self._held[row.kind].get(row.name, [row.name])
        pupil = self._work.school.pupils.get(self._work.state.identities.get(row.upn))
        mine = [] if pupil is None else [n for k, n, _ in pupil.memberships if k == row.kind]
        of_mine = (name for name in held if name in mine)
        return next(of_mine, row.name if row.name in held else held[0])

    def closure(self, line: int, closed: _C) -> _C:
        """Return a closure for the groups as the ledger names them."""
        groups: list[str] = []
        for name in closed.groups:
            known = self._known_as(name)
            if name not in known and known:
                self._refuse(SCHOOL, line, "group", name, known)
            held = [each for kinds in self._held.values() for each in kinds.get(name, [])]
            groups += held or [name]
        return base.replace(closed, groups=self._as_held(closed, groups))

    def _known_as(self, name: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for places in self._places.values():
            found |= places.get(names.key(name), {})
        return found

    def _as_held(self, closed: Closure, groups: Iterable[str]) -> tuple[str, ...]:
        """Return the groups of the closure that is held for them, else all that are so named."""
        stated = set(closed.groups)
        held = (
            each
            for day, _, each in self._work.school.closures
            if day == closed.date and each and set(map(names.tidy, each)) == stated
        )
        return tuple(sorted(next(held, set(groups))))

    def _refuse(self, file: str, line: int, what: str, name: str, known: dict[str, str]) -> None:
        other, place = next(iter(known.items()))
        why = Refused(
            "group-twin",
            f"{what} {name!r} differs only in case or blanks from {other!r} ({place})",
            "write one group in one way",
        )
        self._work.problems.refuse_once((what, name), file, line, why)
