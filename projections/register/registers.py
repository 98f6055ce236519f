"""Every register that was due, who took it, when, and what is missing.

A summary counts by group, or by the job title of whoever took them; never by person.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ledger.clock import Corrected, iso, local, local_date
from ledger.english import duration, number_of
from projections.queries import lags
from projections.queries.columns import Column, Listing, natural_order
from projections.queries.people import Author
from projections.queries.question import Answer, Question, option
from projections.queries.versions import Describer, moment
from projections.queries.view import View
from projections.register.due import MISSING, NOT_RECORDED, TAKEN, DueRegister, due_registers

NOBODY = "(not recorded)"


@dataclass(frozen=True, slots=True)
class Listed:
    """A register that was due, and who took it, with the job title of then."""

    due: DueRegister
    by: Author | None


@dataclass(frozen=True, slots=True)
class Summed:
    """How many registers there are of one group, or of takers of one job title, by kind."""

    name: str
    counts: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Registers(Question[list[Listed]]):
    """attendance registers: every register that was due, who took it, when, and what is missing.

    Registers of groups with somebody on roll, on sessions that the school met and has closed.

    Late: its taking ended after the closing time; where no taking is recorded, most of its first
    marks were made after it. One pupil's mark made later is a late entry. Missing: no taking is
    recorded, and there are pupils without a mark.
    """

    group: str | None = option("one group, by its name (9B)")
    kind: Literal["registration", "year"] = option(
        "registers of registration groups, or of years",
        "registration",
        choices=("registration", "year"),
    )
    late: bool = option("only those taken late", default=False)
    missing: bool = option("only those not taken, with pupils without a mark", default=False)
    summary: Literal["group", "title"] | None = option(
        "count them by group, or by the job title of whoever took them",
        choices=("group", "title"),
    )

    def find(self, view: View) -> list[Listed]:
        """Find the registers that were due, by session and group."""
        describer = Describer(view)
        due = (each for each in due_registers(view, self.kind, self.group) if _asked(self, each))
        found = [Listed(each, _taken_by(describer, each)) for each in due]
        return sorted(found, key=lambda r: (str(r.due.session), natural_order(r.due.group)))

    def present(self, found: list[Listed]) -> Answer:
        """Show one row a register, or counts of them."""
        total = _count(found)
        if self.summary is None:
            listing = Listing(COLUMNS, found)
            table = listing.grid(number_of(len(found), "register"))
            return Answer({"rows": listing, "total": total}, blocks=[table])
        summary = Listing(_summary_columns(self.summary), _summed(found, self.summary))
        table = summary.grid("Registers due", total=Summed("all", total))
        return Answer({"rows": summary, "total": total}, blocks=[table])

    def unknown(self) -> Answer:
        """Return no register."""
        if self.summary is None:
            return Answer({"rows": Listing(COLUMNS, [])})
        return Answer({"rows": Listing(_summary_columns(self.summary), [])})


def _asked(question: Registers, register: DueRegister) -> bool:
    """Tell whether a register is asked for; both options together ask for either."""
    if not (question.late or question.missing):
        return True
    late = question.late and register.late_by_minutes is not None
    return late or (question.missing and register.how == MISSING)


def _taken_by(describer: Describer, register: DueRegister) -> Author | None:
    taking = register.taking
    if taking is None:
        return None
    return describer.name_and_title(taking.by, register.session.date, taking.kf)


def _time(key: str, of: Callable[[DueRegister], int | None]) -> Column[Listed]:
    """Return the column of an instant; it is read in London time, with the date of another day."""

    def read(row: Listed) -> str:
        at = of(row.due)
        if at is None:
            return ""
        same = not isinstance(at, Corrected) and local_date(at) == row.due.session.date
        return f"{local(at):%H:%M}" if same else moment(at)

    def written(row: Listed) -> str | None:
        at = of(row.due)
        return None if at is None else iso(at)

    return Column(key, key.capitalize(), written, read)


def _late_in_words(row: Listed) -> str:
    minutes, days = row.due.late_by_minutes, row.due.late_by_school_days
    if minutes is None:
        return ""
    if lags.is_open(minutes):
        most = number_of(days, "school day") if days else duration(minutes)
        return f"{duration(minutes.least) if minutes.least else 'in time'} or up to {most}"
    return number_of(days, "school day") if days else duration(minutes)


def _late_between(row: Listed) -> dict[str, Any] | None:
    minutes, days = row.due.late_by_minutes, row.due.late_by_school_days
    if not lags.is_open(minutes):
        return None
    said = {"minutes": lags.document(minutes)}
    return said | ({"school_days": lags.document(days)} if lags.is_open(days) else {})


COLUMNS: tuple[Column[Listed], ...] = (
    Column("session", "Session", lambda row: str(row.due.session)),
    Column("group", "Group", lambda row: row.due.group),
    Column("how", "How", lambda row: row.due.how),
    _time("closes", lambda due: due.closes),
    _time("opened", lambda due: due.taking.opened if due.taking else None),
    _time("ended", lambda due: due.taking.ended if due.taking else None),
    Column("by", "By", lambda row: row.by._asdict() if row.by else None,
           text=lambda row: row.by.words if row.by else "", csv=False),
    Column("by_name", value=lambda row: row.by.name if row.by else None, json=False),
    Column("by_job_title", value=lambda row: row.by.job_title if row.by else None, json=False),
    Column("marks", value=lambda row: row.due.taking.marks if row.due.taking else None),
    Column("expected", "Expected", lambda row: row.due.expected, number=True),
    Column("without", "Without a mark", lambda row: row.due.without, number=True),
    Column("marks_after", "Marks after closing", lambda row: row.due.marks_after, number=True,
           text=lambda r: lags.in_words(r.due.marks_after) or "not known"),
    Column("late_by_minutes", value=lambda row: row.due.late_by_minutes),
    Column("late_by_school_days", value=lambda row: row.due.late_by_school_days),
    Column("late_between", value=_late_between, csv=False, sparse=True),
    Column("", "Late by", text=_late_in_words),
)  # fmt: skip


def _summary_columns(by: str) -> tuple[Column[Summed], ...]:
    def number(key: str, heading: str) -> Column[Summed]:
        return Column(key, heading, lambda row: row.counts[key], number=True)

    key, heading = ("group", "Group") if by == "group" else ("job_title", "Taken by (job title)")
    return (
        Column(key, heading, lambda row: row.name),
        number("due", "Due"),
        number("taken", "Taken"),
        number("not_recorded", "Not recorded how"),
        number("missing", "Missing"),
        number("late", "Late"),
        number("without", "Pupils unmarked"),
    )


def _summed(found: Iterable[Listed], by: str) -> list[Summed]:
    """Return the counts of each group or title, in order of its name."""
    parts: dict[str, list[Listed]] = {}
    for each in found:
        title = (each.by.job_title if each.by else None) or NOBODY
        parts.setdefault(each.due.group if by == "group" else title, []).append(each)
    return [Summed(name, _count(parts[name])) for name in sorted(parts, key=natural_order)]


def _count(found: Sequence[Listed]) -> dict[str, int]:
    how = Counter(each.due.how for each in found)
    return {
        "due": len(found),
        "taken": how[TAKEN],
        "not_recorded": how[NOT_RECORDED],
        "missing": how[MISSING],
        "late": sum(each.due.late_by_minutes is not None for each in found),
        "without": sum(each.due.without for each in found),
    }
