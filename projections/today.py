"""attendance today: who has no mark, whose reason is not known yet, who is expected away."""

from dataclasses import dataclass
from typing import Any

from projections.query import Answer, Grid, Lines, Selection
from projections.rectangle import rectangle
from projections.view import View
from projections.who import selected


@dataclass(frozen=True, kw_only=True)
class Today(Selection):
    """The pupils who need a look today (or on --on)."""


def answer(question: Today, view: View) -> Answer:
    """Answer with one row a pupil and session: no mark, provisional, or planned."""
    columns = ("upn", "name", "groups", "session", "what", "planned")
    if view.knows_nothing:
        document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
        return Answer(document, columns, [Lines([view.ignorance()])])
    rows = _rows(question, view)
    return Answer({"as_of": view.as_of(), "rows": rows}, columns, [_table(rows, view)])


def _rows(question: Today, view: View) -> list[dict[str, Any]]:
    whole = rectangle(view, view.on, view.on)
    chosen = selected(view, question, whole)
    provisional = view.rules.codes.provisional(view.on)
    planned = dict(_plans(view))
    rows = []
    for pupil, at in zip(*(whole.counted & chosen).nonzero(), strict=True):
        code = whole.book[whole.codes[pupil, at]]
        session = str(whole.sessions[at])
        plan = planned.get((int(pupil), session))
        why = _why(code, provisional, plan)
        if why:
            rows.append(_row(view, int(pupil), (session, why, plan)))
    return sorted(rows, key=lambda r: (r["session"], r["upn"]))


def _why(code: str, provisional: str, plan: str | None) -> str | None:
    if code == "":
        return "planned absence" if plan else "no mark"
    return "reason not yet known" if code == provisional else None


def _plans(view: View) -> list[tuple[tuple[int, str], str]]:
    rows = view.stood(
        "pupil, session, code", "plans", "session LIKE :v0 AND code IS NOT NULL", f"{view.on}%"
    )
    return [((pupil, session), code) for pupil, session, code in rows]


def _row(view: View, pupil: int, what: tuple[str, str, str | None]) -> dict[str, Any]:
    session, why, plan = what
    groups = sorted(
        m.name
        for m in view.memberships
        if m.pupil == pupil and m.kind == "registration" and m.covers(view.on)
    )
    person = view.people[pupil]
    return {
        "upn": person.upn,
        "name": person.name,
        "groups": groups,
        "session": session,
        "what": why,
        "planned": plan,
    }


def _table(rows: list[dict[str, Any]], view: View) -> Grid:
    body = [
        (r["session"], ", ".join(r["groups"]), r["name"], r["upn"], r["what"], r["planned"] or "")
        for r in rows
    ]
    headings = ("Session", "Group", "Pupil", "UPN", "What", "Planned code")
    return Grid(f"{len(rows)} to look at on {view.on}", headings, body, notes=[view.provenance()])
