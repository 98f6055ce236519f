"""Members of staff: each dated row of ``staff.csv`` that is new or differs becomes a fact."""

from collections import defaultdict
from datetime import date
from itertools import starmap

from commands.exchange.portable.rows import StaffRow
from commands.exchange.portable.stated import STAFF as TITLE
from commands.exchange.portable.stated import of
from commands.exchange.portable.work import Work
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.families import StaffChanged, StaffJoined
from ledger.formats import fields
from ledger.formats.portable import STAFF


def record(work: Work) -> None:
    """Record the staff who are new and the rows that differ; a title amended here stands."""
    people: dict[str, list[StaffRow]] = defaultdict(list)
    for row in work.content.staff.rows:
        if _in_order(work, row, people[row.staff_id]):
            people[row.staff_id].append(row)
    for staff_id, rows in people.items():
        for row in sorted(rows, key=lambda r: r.since or date.min):
            _record(work, staff_id, row)
    left = work.school.staff.keys() - people.keys()
    firsts = {staff_id: next(iter(work.school.staff[staff_id])) for staff_id in left}
    work.missing("staff", starmap(work.voices.staff, firsts.items()))


def _in_order(work: Work, row: StaffRow, others: list[StaffRow]) -> bool:
    again = any(row.since == other.since for other in others)
    what = f"{row.staff_id} from {row.since or 'the beginning'}"
    dates = fields.reversed_dates(row.since, row.until, ("from", "to"))
    return work.check(STAFF, row.line, [dates, fields.twice(what) if again else None])


def _record(work: Work, staff_id: str, row: StaffRow) -> None:
    voice = work.voices.staff(staff_id, row.since)
    row = row._replace(**work.stands(STAFF, row.line, voice, of(row, TITLE), {"until"}))
    rows = work.school.staff.get(staff_id)
    held = rows.get(row.since) if rows else None
    if held is not None:
        stands = (work.text(held.name), held.job_title, held.roles, held.until)
        if stands == (row.name, row.job_title, row.roles, row.until):
            return
    make = StaffChanged if rows else StaffJoined
    event = make(
        name=row.name,
        job_title=row.job_title,
        roles=row.roles,
        since=row.since,
        until=row.until,
    )
    work.record("staff", streams.staff(staff_id), event)


def fault(work: Work, staff_id: str, day: date) -> Refused | None:
    """Return why a member of staff may not have recorded something on a day, if so."""
    if staff_id not in work.school.staff:
        if STAFF in work.problems.unread or staff_id in work.content.staff.named:
            return None  # the row or the file is faulty, and was said to be
        return Refused(
            "staff-unknown",
            f"{staff_id!r} is not on the staff",
            "add the person to staff.csv, or correct the id",
        )
    if work.school.staff_on(staff_id, day) is None:
        return Refused(
            "staff-not-there",
            f"{staff_id!r} is not on the staff on {day}",
            "correct the person's dates in staff.csv, or the id",
        )
    return None
