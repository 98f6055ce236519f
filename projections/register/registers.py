"""Every register that was due, who took it, when, and what is missing.

A summary counts by group, or by the job title of whoever took them; never by person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ledger.english import number_of
from projections.queries.blocks import Grid, Lines
from projections.queries.columns import natural_order
from projections.queries.question import Answer, Question, option
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.register.due import DueRegister, clock_time, due_registers, instant_text

COLUMNS = (
    "session",
    "group",
    "how",
    "closes",
    "opened",
    "ended",
    "by_name",
    "by_job_title",
    "marks",
    "expected",
    "without",
    "marks_after",
    "late_by_minutes",
    "late_by_school_days",
)
TAKEN, NOT_RECORDED, MISSING = "taken", "not recorded how it was taken", "missing"
NOBODY = "(not recorded)"
Row = Mapping[str, Any]
_COUNTS = ("due", "taken", "not_recorded", "missing", "late", "without")


@dataclass(frozen=True, kw_only=True)
class Registers(Question):
    """attendance registers: every register that was due, who took it, when, and what is missing.

    Registers of groups with somebody on roll, on sessions that the school met and has closed.

    Late: ended after the closing time, or first marks made after it. Missing: no taking is
    recorded, and there are pupils without a mark.
    """

    group: str | None = option("one group, by its name (9B)")
    kind: Literal["registration", "year"] = option(
        "registers of registration groups, or of years",
        "registration",
        choices=("registration", "year"),
    )
    late: bool = option("only those ended late, or with first marks made late", default=False)
    missing: bool = option("only those not taken, with pupils without a mark", default=False)
    summary: Literal["group", "title"] | None = option(
        "count them by group, or by the job title of whoever took them",
        choices=("group", "title"),
    )

    def answer(self, view: View) -> Answer:
        """Answer with one row a register, by session and group; or with counts."""
        columns = COLUMNS if self.summary is None else summary_columns(self.summary)
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, columns, [Lines([view.ignorance()])])
        describer = Describer(view)
        registers = due_registers(view, self.kind, self.group)
        rows = [_row(describer, each) for each in registers]
        rows = [row for row in rows if _is_asked_for(self, row)]
        rows.sort(key=lambda r: (r["session"], natural_order(r["group"])))
        if self.summary is not None:
            counted, total = summary_rows(rows, self.summary)
            document = {"as_of": view.as_of(), "rows": counted, "total": total}
            grid = summary_table(self.summary, counted, total, [view.provenance()])
            return Answer(document, columns, [grid])
        document = {"as_of": view.as_of(), "rows": rows, "total": totals(rows)}
        return Answer(document, columns, [_table(rows, view)])


def _is_asked_for(question: Registers, row: dict[str, Any]) -> bool:
    """Tell whether a row is asked for; both options together ask for either."""
    if not (question.late or question.missing):
        return True
    late = question.late and row["late_by_minutes"] is not None
    return late or (question.missing and row["how"] == MISSING)


def _row(describer: Describer, register: DueRegister) -> dict[str, Any]:
    taking = register.taking
    by = None
    if taking is not None:
        name, title = describer.name_and_title(taking.by, register.session.date)
        by = {"name": name, "job_title": title}
    how = TAKEN if taking else MISSING if register.without else NOT_RECORDED
    return {
        "session": str(register.session),
        "group": register.group,
        "how": how,
        "closes": instant_text(register.closes),
        "opened": instant_text(taking.opened) if taking else None,
        "ended": instant_text(taking.ended) if taking else None,
        "by": by,
        "marks": taking.marks if taking else None,
        "expected": register.expected,
        "without": register.without,
        "marks_after": register.marks_after,
        "late_by_minutes": register.late_by_minutes,
        "late_by_school_days": register.late_by_school_days,
    }


def _table(rows: list[dict[str, Any]], view: View) -> Grid:
    headings = (
        "Session",
        "Group",
        "How",
        "Closes",
        "Opened",
        "Ended",
        "By",
        "Expected",
        "Without a mark",
        "Marks after closing",
        "Late by",
    )
    body = [
        (
            row["session"],
            row["group"],
            row["how"],
            *(clock_time(row, name) for name in ("closes", "opened", "ended")),
            ", ".join(filter(None, (row["by"] or {}).values())),
            str(row["expected"]),
            str(row["without"]),
            "not known" if row["marks_after"] is None else str(row["marks_after"]),
            _late_in_words(row),
        )
        for row in rows
    ]
    title = number_of(len(rows), "register")
    return Grid(title, headings, body, frozenset({7, 8, 9}), notes=[view.provenance()])


def _late_in_words(row: dict[str, Any]) -> str:
    minutes, days = row["late_by_minutes"], row["late_by_school_days"]
    if minutes is None:
        return ""
    return number_of(days, "school day") if days else number_of(minutes, "minute")


def summary_columns(by: str) -> tuple[str, ...]:
    """Return the columns of a summary."""
    return ("group" if by == "group" else "job_title", *_COUNTS)


def summary_rows(rows: Iterable[Row], by: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return one row a group or title, in order of its name, and the total."""
    everything = list(rows)
    found: dict[str, list[Row]] = {}
    for row in everything:
        found.setdefault(_summary_key(row, by), []).append(row)
    name = summary_columns(by)[0]
    return (
        [{name: key, **totals(found[key])} for key in sorted(found, key=natural_order)],
        totals(everything),
    )


def _summary_key(row: Row, by: str) -> str:
    if by == "group":
        return str(row["group"])
    return str((row["by"] or {}).get("job_title") or NOBODY)


def totals(rows: list[Any]) -> dict[str, int]:
    """Count registers: due, taken, missing, late, and pupils without a mark in them."""
    how = [row["how"] for row in rows]
    return {
        "due": len(rows),
        "taken": how.count("taken"),
        "not_recorded": len(rows) - how.count("taken") - how.count("missing"),
        "missing": how.count("missing"),
        "late": sum(row["late_by_minutes"] is not None for row in rows),
        "without": sum(row["without"] for row in rows),
    }


def summary_table(by: str, rows: list[dict[str, Any]], total: Row, notes: list[str]) -> Grid:
    """Return the counts for reading, the total in the last row."""
    first = "Group" if by == "group" else "Taken by (job title)"
    headings = (
        first,
        "Due",
        "Taken",
        "Not recorded how",
        "Missing",
        "Late",
        "Pupils unmarked",
    )
    name = summary_columns(by)[0]
    body = [(row[name], *(str(row[c]) for c in _COUNTS)) for row in rows]
    body.append(("all", *(str(total[c]) for c in _COUNTS)))
    return Grid("Registers due", headings, body, frozenset(range(1, 7)), total=True, notes=notes)
