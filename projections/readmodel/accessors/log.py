"""Whom and what the log names, recorded by then."""

from projections.readmodel.known import Known
from projections.readmodel.record import Record
from projections.readmodel.records.amending import Evidence, Request
from projections.readmodel.records.log import Commit
from projections.readmodel.records.register import Mark, Plan
from projections.readmodel.records.school import StaffSpell


def staff_ids(known: Known) -> list[str]:
    """Return the ids of everybody who was ever on the staff, in order."""
    sql = "SELECT DISTINCT staff FROM staff WHERE kf <= ? ORDER BY staff"
    return [staff for (staff,) in known.db.execute(sql, [known.position])]


def names_staff(known: Known, staff: str) -> bool:
    """Tell whether a member of staff was ever on the staff, or is named in the log."""
    if _is_named(known, (StaffSpell,), "staff", staff):
        return True
    return _is_named(known, (Mark, Plan, Commit), "by", staff)


def names_batch(known: Known, batch: str) -> bool:
    """Tell whether a batch was ever recorded: a command by its number, a request by its id."""
    if batch.isdecimal():
        of = known.commits.of(int(batch))
        return str(of.first) == batch and of.first <= known.position
    return _is_named(known, (Mark, Request, Evidence), "batch", batch)


def _is_named(known: Known, records: tuple[type[Record], ...], column: str, name: str) -> bool:
    found = (
        f'SELECT 1 FROM {record.TABLE.name} WHERE "{column}" = :name '  # noqa: S608 - our own names
        f"AND {record.TABLE.since} <= :position"
        for record in records
    )
    sql = f"SELECT EXISTS({' UNION ALL '.join(found)})"
    bound = {"name": name, "position": known.position}
    return bool(known.db.execute(sql, bound).fetchone()[0])
