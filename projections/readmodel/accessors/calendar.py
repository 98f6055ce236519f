"""What moved the calendar."""

from projections.readmodel.known import Known
from projections.readmodel.records.school import Closure, Term


def newest_calendar_change(known: Known, first: int, last: int) -> int | None:
    """Return the newest event of some positions that moved terms or closures, if one did."""
    found = [
        known.db.execute(
            f"SELECT max({column}) FROM {record.TABLE.name} WHERE {column} BETWEEN ? AND ?",  # noqa: S608
            [first, last],
        ).fetchone()[0]
        for record in (Term, Closure)
        for column in ("kf", "kt")
    ]
    return max(filter(None, found), default=None)
