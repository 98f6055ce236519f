"""A few penalty notices and steps of casework, for pupils whose marks give reason for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from commands.demo.synthetic.marks import Registers
from commands.demo.synthetic.people import Parent
from commands.demo.synthetic.plan import Row
from commands.demo.synthetic.settings import Setting, letters, table
from commands.demo.synthetic.staff import Staff
from commands.demo.synthetic.terms import is_bank_holiday

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_FRIDAY = 4

NOTICE_COLUMNS = (
    "parent_id", "upn", "kind", "issued_on", "offence_first", "offence_last", "received_on",
    "paid_on", "withdrawn_on", "outcome",
)  # fmt: skip
CASEWORK_COLUMNS = ("upn", "step", "on", "by", "with", "outcome", "notes")


@dataclass(frozen=True, slots=True)
class _Offence:
    """Ten unauthorised sessions of one pupil, close enough together for a notice."""

    row: Row
    first: date
    last: date


def notice_rows(found: Registers, setting: Setting) -> Iterator[tuple[str, ...]]:
    """Yield notices to the parents of a few pupils, one for each parent; up to ``until``."""
    told = table("habits")["notices"]
    most = max(told["fewest"], setting.pupils // told["one_in"])
    latest = setting.until - told["days_to_issue"] * _DAY
    offences = [o for row, _ in found.rows if (o := _offence(row, found, latest)) is not None]
    spread = max(1, len(offences) // most)  # so that not all are of the oldest year group
    for number, offence in enumerate(offences[::spread][:most]):
        outcome = told["outcomes"][number % len(told["outcomes"])]
        for parent in _responsible_parents(offence.row):
            yield _notice(offence, parent, outcome, setting.until)


def _responsible_parents(row: Row) -> list[Parent]:
    """Return the contacts at home who have parental responsibility."""
    parents = row.pupil.person.family.parents
    return [p for p in parents if p.lives_with and p.responsibility == "yes"]


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
) -> tuple[str, ...]:
    told = table("habits")["notices"]
    issued = offence.last + told["days_to_issue"] * _DAY
    received = _day_served(issued, told["working_days_in_post"])

    def by_then(field: str) -> str:
        days = outcome.get(field)
        on = None if days is None else received + days * _DAY
        return str(on) if on is not None and on <= until else ""

    paid, withdrawn, ended = by_then("paid"), by_then("withdrawn"), by_then("ended")
    return (
        parent.parent_id,
        offence.row.pupil.upn,
        told["kind"],
        str(issued),
        str(offence.first),
        str(offence.last),
        str(received) if received <= until else "",
        paid,
        withdrawn,
        outcome["outcome"] if paid or withdrawn or ended else "",
    )


def _day_served(posted: date, working_days: int) -> date:
    """Return when a notice counts as served (SI 2007/1867 reg 22)."""
    day = posted
    while working_days:
        day += _DAY
        working_days -= day.weekday() <= _FRIDAY and not is_bank_holiday(day)
    return day


def casework_rows(found: Registers, setting: Setting, staff: Staff) -> Iterator[tuple[str, ...]]:
    """Yield what was done for pupils who were away often, step by step, up to ``until``."""
    told = table("habits")["casework"]
    rows = sorted((row for row, _ in found.rows), key=lambda r: -r.pupil.rank)
    days = [day for day in found.diary.year.days if day <= setting.until]
    by = {"officer": staff.officer, "head": staff.head}
    wanted = max(told["fewest"], setting.pupils // told["one_in"])
    for case, row in enumerate(rows[:wanted]):
        met = _days_on_roll(row, days)
        for step in told["steps"]:
            at = step["school_day"] + case % told["spread"]
            if at < len(met):
                contact = row.pupil.person.family.parents[0].parent_id
                yield (
                    row.pupil.upn, step["step"], str(met[at]), by[step["by"]], contact,
                    step["outcome"], step["notes"],
                )  # fmt: skip


def _days_on_roll(row: Row, days: Sequence[date]) -> list[date]:
    return [day for day in days if row.pupil.on_roll(day)]
