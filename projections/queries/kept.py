"""What is kept between answers by a process that lives: facts read, names opened, arrays laid out.

All of it is of one state of the read models and of the keys, and forgotten with it. Facts besides
the marks change seldom: every position from one change of them to the next shares what is known.
"""

from bisect import bisect_right
from collections.abc import Hashable
from threading import Lock
from typing import Any

from projections.readmodel.known import Known, turns
from projections.readmodel.record import Versioned
from projections.readmodel.records import roll, school

_TABLES: tuple[type[Versioned], ...] = (
    school.School,
    school.Term,
    school.Closure,
    school.Times,
    roll.Details,
    roll.Spell,
    roll.Membership,
)
_POINTS, _OF_A_POINT = 8, 32
Facts = dict[Hashable, Any]
"""What is known besides the marks at one point in time, by what it is."""


class Kept:
    """What is kept of one state, by points in time."""

    def __init__(self) -> None:
        self._points: dict[tuple[int, int], Facts] = {}
        self._turns: list[int] | None = None

    def at(self, known: Known) -> Facts:
        """Return what is kept of a point in time; whoever reads a fact adds it."""
        # At the head all is known: whoever asks once of now need not look for changes.
        before = known.models.head if known.position >= known.models.head else self._turn(known)
        facts = self._points.get((before, known.stated))
        if facts is None:
            _make_room(self._points, _POINTS)
            facts = self._points[before, known.stated] = {}
        return facts

    def _turn(self, known: Known) -> int:
        """Return the last position up to the one asked at which a fact began or ended."""
        if self._turns is None:
            self._turns = [0, *turns(known.db, _TABLES)]
        return self._turns[bisect_right(self._turns, known.position) - 1]


class Keeper:
    """Keeps what is known of the newest state, for all threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._state: Hashable = None
        self._kept = Kept()

    def of(self, state: Hashable) -> Kept:
        """Return what is kept of a state; of another than the last, nothing yet."""
        with self._lock:
            if state != self._state:
                self._state, self._kept = state, Kept()
            return self._kept


def keep(facts: Facts, name: Hashable, fact: Any) -> None:  # noqa: ANN401 - whatever is kept
    """Keep a fact of a point in time."""
    _make_room(facts, _OF_A_POINT)
    facts[name] = fact


def _make_room(kept: dict[Any, Any], at_most: int) -> None:
    while len(kept) >= at_most:
        kept.pop(next(iter(kept), None), None)
