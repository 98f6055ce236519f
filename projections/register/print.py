"""A group's register on paper, as amended or blank.

As amended (SI 2024/208 reg 6(2)): every amendment with original entry, amended entry, reason,
date and name, numbered in the cell and listed beneath, with the job title besides; late entries
with their lag; week after week. Blank, for the day on which the system is down: names, sessions,
what is planned (in brackets: a plan is no entry), room for who took it and when; no mark.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

from ledger.errors import Refused
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.question import Answer, Page, Question, option
from projections.queries.versions import Describer
from projections.queries.view import Person, View
from projections.queries.wording import (
    KINDS,
    NOBODY,
    authenticated_in_words,
    days_in_words,
    instant_in_words,
    week_heading,
    week_in_words,
    when_in_words,
)
from projections.readmodel.accessors.marks import Version
from projections.register.signs import NOT_MET, code_key, legend, signed_text
from projections.register.week import Week, monday_of
from projections.rendering import html
from projections.rendering.words import Words

_COLUMNS = ("week", "number", "session", "upn", "name", "kind", "was", "became", "reason",
            "by", "recorded_at", "stated_at", "late_by_school_days", "position")  # fmt: skip
_WEEK = timedelta(days=7)
_TO_FRIDAY = timedelta(days=4)
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RegisterPrint(Question):
    """attendance register print: a group's register on paper, as amended or blank.

    Whole weeks, of one day or from --from to --to; amended as any copy has to show it.
    """

    group: str | None = option("the group (9B)", required=True)
    week: date | None = option("any day of the week [the week of --on]")
    to: date | None = option("with --from: the last day; every week from one to the other")
    as_amended: bool = option("the entries with every amendment", default=False)
    blank: bool = option("an empty form with names and what is planned", default=False)
    html: Path | None = option("write it as a page to this file")

    def answer(self, view: View) -> Answer:
        """Answer with the weeks, each with a row a pupil."""
        _check(self)
        mondays = _mondays(self, view)
        # What is printed is the weeks, whatever day it is: the provenance says so.
        days = replace(self, from_=mondays[0], on=mondays[-1] + _TO_FRIDAY)
        view = replace(view, question=days)
        document: dict[str, Any] = {
            "as_of": view.as_of(),
            "group": self.group,
            "print": _kind(self),
            "rows": [],
        }
        if view.knows_nothing:
            document["knows_nothing"] = True
            return Answer(document, (), [Lines([view.ignorance()])])
        weeks = [Week(view, self.group or "", monday) for monday in mondays]
        held = [week for week in weeks if week.pupils]
        found = _as_blank(held) if self.blank else _as_amended(view, held)
        blocks = found.blocks if held else [Lines([weeks[0].nobody, ""])]
        document["rows"] = found.rows
        pages = []
        if self.html:
            body = html.join(html.tag("section", sheet, css="sheet") for sheet in found.sheets)
            pages = [Page(self.html, _page(self, view, body if held else weeks[0].nobody))]
        columns = () if self.blank else _COLUMNS
        return Answer(document, columns, [*blocks, Lines([view.provenance()])], flat=found.flat,
                      pages=pages)  # fmt: skip


def _check(question: RegisterPrint) -> None:
    if question.as_amended == question.blank:
        raise Refused(
            "print-what",
            "a register is printed either as amended or blank",
            "give one of --as-amended and --blank",
        )
    ranged = question.from_ is not None or question.to is not None
    if ranged and (question.week is not None or question.from_ is None or question.to is None):
        raise Refused(
            "print-when",
            "the weeks to print are not clear",
            "give --week, or --from and --to together, or none for this week",
        )


def _mondays(question: RegisterPrint, view: View) -> list[date]:
    if question.from_ is None or question.to is None:
        return [monday_of(question.week or view.on)]
    if question.from_ > question.to:
        raise Refused(
            "dates-reversed",
            f"--from {question.from_} is later than --to {question.to}",
            "give the earlier date first",
        )
    first, last = monday_of(question.from_), question.to
    return [first + n * _WEEK for n in range((last - first) // _WEEK + 1)]


def _kind(question: RegisterPrint) -> str:
    return "blank" if question.blank else "as amended"


def _page(question: RegisterPrint, view: View, body: str) -> str:
    school = view.school.name if view.school else ""
    known = f"as known at {instant_in_words(view.known_at)}"
    title = f"{school}: register of {question.group}, {_kind(question)}"
    above = html.tag("p", f"Printed {instant_in_words(view.now)}, {known}.")
    return html.page(title.removeprefix(": "), html.join([above, html.tag("div", body)]),
                     landscape=True, foot=view.provenance())  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Printout:
    """The weeks printed: for JSON, for reading, for paper, for CSV."""

    rows: list[dict[str, Any]]
    blocks: list[Block]
    sheets: list[html.Markup]
    flat: list[dict[str, Any]]


_NUMBERED = ("amendment", "restated", "late_entry", "taking")
_AMENDED_HEADINGS = ("No.", "Session", "Pupil", "Original entry", "Amended entry", "Reason",
                     "Date made", "Name", "Job title", "How known", "School days after",
                     "What")  # fmt: skip
_LATE_HEADINGS = ("No.", "Session", "Pupil", "Entry", "Reason", "Entered", "Name", "Job title",
                  "How known", "School days after", "What")  # fmt: skip
_REASON = frozenset(heads.index("Reason") for heads in (_AMENDED_HEADINGS, _LATE_HEADINGS))
_CORRECTED_HEADINGS = (*_AMENDED_HEADINGS[:4], "Corrected entry", *_AMENDED_HEADINGS[5:])


@dataclass(frozen=True, kw_only=True)
class AmendedNotes(Words):
    """What the notes beneath a register are given; their file says what each is."""

    file: ClassVar = "register-as-amended.txt"

    signs: tuple[str, ...]
    nothing: bool


@dataclass
class _AmendedWeek:
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


def _as_amended(view: View, weeks: list[Week]) -> _Printout:
    describer = Describer(view)
    found = [_AmendedWeek(week, describer) for week in weeks]
    notes = [{"week": each.week.monday.isoformat(), **n} for each in found for n in each.notes]
    blocks = [block for each in found for block in _amended_blocks(each)]
    return _Printout(
        [e.document() for e in found], blocks, [_amended_sheet(e) for e in found], notes
    )


def _amended_blocks(printed: _AmendedWeek) -> list[Block]:
    """Return a week as text; numbers of notes in square brackets."""
    body = [(row["name"], *map(_in_text, row["cells"])) for row in printed.rows]
    week = printed.week
    title = f"Register of {week.group}, {week_in_words(week.monday)}, as amended"
    # A reason as long as a book would make every row that wide.
    lists = [replace(each, free=_REASON) for each in _lists(printed)]
    return [Grid(title, week.headings, body, notes=_amended_notes(printed)), *lists]


def _amended_sheet(printed: _AmendedWeek) -> html.Markup:
    """Return a week as HTML."""
    rows = [(row["name"], *map(_in_html, row["cells"])) for row in printed.rows]
    key = code_key(printed.week.view, printed.cells, printed.notes)
    return html.join(
        [
            html.tag("h2", week_heading(printed.week.monday)),
            html.table(printed.week.headings, rows, css="register"),
            html.notes(_amended_notes(printed)),
            *(html.grid(grid, css="list") for grid in _lists(printed)),
            html.notes(key, css="notes key"),
        ]
    )


def _amended_notes(printed: _AmendedWeek) -> list[str]:
    return AmendedNotes(
        signs=tuple(legend(printed.cells)),
        nothing=not (printed.amendments or printed.late_entries),
    ).lines(printed.week.view.folder)


def _in_text(cell: Row) -> str:
    numbers = ",".join(map(str, cell["notes"]))
    return f"{signed_text(cell)} [{numbers}]" if numbers else signed_text(cell)


def _in_html(cell: Row) -> html.Markup:
    numbers = ",".join(map(str, cell["notes"]))
    written = html.text(signed_text(cell))
    return html.Markup(f"{written}{html.tag('sup', numbers)}") if numbers else written


def _lists(printed: _AmendedWeek) -> list[Grid]:
    amended, corrected = (
        [(*_first_columns(n), n["was"] or NOBODY, n["became"], *_last_columns(n)) for n in notes]
        for notes in (printed.amendments, printed.corrections)
    )
    late = [(*_first_columns(n), n["became"], *_last_columns(n)) for n in printed.late_entries]
    lists = (
        Grid("Amendments", _AMENDED_HEADINGS, amended),
        Grid("Late entries", _LATE_HEADINGS, late),
        Grid("Corrected while the register was being taken", _CORRECTED_HEADINGS, corrected),
    )
    return [grid for grid in lists if grid.rows]


def _first_columns(note: Row) -> tuple[str, ...]:
    return str(note["number"]), note["session"], note["name"]


def _last_columns(note: Row) -> tuple[str, ...]:
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


_SPARE_ROWS = 2
_ROOM = "____"
_FORM_ROWS = ("Opened at", "Ended at", "Taken by (name)", "Signature")


@dataclass(frozen=True, kw_only=True)
class BlankNotes(Words):
    """What the notes beneath a form are given."""

    file: ClassVar = "register-blank.txt"

    planned: bool
    not_met: bool


@dataclass(frozen=True, slots=True)
class _BlankWeek:
    """One empty week: a row a pupil, and what each cell holds before anybody writes."""

    week: Week
    rows: list[Row]

    def document(self) -> Row:
        """Return the week as JSON has it."""
        return {"week": self.week.monday.isoformat(), "rows": self.rows, "codes": self.codes()}

    def codes(self) -> list[dict[str, str]]:
        """Return the codes that a taker may write in that week, with what they mean."""
        return _codes_between(self.week.view, self.week.monday, self.week.friday)


def _blank_week(week: Week) -> _BlankWeek:
    """Return a week without any mark, of those who are on roll in it."""
    here = [p for p in week.pupils if any(week.cell(p, s)["member"] for s in week.sessions)]
    return _BlankWeek(week, [_blank_row(week, person) for person in here])


def _as_blank(weeks: list[Week]) -> _Printout:
    found = [_blank_week(week) for week in weeks]
    blocks = [block for each in found for block in _blank_blocks(each)]
    return _Printout([e.document() for e in found], blocks, [_blank_sheet(e) for e in found], [])


def _blank_blocks(found: _BlankWeek) -> list[Block]:
    """Return a form as text."""
    title = f"Register of {found.week.group}, {week_in_words(found.week.monday)}: blank form"
    grid = Grid(title, found.week.headings, _blank_table(found, _ROOM), notes=_blank_notes(found))
    return [grid, Lines(["Codes:", *_blank_key(found), ""])]


def _blank_sheet(found: _BlankWeek) -> html.Markup:
    """Return a form as HTML."""
    return html.join(
        [
            html.tag("h2", week_heading(found.week.monday)),
            html.table(found.week.headings, _blank_table(found, ""), css="register form"),
            html.notes(_blank_notes(found)),
            html.tag("h2", "Codes"),
            html.notes(_blank_key(found), css="notes key"),
        ]
    )


def _blank_row(week: Week, person: Person) -> Row:
    cells = []
    for session in week.sessions:
        cell = week.cell(person, session)
        due = cell["met"] and cell["member"]
        planned = week.planned((person.index, str(session))) if due else None
        cells.append({"session": str(session), "due": due, "planned": planned})
    return {"upn": person.upn, "name": person.name, "cells": cells}


def _codes_between(view: View, first: date, last: date) -> list[dict[str, str]]:
    """Return the codes in force on any day of a range that somebody can enter by hand."""
    table = view.rules.codes
    found = {
        rule.code: {"code": rule.code, "meaning": rule.description}
        for era_first, _ in table.eras(first, last)
        for rule in table.in_force(era_first)
        if rule.category != "administrative" and not rule.cancels
    }
    return list(found.values())


def _blank_cell(cell: Row, empty: str) -> str:
    if not cell["due"]:
        return NOT_MET
    return f"({cell['planned']})" if cell["planned"] else empty


def _blank_notes(found: _BlankWeek) -> list[str]:
    cells = [cell for row in found.rows for cell in row["cells"]]
    return BlankNotes(
        planned=any(cell["planned"] for cell in cells),
        not_met=not all(cell["due"] for cell in cells),
    ).lines(found.week.view.folder)


def _blank_key(found: _BlankWeek) -> list[str]:
    return [f"{each['code']}  {each['meaning']}" for each in found.codes()]


def _blank_table(found: _BlankWeek, empty: str) -> list[tuple[str, ...]]:
    rows = [
        (row["name"], *(_blank_cell(cell, empty) for cell in row["cells"])) for row in found.rows
    ]
    sessions = len(found.week.sessions)
    spare = [("", *[empty] * sessions)] * _SPARE_ROWS
    return [*rows, *spare, *((label, *[empty] * sessions) for label in _FORM_ROWS)]
