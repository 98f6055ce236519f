"""Provisional entries, by when each is to be replaced, and by what.

SI 2024/208 reg 10(7) to (9). Only a person replaces one; nothing here writes, nor does time.
"""

import shlex
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.english import number_of
from ledger.values import Session
from policies.law.calendar import provisional_deadline, school_days_between
from policies.packs.codes import Codes
from policies.packs.values import parameters
from projections.queries.question import Answer, Grid, Lines, Selection
from projections.queries.rectangle import cells, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import Person, View

_COLUMNS = ("session", "upn", "name", "code", "deadline", "overdue", "overdue_by", "days_left")
_RULE = "register.provisional_school_days"
_BECOMES = "register.provisional_becomes"


@dataclass(frozen=True, kw_only=True)
class Unresolved(Selection):
    """attendance unresolved: provisional entries, by when each is to be replaced, and by what.

    Sessions whose reason is not yet known: of every year, unless --from says otherwise.
    """

    def answer(self, view: View) -> Answer:
        """Answer with one row an entry, oldest first."""
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, _COLUMNS, [Lines([view.ignorance()])])
        first = _first(self, view)
        rows = _rows(self, view, first)
        document = {
            "as_of": view.as_of() | {"from": first.isoformat()},
            "rows": rows,
            "total": {"open": len(rows), "overdue": sum(row["overdue"] for row in rows)},
        }
        return Answer(document, _COLUMNS, [_table(view, document)])


@dataclass(frozen=True, slots=True)
class Due:
    """By when a provisional entry is to be replaced, in school days as at a day.

    ``deadline``: none where the law of the day had none, or the calendar ends before it.
    """

    deadline: date | None
    overdue: bool = False
    overdue_by: int = 0
    left: int | None = None


def due(days: list[date], session: date, on: date) -> Due:
    """Return when a provisional entry of a day is due, as at ``on``; ``days``: school days."""
    if parameters().find(_RULE, session) is None:
        return Due(None)
    deadline = provisional_deadline(days, session)
    if deadline is None:
        return Due(None)
    late = school_days_between(days, deadline, on)
    return Due(deadline, on > deadline, late, school_days_between(days, on, deadline))


def _first(question: Unresolved, view: View) -> date:
    """Return the first date looked at: an entry does not go away with its school year."""
    if question.from_ is not None:
        return question.from_
    return min([term.first for term in view.calendar.terms], default=view.first)


def _rows(question: Unresolved, view: View, first: date) -> list[dict[str, Any]]:
    whole = rectangle(view, first, view.on)
    open_ = cells(whole, view.rules.codes, lambda rule: rule.provisional)
    days = view.calendar.school_days()
    found = []
    for pupil, at in zip(*(open_ & selected_cells(view, question, whole)).nonzero(), strict=True):
        session, code = whole.sessions[at], whole.book[whole.codes[pupil, at]]
        when = due(days, session.date, view.on)
        found.append(_row(view.rules.codes, view.people[int(pupil)], session, code, when))
    return sorted(found, key=lambda row: (row["session"], row["upn"]))


def _row(codes: Codes, person: Person, session: Session, code: str, when: Due) -> dict[str, Any]:
    return {
        "session": str(session),
        "upn": person.upn,
        "name": person.name,
        "code": code,
        "deadline": when.deadline.isoformat() if when.deadline else None,
        "overdue": when.overdue,
        "overdue_by": when.overdue_by,
        "days_left": when.left,
        "may_become": _outcomes(codes, session, person.upn),
    }


def _outcomes(codes: Codes, session: Session, upn: str) -> dict[str, dict[str, str | None]]:
    """Return what an entry may become: when, the code (none: to be chosen), what to type.

    Nothing is said of days for which the law has no such list.
    """
    rule = parameters().find(_BECOMES, session.date)
    if rule is None:
        return {}
    becomes = rule.table
    found = {
        "came_late": (
            (
                "came after the register had closed, before the session ended "
                "(or the code of the circumstances, where they are established)"
            ),
            becomes["came_late"],
        ),
        "established": ("did not come, and the circumstances are established", None),
        "not_established": (
            "did not come, and the circumstances cannot be established",
            becomes["not_established"],
        ),
        "marked_wrongly": (
            "was here, and marked wrongly: a correction",
            codes.present(session.half),
        ),
    }
    return {
        name: {"when": when, "code": code, "command": _command(upn, session, code)}
        for name, (when, code) in found.items()
    }


def _command(upn: str, session: Session, code: str | None) -> str:
    words = ("--pupil", upn, "--session", str(session), "--code", code or "CODE")
    return f'attendance amend {shlex.join(words)} --reason "WHY"'


def _table(view: View, document: dict[str, Any]) -> Grid:
    rows = document["rows"]
    body = [(r["session"], r["name"], r["upn"], r["code"], *_when(r)) for r in rows]
    total = document["total"]
    title = f"Reason not yet known: {total['open']} open, {total['overdue']} overdue"
    headings = ("Session", "Pupil", "UPN", "Code", "Replace by", "State")
    notes = ["A person replaces each, with a reason; nothing is ever written by time passing."]
    return Grid(title, headings, body, notes=[*_what_to_do(rows), *notes, view.provenance()])


def _when(row: dict[str, Any]) -> tuple[str, str]:
    if row["deadline"] is None:
        return "not known", "no deadline in law, or the calendar ends before it"
    if row["overdue"]:
        return row["deadline"], f"overdue by {number_of(row['overdue_by'], 'school day')}"
    if row["days_left"] == 0:
        return row["deadline"], "due today"
    return row["deadline"], f"{number_of(row['days_left'], 'school day')} left"


def _what_to_do(rows: list[dict[str, Any]]) -> list[str]:
    """Say what the oldest may become, so that the lines can be typed as they are."""
    row = next((row for row in rows if row["may_become"]), None)
    if row is None:
        return []
    lines = [f"What {row['name']}, {row['session']}, may become, and likewise the others:"]
    for outcome in row["may_become"].values():
        code = f": {outcome['code']}" if outcome["code"] else ": the code for them"
        lines += [f"  {outcome['when']}{code}", f"    {outcome['command']}"]
    return lines
