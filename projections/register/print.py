"""A group's register on paper, as amended or blank.

As amended (SI 2024/208 reg 6(2)): every amendment with original entry, amended entry, reason,
date and name, numbered in the cell and listed beneath, with the job title besides; late entries
with their lag; week after week. Blank, for the day on which the system is down: names, sessions,
what is planned (in brackets: a plan is no entry), room for who took it and when; no mark.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ledger.errors import Refused
from ledger.store.folder import Folder
from ledger.values import parse_session
from policies.law.calendar import monday
from policies.packs.codes import Codes
from projections.queries import lags
from projections.queries.blocks import Block, Cell, Grid, Lines, Made, Places, Register
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Page, Question, option
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.queries.wording import (
    NOBODY,
    instant_in_words,
    known_in_words,
    mark_by_in_words,
    week_heading,
    week_in_words,
    what_in_words,
    when_in_words,
)
from projections.register.compare import Change, account_of
from projections.register.signs import NOT_MET, drawn, legend, meanings
from projections.register.week import CELL, CellState, PupilRow, Week, row_columns
from projections.register.words import AmendedNotes, BlankNotes
from projections.rendering import html

_WEEK = timedelta(days=7)
_TO_FRIDAY = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class PrintedWeek:
    """A week on paper: as amended with ``notes``, or a form with ``codes`` to choose from."""

    week: date
    headings: Sequence[str]
    rows: Sequence[PupilRow]
    notes: Sequence[Change] = ()
    codes: Sequence[tuple[str, str]] = ()

    def of_kind(self, *kinds: str) -> list[Change]:
        """Return the notes of some kinds."""
        return [note for note in self.notes if note.kind in kinds]


@dataclass(frozen=True, slots=True)
class Printout:
    """The weeks in which somebody had a session; ``printed``: when, and as known when.

    ``nobody``: what to say without one.
    """

    weeks: Sequence[PrintedWeek]
    nobody: str
    school: str
    printed: str
    table: Codes
    folder: Folder


@dataclass(frozen=True, kw_only=True)
class RegisterPrint(Question[Printout]):
    """attendance register print: a group's register on paper, as amended or blank.

    Whole weeks, of one day or from --from to --to; amended as any copy has to show it.
    """

    group: str | None = option("the group (9B)", required=True)
    week: date | None = option("any day of the week [the week of --on]")
    to: date | None = option("with --from: the last day; every week from one to the other")
    as_amended: bool = option("the entries with every amendment", default=False)
    blank: bool = option("an empty form with names and what is planned", default=False)
    html: Path | None = option("write it as a page to this file")

    @property
    def leaves_school(self) -> bool:
        """Paper goes to inspectors and courts."""
        return True

    def marks_of(self, view: View) -> Collection[str]:
        """Return the ids of whoever was in the group on a day that is printed, on roll or not."""
        weeks = (Week(view, self.group or "", first) for first in _mondays(self, view))
        members = {pupil for week in weeks for each in week.members.values() for pupil in each}
        return [view.pupil_id(pupil) for pupil in sorted(members)]

    def view_of(self, view: View) -> View:
        """Return the view of the weeks printed, whatever day it is: the provenance says so."""
        _check(self)
        mondays = _mondays(self, view)
        return replace(view, question=replace(self, from_=mondays[0], on=mondays[-1] + _TO_FRIDAY))

    def find(self, view: View) -> Printout:
        """Find the cells of each week, with what was changed in them, or what is planned."""
        weeks = [Week(view, self.group or "", first) for first in _mondays(self, view)]
        describer = Describer(view)
        known = f"as known at {instant_in_words(view.known_at)}"
        return Printout(
            [
                _form(week) if self.blank else _amended(week, describer)
                for week in weeks
                if week.pupils
            ],
            weeks[0].nobody,
            view.school.name if view.school else "",
            f"Printed {instant_in_words(view.now)}, {known}.",
            view.rules.codes,
            view.folder,
        )

    def present(self, found: Printout) -> Answer:
        """Show the weeks one after another, each with a row a pupil."""
        show, data = (_form_blocks, _form_data) if self.blank else (_amended_blocks, _amended_data)
        sheets = [show(self, found, week) for week in found.weeks]
        notes = [note for week in found.weeks for note in week.notes]
        return Answer(
            {
                "group": self.group,
                "print": _kind(self),
                "rows": [data(week) for week in found.weeks],
            },
            blocks=[block for sheet in sheets for block in sheet] or [Lines([found.nobody, ""])],
            listed=None if self.blank else Listing(_NOTES, notes),
            pages=[Page(self.html, _page(self, found, sheets))] if self.html else [],
        )

    def unknown(self) -> Answer:
        """Return no week."""
        return Answer({"group": self.group, "print": _kind(self), "rows": []})


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
        return [monday(question.week or view.on)]
    if question.from_ > question.to:
        raise Refused(
            "dates-reversed",
            f"--from {question.from_} is later than --to {question.to}",
            "give the earlier date first",
        )
    first, last = monday(question.from_), question.to
    return [first + n * _WEEK for n in range((last - first) // _WEEK + 1)]


def _kind(question: RegisterPrint) -> str:
    return "blank" if question.blank else "as amended"


def _page(
    question: RegisterPrint, found: Printout, sheets: Sequence[Sequence[Block]]
) -> Callable[[str], str]:
    """Return what makes the page: each week on a sheet of its own, under its own heading."""
    title = f"{found.school}: register of {question.group}, {_kind(question)}".removeprefix(": ")
    papers = []
    for week, (register, *rest) in zip(found.weeks, sheets, strict=True):
        assert isinstance(register, Register)  # noqa: S101 - the first block of each
        cells = (cell for row in week.rows for cell in row.cells)
        key = [] if question.blank else [Places("", meanings(found.table, cells, week.notes))]
        papers.append([replace(register, title=week_heading(week.week)), *rest, *key])
    body = html.sheets(papers, css="list") if papers else found.nobody
    above = html.tag("p", found.printed)
    content = html.join([above, html.tag("div", body)])
    return lambda foot: html.page(title, content, landscape=True, foot=foot)


# -- as amended ------------------------------------------------------------------------------


_AMENDED, _LATE, _CORRECTED = ("amendment", "restated"), "late_entry", "taking"


def _amended(week: Week, describer: Describer) -> PrintedWeek:
    notes: list[Change] = []
    rows = []
    for person in week.pupils:
        cells = []
        for session in week.sessions:
            cell, first = week.cell(person, session), len(notes) + 1
            # What is in another group's register is noted there.
            for version in week.marks((person.index, str(session))) if cell.in_group else ():
                if version.kind in (*_AMENDED, _LATE, _CORRECTED):
                    account = account_of(describer, version, *_TOLD)
                    notes.append(Change(person, account, len(notes) + 1))
            cells.append(cell._replace(notes=tuple(range(first, len(notes) + 1))))
        rows.append(PupilRow(person, cells))
    return PrintedWeek(week.monday, week.headings, rows, notes)


_TOLD = ("session", "kind", "reason", "minutes_late", "nature")


def _amended_data(week: PrintedWeek) -> dict[str, Any]:
    def documents(*kinds: str) -> list[dict[str, Any]]:
        return [note.document("number") for note in week.of_kind(*kinds)]

    return {
        "week": week.week,
        "rows": Listing(row_columns(*CELL, Column("notes")), week.rows),
        "amendments": documents(*_AMENDED),
        "late_entries": documents(_LATE),
        "corrections": documents(_CORRECTED),
    }


def _amended_blocks(
    question: RegisterPrint, found: Printout, week: PrintedWeek
) -> list[Register | Grid]:
    """Return a week with the lists of what was changed in it, those that hold something."""
    rows = [(row.person.name, list(map(drawn, row.cells))) for row in week.rows]
    amendments, late = week.of_kind(*_AMENDED), week.of_kind(_LATE)

    def notes() -> list[str]:
        signs = tuple(legend(rows))
        return AmendedNotes(signs=signs, nothing=not (amendments or late)).lines(found.folder)

    title = f"Register of {question.group}, {week_in_words(week.week)}, as amended"
    corrected = Listing(_columns("Corrected entry"), week.of_kind(_CORRECTED))
    lists = {
        "Amendments": Listing(_columns("Amended entry"), amendments),
        _late_heading(late): Listing(_columns("Entry", late=True), late),
        "Corrected while the register was being taken": corrected,
    }
    grids = (listing.grid(title) for title, listing in lists.items() if len(listing))
    return [Register(title, week.headings, rows, Made(notes)), *grids]


def _late_heading(late: Sequence[Change]) -> str:
    unsure = any(note.account.get("late") for note in late)
    return "Late entries, and entries that may be late" if unsure else "Late entries"


def _told(key: str) -> Column[Change]:
    return Column(key, value=lambda note: note.account[key])


_NOTES: tuple[Column[Change], ...] = (
    Column("week", value=lambda note: monday(parse_session(note.session).date)),
    Column("number"),
    Column("session"),
    Column("upn", value=lambda note: note.person.upn),
    Column("name", value=lambda note: note.person.name),
    *map(_told, ("kind", "was", "became", "reason", "by", "recorded_at", "stated_at",
                 "late_by_school_days", "position")),
)  # fmt: skip


def _columns(entry: str, *, late: bool = False) -> tuple[Column[Change], ...]:
    """Return the columns of a list of notes, with the law's five of each."""

    def told(heading: str, words: Callable[[Any], str], *, free: bool = False) -> Column[Change]:
        return Column("", heading, text=lambda note: words(note.account), free=free)

    return (
        Column("", "No.", text=lambda note: str(note.number)),
        Column("", "Session", text=lambda note: note.session),
        Column("", "Pupil", text=lambda note: note.person.name),
        *([] if late else [told("Original entry", lambda told: told["was"] or NOBODY)]),
        told(entry, lambda told: told["became"]),
        told("Reason", lambda told: told["reason"] or NOBODY, free=True),
        told("Entered" if late else "Date made", when_in_words),
        told("Name", lambda told: mark_by_in_words((told["by"] or {}).get("name"), told["kind"])),
        told("Job title", lambda told: (told["by"] or {}).get("job_title") or NOBODY),
        told("How known", known_in_words),
        told("School days after", lambda told: lags.in_words(told["late_by_school_days"])),
        told("What", what_in_words),
    )


# -- blank -----------------------------------------------------------------------------------


_FORM = row_columns(Column("session"), Column("due"), Column("planned"))
_FORM_ROWS = ("", "", "Opened at", "Ended at", "Taken by (name)", "Signature")
"""What stands beneath the pupils; rows without a name are spare."""


def _form(week: Week) -> PrintedWeek:
    """Return a week without any mark, of those who are on roll in it."""
    rows = []
    for person in week.pupils:
        cells = [week.cell(person, session) for session in week.sessions]
        if any(cell.member for cell in cells):
            # What is planned stands there also where a mark was made since.
            plans = (week.planned((person.index, c.session)) if c.due else None for c in cells)
            planned = [c._replace(planned=plan) for c, plan in zip(cells, plans, strict=True)]
            rows.append(PupilRow(person, planned))
    codes = _codes_between(week.view.rules.codes, week.monday, week.friday)
    return PrintedWeek(week.monday, week.headings, rows, codes=codes)


def _codes_between(table: Codes, first: date, last: date) -> list[tuple[str, str]]:
    """Return the codes in force on any day of a range that somebody can enter by hand."""
    found = {
        rule.code: rule.description
        for era_first, _ in table.eras(first, last)
        for rule in table.in_force(era_first)
        if rule.category != "administrative" and not rule.cancels
    }
    return list(found.items())


def _form_data(week: PrintedWeek) -> dict[str, Any]:
    codes = [{"code": code, "meaning": meaning} for code, meaning in week.codes]
    return {"week": week.week, "rows": Listing(_FORM, week.rows), "codes": codes}


def _form_blocks(
    question: RegisterPrint, found: Printout, week: PrintedWeek
) -> list[Register | Places]:
    """Return a form, with spare rows and room for who took the register, and its codes."""
    cells = [cell for row in week.rows for cell in row.cells]
    words = BlankNotes(
        planned=any(cell.planned for cell in cells), not_met=not all(cell.due for cell in cells)
    )
    notes = Made(lambda: words.lines(found.folder))
    rows = [(row.person.name, [_form_cell(cell) for cell in row.cells]) for row in week.rows]
    title = f"Register of {question.group}, {week_in_words(week.week)}: blank form"
    room = [Cell()] * (len(week.headings) - 1)
    body = [*rows, *((name, room) for name in _FORM_ROWS)]
    form = Register(title, week.headings, body, notes, form=True)
    return [form, Places("Codes", week.codes)]


def _form_cell(cell: CellState) -> Cell:
    # With neither there is room to write in.
    return Cell(plan=cell.planned or "") if cell.due else Cell(NOT_MET)
