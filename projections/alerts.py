"""attendance alerts: what waits for somebody's decision."""

from dataclasses import dataclass

from projections.query import Answer, Grid, Lines, Question, number_of
from projections.view import View


@dataclass(frozen=True, kw_only=True)
class Alerts(Question):
    """Sessions where a source states another mark than a person here recorded."""


def answer(_question: Alerts, view: View) -> Answer:
    """Answer with one row an open conflict, whatever its session's date."""
    found = view.stood("pupil, session, stands, code, kf", "conflicts")
    rows = [
        {
            "kind": "conflict",
            "upn": (view.people.get(pupil) or view.named(pupil)).upn,
            "session": session,
            "stands": stands,
            "source_states": code,
            "position": position,
        }
        for pupil, session, stands, code, position in found
    ]
    rows.sort(key=lambda r: (r["session"], r["upn"]))
    document = {"as_of": view.as_of(), "rows": rows}
    columns = ("kind", "upn", "session", "stands", "source_states", "position")
    if view.knows_nothing:
        return Answer({**document, "knows_nothing": True}, columns, [Lines([view.ignorance()])])
    body = [(r["session"], r["upn"], r["stands"], r["source_states"]) for r in rows]
    headings = ("Session", "UPN", "Stands here", "Source states")
    notes = (
        ["Amend the session to settle a conflict.", view.provenance()]
        if rows
        else ["Nothing waits.", view.provenance()]
    )
    grid = Grid(number_of(len(rows), "open conflict"), headings, body, notes=notes)
    return Answer(document, columns, [grid])
