"""The events between two times of knowledge, by what they are about."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ledger.values import Session
from projections.queries.view import View

Place = tuple[int, str]
"""A pupil's row number and a session."""


class Entered(NamedTuple):
    """A version of a mark that became known in between; ``undated``: nobody states a time."""

    kind: str
    code: str
    undated: bool
    position: int


@dataclass(frozen=True, slots=True)
class Between:
    """What became known after the earlier view, up to the later one."""

    earlier: View
    later: View

    def marks(self, first: date, last: date) -> dict[Place, list[Entered]]:
        """Return the versions of marks on sessions of a range of dates, in order."""
        sql = (
            "SELECT pupil, session, kind, code, sf = 0, kf FROM marks "
            "WHERE session BETWEEN :first AND :last AND kf <= :p2 AND sf <= :t2 "
            "AND NOT (kf <= :p1 AND sf <= :t1) ORDER BY id"
        )
        found: defaultdict[Place, list[Entered]] = defaultdict(list)
        bound = {**self._bound(), "first": str(first), "last": f"{last}~"}
        for pupil, session, *version in self.later.db.execute(sql, bound):
            kind, code, undated, position = version
            found[pupil, session].append(Entered(kind, code, bool(undated), position))
        return found

    def by_pupil(self, table: str) -> dict[int, set[int]]:
        """Return the positions at which facts of pupils in a table began or ended."""
        found: defaultdict[int, set[int]] = defaultdict(set)
        for (pupil,), positions in self._changed(table, "pupil"):
            found[pupil] |= positions
        return found

    def calendar(self, sessions: Iterable[Session]) -> dict[str, set[int]]:
        """Return the positions of changes of terms and closures that concern each session."""
        closures: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for place, positions in self._changed("closures", "date", "half"):
            closures[place] |= positions
        terms = list(self._changed("terms", "first", "last"))
        found = {}
        for session in sessions:
            day = session.date.isoformat()
            here = [p for (first, last), p in terms if first <= day <= last]
            found[str(session)] = closures.get((day, session.half), set()).union(*here)
        return found

    def any_calendar(self) -> set[int]:
        """Return the positions of every change of terms: they move the start of the year."""
        return {p for _, positions in self._changed("terms", "name") for p in positions}

    def _bound(self) -> dict[str, int]:
        one, two = self.earlier, self.later
        return {"p1": one.position, "t1": one.stated, "p2": two.position, "t2": two.stated}

    def _changed(self, table: str, *columns: str) -> Iterable[tuple[tuple[Any, ...], set[int]]]:
        """Yield the rows of a table that began or ended, with the positions of that."""
        sql = (
            f"SELECT {', '.join(columns)}, kf, kt, NOT (kf <= :p1 AND sf <= :t1), "  # noqa: S608 - our own names
            "kt IS NOT NULL AND kt <= :p2 AND st <= :t2 AND NOT (kt <= :p1 AND st <= :t1) "
            f"FROM {table} WHERE kf <= :p2 AND sf <= :t2"
        )
        for *key, kf, kt, began, ended in self.later.db.execute(sql, self._bound()):
            positions = ({kf} if began else set()) | ({kt} if ended else set())
            if positions:
                yield tuple(key), positions


def standing_marks(view: View, first: date, last: date) -> dict[Place, set[int]]:
    """Return the position of the mark that stands, for each session of a range of dates."""
    where = "session BETWEEN :v0 AND :v1"
    rows = view.stood("pupil, session, kf", "marks", where, str(first), f"{last}~")
    return {(pupil, session): {position} for pupil, session, position in rows}


def standing_facts(view: View, table: str) -> dict[int, set[int]]:
    """Return the positions of the facts of a table that stand, by pupil."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for pupil, position in view.stood("pupil, kf", table):
        found[pupil].add(position)
    return found
