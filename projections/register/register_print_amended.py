"""The register on paper as amended (SI 2024/208 reg 6(2)): every amendment with its five.

Original entry, amended entry, reason, date and name, numbered in the cell and listed beneath,
with the job title besides; late entries with their lag; week after week.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from projections.queries.question import Block, Grid
from projections.queries.versions import Describer, Version
from projections.queries.view import Person
from projections.queries.wording import (
    KINDS,
    NOBODY,
    authenticated_in_words,
    days_in_words,
    week_heading,
    week_in_words,
    when_in_words,
    wrapped,
)
from projections.register.signs import code_key, legend, shown
from projections.register.week import Week
from projections.rendering import html

_NUMBERED = ("amendment", "restated", "late_entry", "taking")
_AMENDED = ("No.", "Session", "Pupil", "Original entry", "Amended entry", "Reason", "Date made",
            "Name", "Job title", "How known", "School days after", "What")  # fmt: skip
_LATE = ("No.", "Session", "Pupil", "Entry", "Reason", "Entered", "Name", "Job title",
         "How known", "School days after", "What")  # fmt: skip
_REASON = frozenset(heads.index("Reason") for heads in (_AMENDED, _LATE))
_CORRECTED = (*_AMENDED[:4], "Corrected entry", *_AMENDED[5:])
Row = dict[str, Any]


@dataclass
class Printed:
    """One week on paper: its rows, and the notes that are numbered in their cells."""

    week: Week
    describer: Describer
    rows: list[Row] = field(default_factory=list)
    notes: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        for person in self.week.pupils:
            cells = [self._cell(person, str(s), self.week.cell(person, s))
                     for s in self.week.sessions]  # fmt: skip
            self.rows.append({"upn": person.upn, "name": person.name, "cells": cells})

    def _cell(self, person: Person, session: str, cell: Row) -> Row:
        numbers = []
        for version in self.week.marks((person.index, session)):
            # What is in another group's register is noted there.
            if version.kind in _NUMBERED and cell["in_group"]:
                numbers.append(len(self.notes) + 1)
                self.notes.append(self._note(numbers[-1], person, version))
        return {**cell, "notes": numbers}

    def _note(self, number: int, person: Person, version: Version) -> Row:
        row = self.describer.row(0, version)
        kept = ("session", "kind", "reason", "minutes_late", "nature", "by", "recorded_at",
                "stated_at", "late_by_school_days", "position", "changed_at")  # fmt: skip
        return {
            "number": number,
            "upn": person.upn,
            "name": person.name,
            "was": version.replaced,
            "became": version.code,
            **{name: row[name] for name in kept if name in row},
            "source": self.describer.source(version),
        }

    @property
    def amendments(self) -> list[Row]:
        """The notes on what was amended, or restated by a source."""
        return [n for n in self.notes if n["kind"] not in ("late_entry", "taking")]

    @property
    def corrections(self) -> list[Row]:
        """The notes on what was corrected before the taking had ended: no amendment, yet shown."""
        return [note for note in self.notes if note["kind"] == "taking"]

    @property
    def late_entries(self) -> list[Row]:
        """The notes on what was entered after the register had ended."""
        return [note for note in self.notes if note["kind"] == "late_entry"]

    def document(self) -> Row:
        """Return the week as JSON has it."""
        return {"week": self.week.monday.isoformat(), "rows": self.rows,
                "amendments": self.amendments, "late_entries": self.late_entries,
                "corrections": self.corrections}  # fmt: skip

    @property
    def cells(self) -> list[Row]:
        """The cells of all rows."""
        return [cell for row in self.rows for cell in row["cells"]]


def blocks(printed: Printed) -> list[Block]:
    """Return a week as text; numbers of notes in square brackets."""
    body = [(row["name"], *map(_in_text, row["cells"])) for row in printed.rows]
    week = printed.week
    title = f"Register of {week.group}, {week_in_words(week.monday)}, as amended"
    # A reason as long as a book would make every row that wide.
    lists = [replace(each, rows=wrapped(each.rows, _REASON)) for each in _lists(printed)]
    return [Grid(title, week.headings, body, notes=_notes(printed)), *lists]


def _notes(printed: Printed) -> list[str]:
    found = printed.amendments or printed.late_entries
    none = [] if found else ["No entry of this week was amended or made late."]
    return [*legend(printed.cells), *none]


def _in_text(cell: Row) -> str:
    numbers = ",".join(map(str, cell["notes"]))
    return f"{shown(cell)} [{numbers}]" if numbers else shown(cell)


def _lists(printed: Printed) -> list[Grid]:
    amended, corrected = (
        [(*_first(n), n["was"] or NOBODY, n["became"], *_rest(n)) for n in notes]
        for notes in (printed.amendments, printed.corrections)
    )
    late = [(*_first(n), n["became"], *_rest(n)) for n in printed.late_entries]
    lists = (
        Grid("Amendments", _AMENDED, amended),
        Grid("Late entries", _LATE, late),
        Grid("Corrected while the register was being taken", _CORRECTED, corrected),
    )
    return [grid for grid in lists if grid.rows]


def _first(note: Row) -> tuple[str, ...]:
    return str(note["number"]), note["session"], note["name"]


def _rest(note: Row) -> tuple[str, ...]:
    by = note["by"] or {}
    return (
        note["reason"] or NOBODY,
        when_in_words(note),
        by.get("name") or NOBODY,
        by.get("job_title") or NOBODY,
        authenticated_in_words(note["by"]),
        days_in_words(note["late_by_school_days"]),
        KINDS[note["kind"]],
    )


def sheet(printed: Printed) -> html.Markup:
    """Return a week as HTML."""
    rows = [(row["name"], *map(_in_html, row["cells"])) for row in printed.rows]
    key = code_key(printed.week.view, printed.cells, printed.notes)
    return html.joined(
        [
            html.tag("h2", week_heading(printed.week.monday)),
            html.table(printed.week.headings, rows, css="register"),
            html.notes(_notes(printed)),
            *(html.grid(grid, css="list") for grid in _lists(printed)),
            html.notes(key, css="notes key"),
        ]
    )


def _in_html(cell: Row) -> html.Markup:
    numbers = ",".join(map(str, cell["notes"]))
    written = html.text(shown(cell))
    return html.Markup(f"{written}{html.tag('sup', numbers)}") if numbers else written
