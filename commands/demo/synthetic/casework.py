"""A few penalty notices and steps of casework, for pupils whose marks give reason for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from commands.demo.synthetic.marks import Registers
from commands.demo.synthetic.people import Parent
from commands.demo.synthetic.plan import Row
from commands.demo.synthetic.settings import Setting, letters, table
from commands.demo.synthetic.staff import Staff
from commands.demo.synthetic.terms import working_days_after

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class _Offence:
    """Ten unauthorised sessions of one pupil, close enough together for a notice."""

    row: Row
    first: date
    last: date


def notice_rows(found: Registers, setting: Setting) -> Iterator[tuple[object, ...]]:
    """Yield notices to the parents of a few pupils, one for each parent; up to ``until``."""
    told = table("habits")["notices"]
    most = max(told["fewest"], setting.pupils // told["one_in"])
    latest = setting.until - told["days_to_issue"] * _DAY
    offences = [o for row in found.rows if (o := _offence(row, found, latest)) is not None]
    spread = max(1, len(offences) // most)  # so that not all are of the oldest year group
    for number, offence in enumerate(offences[::spread][:most]):
        outcome = told["outcomes"][number % len(told["outcomes"])]
        for parent in offence.row.pupil.family.parents:
            if parent.lives_with and parent.responsibility == "yes":
                yield _notice(offence, parent, outcome, setting.until)


def _offence(row: Row, found: Registers, latest: date) -> _Offence | None:
    """Return the first ten unauthorised sessions within the weeks that the framework looks at."""
    told = table("habits")["notices"]
    known = letters()
    codes = (known.holiday, known.unauthorised, known.late_after_close)
    sessions = found.diary.sessions
    days = [
        sessions[n].date
        for n, code in enumerate(row.cells)
        if code in codes and sessions[n].date <= latest
    ]
    count: int = told["sessions"]
    for first, last in zip(days, days[count - 1 :], strict=False):
        if row.compulsory and last - first < told["weeks"] * _WEEK:
            return _Offence(row, first, last)
    return None


def _notice(
    offence: _Offence, parent: Parent, outcome: dict[str, Any], until: date
) -> tuple[object, ...]:
    told = table("habits")["notices"]
    issued = offence.last + told["days_to_issue"] * _DAY
    # A notice that was posted counts as served then (SI 2007/1867 reg 22).
    received = working_days_after(issued, told["working_days_in_post"])
    days = {"received": 0, **{k: v for k, v in outcome.items() if k != "outcome"}}
    on = {what: received + after * _DAY for what, after in days.items()}
    by_then = {what: day for what, day in on.items() if day <= until}
    ended = by_then.keys() - {"received"}
    return (
        parent.parent_id, offence.row.pupil.upn, told["kind"], issued, offence.first,
        offence.last, by_then.get("received"), by_then.get("paid"), by_then.get("withdrawn"),
        outcome["outcome"] if ended else "",
    )  # fmt: skip


def casework_rows(
    found: Registers, setting: Setting, staff: Staff
) -> Iterator[tuple[object, ...]]:
    """Yield what was done for pupils who were away often, step by step, up to ``until``."""
    told = table("habits")["casework"]
    rows = sorted(found.rows, key=lambda r: -r.pupil.rank)
    days = [day for day in found.diary.year.days if day <= setting.until]
    wanted = max(told["fewest"], setting.pupils // told["one_in"])
    for case, row in enumerate(rows[:wanted]):
        met = [day for day in days if row.pupil.on_roll(day, day)]
        contact = row.pupil.family.parents[0].parent_id
        for step in told["steps"]:
            at = step["school_day"] + case % told["spread"]
            if at < len(met):
                by = staff.author(step["by"])
                what = (contact, step["outcome"], step["notes"])
                yield row.pupil.upn, step["step"], met[at], by, *what
