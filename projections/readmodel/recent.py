"""The marks recorded since the grid's arrays were written: a few rows beside the other tables.

They are written in the transaction of the tables, so that neither can be there without the other,
and laid over the arrays when a year is opened (`grid`). Once they would be more than `AT_MOST`,
they are taken into the arrays. Apart from the grid: whoever adds a mark or two loads no NumPy.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from projections.readmodel.tables import Connection, Reach

AT_MOST = 512
"""How many recent marks there may be: some 17 registers.

Each costs every question up to 10 microseconds; to take them into the arrays writes the year anew.
"""
TABLES = ("recent_marks", "recent_since")


class Marks(NamedTuple):
    """Versions of marks by their columns, in the order of the log; ``pupils``: row numbers."""

    positions: Sequence[int]
    pupils: Sequence[int]
    sessions: Sequence[str]
    codes: Sequence[str]
    stated: Sequence[int]

    def since(self, position: int) -> "Marks":
        """Return the marks after a position."""
        first = bisect_right(self.positions, position)
        return Marks._make(each[first:] for each in self)


NO_MARKS = Marks((), (), (), (), ())


def joined(marks: Sequence[Marks]) -> Marks:
    """Return marks one after the other."""
    if not marks:
        return NO_MARKS
    return Marks._make(list(chain.from_iterable(each)) for each in zip(*marks, strict=True))


def create(db: Connection) -> None:
    """Make the tables: no mark is recent, and the arrays hold none either."""
    db.execute(
        "CREATE TABLE recent_marks(position INTEGER PRIMARY KEY, pupil INTEGER, session TEXT, "
        "code TEXT, stated INTEGER)"
    )
    db.execute("CREATE TABLE recent_since(position INTEGER, anchor TEXT)")
    db.execute("INSERT INTO recent_since VALUES(0, '')")


def since(db: Connection) -> Reach:
    """Return from where on every mark is here: arrays that have come so far miss none."""
    return Reach(*db.execute("SELECT position, anchor FROM recent_since").fetchone())


def number(db: Connection) -> int:
    """Return how many marks are recent."""
    return int(db.execute("SELECT count(*) FROM recent_marks").fetchone()[0])


def read(db: Connection) -> Marks:
    """Return the recent marks."""
    rows = db.execute("SELECT * FROM recent_marks ORDER BY position").fetchall()
    return Marks(*zip(*rows, strict=True)) if rows else NO_MARKS


def forget(db: Connection, place: Reach) -> None:
    """Drop the recent marks: the arrays have them, and have come to a place."""
    db.execute("DELETE FROM recent_marks")
    db.execute("UPDATE recent_since SET position = ?, anchor = ?", place)


class Recorder:
    """Adds marks to the recent ones, in the caller's transaction; takes them as the grid does."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def take(self, marks: Marks) -> None:
        """Add versions of marks."""
        rows = zip(*marks, strict=True)
        self._db.executemany("INSERT INTO recent_marks VALUES(?,?,?,?,?)", rows)

    def save(self, _: Reach) -> None:
        """Do nothing: they are kept with the tables."""
