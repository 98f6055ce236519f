"""A blank register on paper, for the day on which the system is down.

Names, sessions, what is planned (in brackets: a plan is no entry), room for who took it and
when; no mark.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from projections.queries.question import Block, Grid, Lines
from projections.queries.view import Person, View
from projections.queries.wording import week_heading, week_in_words
from projections.register.signs import NOT_MET
from projections.register.week import Week
from projections.rendering import html

_SPARE_ROWS = 2
_ROOM = "____"
_FORM = ("Opened at", "Ended at", "Taken by (name)", "Signature")
_PLANNED = "(..)  planned; not an entry: write the code that is right when the register is taken"
_NOT_MET = f"{NOT_MET}  no entry is due: school closed, or pupil not on roll or not in the group"
_LATER = (
    "Enter these marks in the ledger when the system is back, with who took the register and "
    "when; keep this sheet."
)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """One empty week: a row a pupil, and what each cell holds before anybody writes."""

    week: Week
    rows: list[Row]

    def document(self) -> Row:
        """Return the week as JSON has it."""
        return {"week": self.week.monday.isoformat(), "rows": self.rows, "codes": self.codes()}

    def codes(self) -> list[dict[str, str]]:
        """Return the codes that a taker may write in that week, with what they mean."""
        return codes_between(self.week.view, self.week.monday, self.week.friday)


def form(week: Week) -> Form:
    """Return a week without any mark, of those who are on roll in it."""
    here = [p for p in week.pupils if any(week.cell(p, s)["member"] for s in week.sessions)]
    return Form(week, [_row(week, person) for person in here])


def _row(week: Week, person: Person) -> Row:
    cells = []
    for session in week.sessions:
        cell = week.cell(person, session)
        due = cell["met"] and cell["member"]
        planned = week.planned((person.index, str(session))) if due else None
        cells.append({"session": str(session), "due": due, "planned": planned})
    return {"upn": person.upn, "name": person.name, "cells": cells}


def codes_between(view: View, first: date, last: date) -> list[dict[str, str]]:
    """Return the codes in force on any day of a range that somebody can enter by hand."""
    table = view.rules.codes
    found = {
        rule.code: {"code": rule.code, "meaning": rule.description}
        for era_first, _ in table.eras(first, last)
        for rule in table.in_force(era_first)
        if rule.category != "administrative" and not rule.cancels
    }
    return list(found.values())


def _written(cell: Row, empty: str) -> str:
    if not cell["due"]:
        return NOT_MET
    return f"({cell['planned']})" if cell["planned"] else empty


def _notes(found: Form) -> list[str]:
    cells = [cell for row in found.rows for cell in row["cells"]]
    planned = [_PLANNED] if any(cell["planned"] for cell in cells) else []
    return [*planned, *([_NOT_MET] if not all(cell["due"] for cell in cells) else []), _LATER]


def _key(found: Form) -> list[str]:
    return [f"{each['code']}  {each['meaning']}" for each in found.codes()]


def blocks(found: Form) -> list[Block]:
    """Return a form as text."""
    title = f"Register of {found.week.group}, {week_in_words(found.week.monday)}: blank form"
    grid = Grid(title, found.week.headings, _table(found, _ROOM), notes=_notes(found))
    return [grid, Lines(["Codes:", *_key(found), ""])]


def _table(found: Form, empty: str) -> list[tuple[str, ...]]:
    rows = [(row["name"], *(_written(cell, empty) for cell in row["cells"])) for row in found.rows]
    sessions = len(found.week.sessions)
    spare = [("", *[empty] * sessions)] * _SPARE_ROWS
    return [*rows, *spare, *((label, *[empty] * sessions) for label in _FORM)]


def sheet(found: Form) -> html.Markup:
    """Return a form as HTML."""
    return html.joined(
        [
            html.tag("h2", week_heading(found.week.monday)),
            html.table(found.week.headings, _table(found, ""), css="register form"),
            html.notes(_notes(found)),
            html.tag("h2", "Codes"),
            html.notes(_key(found), css="notes key"),
        ]
    )
