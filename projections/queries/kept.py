"""What is kept between answers by a process that lives: facts read, names opened, arrays laid out.

All of it is of one state of the read models and of the keys, and forgotten with it. Facts besides
the marks change seldom: every position from one change of them to the next shares what is known.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

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
T = TypeVar("T")


class _Newest:
    """Values by name, of which the newest are kept; for any thread."""

    def __init__(self, at_most: int) -> None:
        self._at_most, self._lock = at_most, Lock()
        self._kept: dict[Hashable, Any] = {}

    def get(self, name: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a name, made where there is none."""
        found = self._kept.get(name, self)
        if found is self:
            found = make()
            with self._lock:
                self._kept[name] = found
                if len(self._kept) > self._at_most:
                    del self._kept[next(iter(self._kept))]
        value: T = found
        return value


class Facts(_Newest):
    """What is known besides the marks at one point in time, by what it is."""

    def __init__(self) -> None:
        super().__init__(32)


class Kept:
    """What is kept of one state, by points in time."""

    def __init__(self) -> None:
        self._points = _Newest(8)
        self._turns: list[int] | None = None

    def at(self, known: Known) -> Facts:
        """Return what is kept of a point in time; whoever reads a fact adds it."""
        # At the head all is known: whoever asks once of now need not look for changes.
        before = known.models.head if known.position >= known.models.head else self._turn(known)
        return self._points.get((before, known.stated), Facts)

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
