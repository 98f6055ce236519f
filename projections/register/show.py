"""A group's register for a week, as it stood."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ledger.english import number_of
from ledger.store.folder import Folder
from ledger.values import parse_session
from policies.law.calendar import monday
from policies.packs.codes import Codes
from projections.queries import lags
from projections.queries.blocks import Block, Cell, Grid, Lines, Made, Places, Register
from projections.queries.columns import Column, Listing
from projections.queries.people import Person
from projections.queries.question import Answer, Page, Question, option
from projections.queries.view import View
from projections.queries.wording import (
    change_by_in_words,
    instant_in_words,
    kind_in_words,
    known_in_words,
    week_in_words,
    when_in_words,
)
from projections.register.compare import Change, Comparison, comparison, other_view
from projections.register.signs import drawn, legend, meanings
from projections.register.week import CELL, CellState, PupilRow, Week, row_columns
from projections.rendering import html


@dataclass(frozen=True, slots=True)
class Other:
    """The point in time that a register is compared with, as an answer names one."""

    as_of: Mapping[str, Any]
    provenance: str
    known: str


@dataclass(frozen=True, slots=True)
class ShownWeek:
    """A register as it stood, and what it is compared with.

    ``nobody``: what to say without a row; ``ignorance``: where nothing was known yet;
    ``changes``: none unless the other time was named.
    """

    monday: date
    headings: Sequence[str]
    rows: Sequence[PupilRow]
    nobody: str
    ignorance: str
    school: str
    known: str
    other: Other | None
    changes: Sequence[Change] | None
    codes: Codes
    folder: Folder


_TO_FRIDAY = timedelta(days=4)
_CHANGED_SINCE: Column[CellState] = Column("changed_since")
_DIFF: Column[CellState] = Column("diff")


@dataclass(frozen=True, kw_only=True)
class RegisterShow(Question[ShownWeek]):
    """attendance register show: a group's register for a week, as it stood.

    The marks that stood, Monday to Friday; as known earlier, what changed since is marked.
    """

    group: str | None = option("the group (9B)", required=True)
    week: date | None = option("any day of the week [the week of --on]")
    diff: str | None = option("another time of knowledge to compare with; now: all that is known")
    html: Path | None = option("write it as a page to this file")

    def view_of(self, view: View) -> View:
        """Return the view of the days of the week, where one is named."""
        if self.week is None:
            return view
        first = monday(self.week)
        return view.at(replace(self, from_=first, on=first + _TO_FRIDAY))

    def find(self, view: View) -> ShownWeek:
        """Find the cells that stood, and what changed by the other time."""
        week = Week(view, self.group or "", monday(self.week or view.on))
        own, both, other = week.pupils, None, None
        if any(each is not None for each in (self.diff, self.known_at, self.position)):
            other = other_view(view.question, view, self.diff)
            both = comparison(week, other)
            if self.diff is None:
                week.pupils = own
        return ShownWeek(
            week.monday,
            week.headings,
            [PupilRow(p, list(_cells(self, week, p, both))) for p in week.pupils],
            week.nobody,
            view.ignorance() if view.knows_nothing else "",
            view.school.name if view.school else "",
            _known(view),
            Other(other.as_of(), other.provenance(), _known(other)) if other else None,
            both.changes() if both and self.diff is not None else None,
            view.rules.codes,
            view.folder,
        )

    def present(self, found: ShownWeek) -> Answer:
        """Show one row a pupil and one cell a session."""
        fields: dict[str, Any] = {"group": self.group, "week": found.monday}
        compared = () if self.diff is None else (_DIFF,)
        fields["rows"] = Listing(row_columns(*CELL, _CHANGED_SINCE, *compared), found.rows)
        if found.other is not None:
            fields["compared_with"] = found.other.as_of
        if found.changes is not None:
            fields["changes"] = [change.document("session") for change in found.changes]
        before = [Lines([found.ignorance])] if found.ignorance else []
        if before:
            fields["knows_nothing"] = True
        if before and not found.rows:
            return Answer({**fields, "rows": []}, blocks=before, sourced=True)
        register = _register(self.group, found)
        rest = [] if found.changes is None else [_changes_grid(found.changes)]
        pages = []
        if self.html:
            # The page has a heading of its own.
            page = _page(self.group, found, [replace(register, title=""), *rest])
            pages = [Page(self.html, page)]
        return Answer(fields, blocks=[*before, register, *rest], pages=pages)


def _cells(
    question: RegisterShow, week: Week, person: Person, both: Comparison | None
) -> Iterator[CellState]:
    for session in week.sessions:
        cell = week.cell(person, session)
        if both is not None:
            cell = cell._replace(changed_since=both.differs(person, session))
        if both is not None and question.diff is not None:
            pending = both.later.cell(person, session).pending
            cell = cell._replace(pending=pending, diff=both.difference(person, session))
        yield cell


def _known(view: View) -> str:
    return f"{instant_in_words(view.known_at)} (position {view.position})"


# -- for reading ---------------------------------------------------------------------------


_CANCELLED = "session cancelled: {}; what stood before is told by attendance history"
_HELD = "stands though the session is recorded as held: {}; attendance alerts says what to do"


def _drawn(cell: CellState) -> Cell:
    """Return a cell as it is shown: a cancellation needs no sign on every pupil of a class."""
    return drawn(
        cell._replace(
            amended=cell.amended and "amended" not in cell.cancelling,
            late_entry=cell.late_entry and "late_entry" not in cell.cancelling,
            restated=cell.restated and "restated" not in cell.cancelling,
        )
    )


def _register(group: str | None, found: ShownWeek) -> Register:
    rows = [(row.person.name, list(map(_drawn, row.cells))) for row in found.rows]

    def notes() -> list[str]:
        said = legend(rows) if rows else [found.nobody]
        said += _cancellations(found)
        if found.other is not None:
            sign = "! " if found.changes is None else ""
            said.append(f"{sign}compared with: {found.other.provenance}")
        return said

    title = f"Register of {group}, week of {found.monday}"
    return Register(title, found.headings, rows, Made(notes))


def _cancellations(found: ShownWeek) -> Iterator[str]:
    """Yield which sessions were cancelled, and of which only a mark still says so."""
    places: dict[tuple[str, str], set[int]] = {}
    for row in found.rows:
        for at, cell in enumerate(row.cells, start=1):
            code, day = cell.code or "", parse_session(cell.session).date
            says = _HELD if cell.met and cell.in_group and found.codes.cancels(code, day) else ""
            said = _CANCELLED if cell.cancelling else says
            if said:
                places.setdefault((code, said), set()).add(at)
    for (code, said), found_at in sorted(places.items()):
        yield f"{code}  {said.format(', '.join(found.headings[at] for at in sorted(found_at)))}"


_CHANGES: tuple[Column[Change], ...] = (
    Column("", "Session", text=lambda row: row.session),
    Column("", "Pupil", text=lambda row: row.person.name),
    Column("", "Was", text=lambda row: row.account["was"] or ""),
    Column("", "Became", text=lambda row: row.account["became"] or ""),
    Column("", "What", text=lambda row: _what(row.account)),
    Column("", "Reason", text=lambda row: row.account["reason"] or ""),
    Column("", "By", text=lambda row: change_by_in_words(row.account)),
    Column("", "When", text=lambda row: when_in_words(row.account)),
    Column("", "School days after", number=True,
           text=lambda row: lags.in_words(row.account["late_by_school_days"])),
    Column("", "How known", text=lambda row: known_in_words(row.account)),
)  # fmt: skip


def _what(account: Mapping[str, Any]) -> str:
    asked = f" (asked for: {account['asked']})" if account.get("asked") else ""
    return kind_in_words(account) + asked


def _changes_grid(changes: Sequence[Change]) -> Grid:
    """Return the changes between two times; first entries on time are counted only."""
    listed = _listed(changes)
    entries = len(changes) - len(listed)
    made = f"{number_of(entries, 'first mark')} made in between changed nothing that stood"
    notes = [f"{made}; --json lists each"] if entries else []
    title = f"Between the two times: {number_of(len(listed), 'change')}"
    return Listing(_CHANGES, listed).grid(title, notes=notes)


def _listed(changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change.kind != "entry"]


def _page(group: str | None, found: ShownWeek, shown: Sequence[Block]) -> Callable[[str], str]:
    """Return what makes the page: the blocks as they are read, and what the codes mean."""
    known = f"{found.school}. As known at {found.known}".removeprefix(". ")
    if found.other is not None:
        known += f", compared with what was known at {found.other.known}"
    cells = (cell for row in found.rows for cell in row.cells)
    codes = meanings(found.codes, cells, _listed(found.changes or ()))
    blocks = [Lines([f"{known}."]), *shown, *([Places("Codes", codes)] if codes else [])]
    title = f"Register of {group}, {week_in_words(found.monday)}"
    return lambda foot: html.page(
        title, html.blocks(blocks, css="list"), landscape=True, foot=foot
    )
