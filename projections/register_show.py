"""attendance register show: a group's register for a week, as it stood."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ledger.errors import Refused
from ledger.values import HALVES, Session
from projections.query import Answer, Grid, Lines, Question, option
from projections.rectangle import Rectangle, rectangle
from projections.versions import versions
from projections.view import Person, View
from projections.who import membership_cells

_CHANGED = "*"
_NOT_MET = "·"
_NO_MARK = "-"
LEGEND = (
    f"{_CHANGED} changed since it was first entered   {_NO_MARK} no mark   "
    f"{_NOT_MET} school closed, or not on roll"
)


@dataclass(frozen=True, kw_only=True)
class RegisterShow(Question):
    """The marks that stood for a group's sessions, Monday to Friday."""

    group: str | None = option("the group (9B)", required=True)
    week: date | None = option("any day of the week [the week of --on]")


def answer(question: RegisterShow, view: View) -> Answer:
    """Answer with one row a pupil and one cell a session."""
    monday = _monday(question.week or view.on)
    friday = monday + timedelta(days=4)
    whole = rectangle(view, monday, friday)
    pupils = members(view, question.group or "", whole)
    changed = _changed(view, monday, friday)
    sessions = [Session(monday + timedelta(days=n), half) for n in range(5) for half in HALVES]
    rows = [
        {
            "upn": person.upn,
            "name": person.name,
            "cells": [cell(whole, person, session, changed) for session in sessions],
        }
        for person in pupils
    ]
    document = {
        "as_of": view.as_of(),
        "group": question.group,
        "week": monday.isoformat(),
        "rows": rows,
    }
    if view.knows_nothing:
        return Answer({**document, "knows_nothing": True}, (), [Lines([view.ignorance()])])
    title = f"Register of {question.group}, week of {monday}"
    return Answer(document, ("upn", "name", "cells"), [week_grid(title, sessions, rows, view)])


def members(view: View, group: str, whole: Rectangle) -> list[Person]:
    """Return a group's pupils with a session in the rectangle, by surname and forename."""
    wanted = [m for m in view.memberships if m.name == group]
    if not wanted and not view.knows_nothing:
        raise Refused(
            "group-unknown",
            f"no group is called {group!r}",
            "attendance rates --by registration lists the groups",
        )
    cells = membership_cells(view, wanted, whole, per_session=True) & whole.on_roll
    found = [view.people[n] for n in range(len(cells)) if cells[n].any()]
    return sorted(found, key=lambda p: (p.surname, p.forename, p.upn))


def cell(
    whole: Rectangle, person: Person, session: Session, changed: set[tuple[int, str]]
) -> dict[str, Any]:
    """Return what stood for one pupil and session."""
    held = session in whole.sessions
    code, met, cancelled = "", False, False
    if held:
        at = whole.sessions.index(session)
        code = whole.book[whole.codes[person.index, at]]
        met = bool(whole.counted[person.index, at])
        cancelled = bool(whole.cancelled[person.index, at])
    return {
        "session": str(session),
        "code": code or None,
        "met": met,
        "cancelled": cancelled,
        "changed": (person.index, str(session)) in changed,
    }


def _changed(view: View, first: date, last: date) -> set[tuple[int, str]]:
    where = "m.session BETWEEN :v0 AND :v1"
    found = versions(view, where, first.isoformat(), f"{last.isoformat()}~")
    return {(v.pupil, v.session) for v in found if v.replaced is not None and v.kind != "plan"}


def week_grid(title: str, sessions: list[Session], rows: list[dict[str, Any]], view: View) -> Grid:
    """Return the register as a table: one column a session, changed cells marked."""
    headings = ("Pupil", *(f"{s.date:%a %d} {s.half}" for s in sessions))
    body = [(row["name"], *(shown(c) for c in row["cells"])) for row in rows]
    return Grid(title, headings, body, notes=[LEGEND, view.provenance()])


def shown(found: dict[str, Any]) -> str:
    """Return how a cell is written: the code, and whether it was changed."""
    if found["code"] is None:
        return _NO_MARK if found["met"] else _NOT_MET
    return f"{found['code']}{_CHANGED if found['changed'] else ''}"


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
