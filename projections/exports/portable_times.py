"""When facts were first stated or recorded, for the columns of the portable folder that say so."""

from bisect import bisect_right
from typing import Any

from projections.queries.view import View


class Times:
    """Times as the source clock counts them: what a source stated, our own for our own facts."""

    def __init__(self, view: View) -> None:
        self._view = view
        commits = view.db.execute("SELECT first, at FROM commits ORDER BY first").fetchall()
        self._firsts = [first for first, _ in commits]
        self._ats = [at for _, at in commits]

    def recorded(self, position: int) -> int:
        """Return when the event at a position was recorded here."""
        return int(self._ats[bisect_right(self._firsts, position) - 1])

    def first(self, table: str, **key: Any) -> int:  # noqa: ANN401 - values of SQL
        """Return when a fact was first stated, 0 where its source states no time.

        Later versions of it may have been stated later: one row has one time.
        """
        where = " AND ".join(f'"{column}" IS ?' for column in key)
        sql = f"SELECT min(sf) FROM {table} WHERE kf <= ? AND {where}"  # noqa: S608
        (found,) = self._view.db.execute(sql, [self._view.position, *key.values()]).fetchone()
        return int(found or 0)
