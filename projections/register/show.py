"""A group's register for a week, as it stood, and the cells of the overview's fortnight."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ledger.english import number_of
from ledger.values import Session
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.question import Answer, Page, Question, option
from projections.queries.rectangle import Rectangle
from projections.queries.view import Person, View
from projections.queries.wording import (
    by_in_words,
    days_in_words,
    instant_in_words,
    kind_in_words,
    week_in_words,
    when_in_words,
)
from projections.register.compare import Comparison, comparison, other_view
from projections.register.signs import NO_MARK, NOT_MET, code_key, legend, signed_text
from projections.register.week import Week, cell_standing, monday_of
from projections.rendering import html

_CHANGED = "*"
LEGEND = (
    f"{_CHANGED} changed since it was first entered   {NO_MARK} no mark   "
    f"{NOT_MET} school closed, or not on roll   [..] stands and does not count"
)
_COLUMNS = ("upn", "name", "cells")
_CHANGE_HEADINGS = ("Session", "Pupil", "Was", "Became", "What", "Reason", "By", "When",
                    "School days after")  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RegisterShow(Question):
    """attendance register show: a group's register for a week, as it stood.

    The marks that stood, Monday to Friday; as known earlier, what changed since is marked.
    """

    group: str | None = option("the group (9B)", required=True)
    week: date | None = option("any day of the week [the week of --on]")
    diff: str | None = option("another time of knowledge to compare with; now: all that is known")
    html: Path | None = option("write it as a page to this file")

    def answer(self, view: View) -> Answer:
        """Answer with one row a pupil and one cell a session."""
        monday = monday_of(self.week or view.on)
        week = Week(view, self.group or "", monday)
        if self.diff is None and self.known_at is None and self.position is None:
            return _answer(self, week, _rows(week, None))
        other = other_view(self, view, self.diff)
        theirs = week.pupils
        both = comparison(week, other)
        if self.diff is None:
            week.pupils = theirs
            return _answer(self, week, _rows(week, both), other=other)
        here = both.earlier if both.earlier.view is view else both.later
        changes = both.changes()
        return _answer(self, here, _rows(here, both, diff=True), changes, other=other)


def _answer(
    question: RegisterShow,
    week: Week,
    rows: list[Row],
    changes: list[Row] | None = None,
    *,
    other: View | None = None,
) -> Answer:
    view = week.view
    document: dict[str, Any] = {
        "as_of": view.as_of(),
        "group": question.group,
        "week": week.monday.isoformat(),
        "rows": rows,
    }
    if other is not None:
        document["compared_with"] = other.as_of()
    if changes is not None:
        document["changes"] = changes
    if view.knows_nothing:
        document["knows_nothing"] = True
        if not rows:
            return Answer(document, (), [Lines([view.ignorance()])])
    tables = _blocks(week, rows, changes, other)
    page = _page(week, rows, tables, _Second(changes, other)) if question.html else ""
    pages = [Page(question.html, page)] if question.html else []
    before = [Lines([view.ignorance()])] if view.knows_nothing else []
    return Answer(document, _COLUMNS, [*before, *tables], pages=pages)


def _rows(week: Week, both: Comparison | None, *, diff: bool = False) -> list[Row]:
    return [
        {
            "upn": person.upn,
            "name": person.name,
            "cells": [_cell(week, both, person, s, diff=diff) for s in week.sessions],
        }
        for person in week.pupils
    ]


def _cell(
    week: Week, both: Comparison | None, person: Person, session: Session, *, diff: bool
) -> Row:
    found = week.cell(person, session)
    found["changed_since"] = both is not None and both.differs(person, session)
    if diff and both is not None:
        found["diff"] = both.difference(person, session)
        found["pending"] = both.later.cell(person, session)["pending"]
    return found


def cells_of(rows: Iterable[Row]) -> list[Row]:
    """Return the cells of all rows."""
    return [cell for row in rows for cell in row["cells"]]


def _blocks(
    week: Week, rows: list[Row], changes: list[Row] | None, other: View | None
) -> list[Block]:
    body = [(row["name"], *map(signed_text, row["cells"])) for row in rows]
    notes = legend(cells_of(rows)) if rows else [week.nobody]
    if other is not None:
        notes += [f"{_comparison_words(changes)}: {other.provenance()}"]
    title = f"Register of {week.group}, week of {week.monday}"
    first = Grid(title, week.headings, body, notes=[*notes, week.view.provenance()])
    return [first] if changes is None else [first, _changes_grid(changes)]


def _comparison_words(changes: list[Row] | None) -> str:
    return "! compared with" if changes is None else "compared with"


def _changes_grid(changes: list[Row]) -> Grid:
    """Return the changes between two times; first entries on time are counted only."""
    listed = _without_first_entries(changes)
    entries = len(changes) - len(listed)
    made = f"{number_of(entries, 'first mark')} made in between changed nothing that stood"
    notes = [f"{made}; --json lists each"] if entries else []
    title = f"Between the two times: {number_of(len(listed), 'change')}"
    numeric = frozenset({len(_CHANGE_HEADINGS) - 1})
    return Grid(title, _CHANGE_HEADINGS, [change_cells(r) for r in listed], numeric, notes=notes)


def _without_first_entries(changes: list[Row]) -> list[Row]:
    return [row for row in changes if row["kind"] != "entry"]


def change_cells(row: Row) -> tuple[str, ...]:
    """Return how a change is written in a list."""
    asked = f" (asked for: {row['asked']})" if row.get("asked") else ""
    return (
        row["session"],
        row["name"],
        row["was"] or "",
        row["became"] or "",
        kind_in_words(row) + asked,
        row["reason"] or "",
        by_in_words(row["by"]),
        when_in_words(row),
        days_in_words(row["late_by_school_days"]),
    )


class _Second(NamedTuple):
    """What a register is compared with: the changes to it, and the view; none without."""

    changes: list[Row] | None
    view: View | None


def _page(
    week: Week,
    rows: list[Row],
    found: Sequence[Block],
    second: _Second,
) -> str:
    changes, other = second
    school = week.view.school.name if week.view.school else ""
    known = f"{school}. As known at {_known_at(week.view)}".removeprefix(". ")
    if other is not None:
        known += f", compared with what was known at {_known_at(other)}"
    key = code_key(week.view, cells_of(rows), _without_first_entries(changes or []))
    grids = [block for block in found if isinstance(block, Grid)]
    first, *rest = grids
    body = html.join(
        [
            html.tag("p", f"{known}."),
            html.table(first.headings, first.rows, css="register"),
            html.notes(first.notes[:-1]),
            *(html.grid(each, css="list") for each in rest),
            *([html.tag("h2", "Codes"), html.notes(key, css="notes key")] if key else []),
        ]
    )
    title = f"Register of {week.group}, {week_in_words(week.monday)}"
    return html.page(title, body, landscape=True, foot=week.view.provenance())


def _known_at(view: View) -> str:
    return f"{instant_in_words(view.known_at)} (position {view.position})"


def overview_cell(
    whole: Rectangle, person: Person, session: Session, changed: set[tuple[int, str]]
) -> dict[str, Any]:
    """Return a cell of the overview: what stood, and whether it was changed."""
    at = whole.sessions.index(session) if session in whole.sessions else None
    found = cell_standing(whole, at, person.index)
    was_changed = (person.index, str(session)) in changed
    return {"session": str(session), **found, "changed": was_changed}


def overview_text(found: dict[str, Any]) -> str:
    """Return how a cell of the overview is written: the code, and whether it was changed."""
    written = signed_text(found)
    return f"{written}{_CHANGED}" if found["changed"] and found["code"] else written
