"""Amendments of the admission register, with reason, date and name, for reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ledger.clock import local, local_date, parse_instant
from ledger.english import number_of
from ledger.errors import Refused
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.selection import selected_pupils
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.roll.admission_rows import KINDS, amendments

COLUMNS = (
    "upns",
    "parent_id",
    "about",
    "kind",
    "field",
    "original",
    "amended",
    "reason",
    "by_name",
    "by_job_title",
    "by_authenticated",
    "recorded_at",
    "stated_at",
    "source",
    "position",
    "confidential",
)


@dataclass(frozen=True, kw_only=True)
class Admission(Selection, Question):
    """attendance admission: amendments of the admission register, with reason, date and name.

    Details of pupils, of their parents, and of what these are to each other.

    Every change known is listed, whatever its date: --changed-from and --changed-to narrow them.
    A parent's confidential address is shown in --json and --csv only.
    """

    changed_from: date | None = option("changed on or after this date")
    changed_to: date | None = option("changed on or before this date")
    field: str | None = option("only this detail (address, dob, phone, ...)")
    kind: Literal["amendment", "restated", "stated_anew"] | None = option(
        "amended here, restated by another system, or stated anew with no reason recorded",
        choices=("amendment", "restated", "stated_anew"),
    )

    def answer(self, view: View) -> Answer:
        """Answer with one row an amendment, in the order in which they were recorded."""
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, COLUMNS, [Lines([view.ignorance()])])
        if self.changed_from and self.changed_to and (self.changed_from > self.changed_to):
            raise Refused(
                "dates-reversed",
                f"--changed-from {self.changed_from} is later than {self.changed_to}",
                "give the earlier date first",
            )
        changes = amendments(view, Describer(view), selected_pupils(self, view))
        rows = [row for row in changes if _is_asked_for(self, row)]
        title = f"{number_of(len(rows), 'change')} of the admission register"
        return Answer(
            {"as_of": view.as_of(), "rows": rows},
            COLUMNS,
            [table(title, rows, [view.provenance()])],
        )


def _is_asked_for(question: Admission, row: dict[str, Any]) -> bool:
    if question.field not in (None, row["field"]) or question.kind not in (None, row["kind"]):
        return False
    if question.changed_from is None and question.changed_to is None:
        return True
    at = made_at(row)
    earliest, latest = question.changed_from or date.min, question.changed_to or date.max
    return at is not None and earliest <= local_date(at) <= latest


def made_at(row: dict[str, Any]) -> int | None:
    """Return when a detail was changed: as its source states, else as recorded here."""
    at = row["stated_at"] if row["kind"] == "restated" else row["recorded_at"]
    return None if at is None else parse_instant(at)


def table(title: str, rows: list[dict[str, Any]], notes: Sequence[str]) -> Grid:
    """Return amendments of the admission register for reading: the law's five, and the title."""
    headings = ("Whose", "Detail", "What", "Original", "Amended", "Reason", "Date", "By")
    return Grid(title, headings, [_cells(row) for row in rows], notes=notes)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    at, by = made_at(row), row["by"] or {}
    who = ", ".join(filter(None, (by.get("name"), by.get("job_title"))))
    source = f" ({row['source']})" if row["source"] else ""
    return (
        _whose(row),
        row["field"].replace("_", " "),
        KINDS[row["kind"]] + source,
        _detail_on_paper(row, "original"),
        _detail_on_paper(row, "amended"),
        row["reason"] or "not stated",
        "not stated" if at is None else f"{local(at):%Y-%m-%d %H:%M}",
        who or "not stated",
    )


def _detail_on_paper(row: dict[str, Any], name: str) -> str:
    """Return a detail for reading; an address that may not be told is not put on paper."""
    if row["confidential"] and row[name]:
        return "[confidential]"
    return row[name] or "(none)"


def _whose(row: dict[str, Any]) -> str:
    upns = ", ".join(row["upns"])
    if row["about"] == "pupil":
        return upns
    link = "relation to" if row["about"] == "relation" else "of"
    return f"parent {row['parent_id']} ({link} {upns})"
