"""Who has no mark, whose reason is not known yet, who is expected away.

Amendments that wait for approval are counted beneath, whatever day they are about.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from projections.queries import pending
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Question, Selection
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View
from projections.readmodel.accessors.marks import sessions_of
from projections.readmodel.records.amending import Request
from projections.readmodel.records.register import Plan


@dataclass(frozen=True, kw_only=True)
class Today(Selection, Question[Any]):
    """attendance today: who has no mark, whose reason is not known yet, who is expected away.

    The pupils who need a look today (or on --on).
    """

    def answer(self, view: View) -> Answer:
        """Answer with one row a pupil and session: no mark, provisional, or planned."""
        columns = ("upn", "name", "groups", "session", "what", "planned")
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, columns, [Lines([view.ignorance()])])
        whole = rectangle(view, view.on, view.on)
        chosen = selected_cells(view, self, whole)
        rows, waiting = _rows(view, whole, chosen), _requests(view, chosen)
        document = {"as_of": view.as_of(), "rows": rows, **pending.field(waiting)}
        return Answer(document, columns, [_table(rows, view, waiting)])


def _requests(view: View, chosen: Flags) -> list[Request]:
    """Return what waits for the pupils asked about; on a day without a session, for all."""
    found = pending.pending_amendments(view)
    asked = set(np.nonzero(chosen.any(axis=1))[0].tolist())
    return [each for each in found if not chosen.shape[1] or each.pupil in asked]


class _Concern(NamedTuple):
    """A session of a pupil that needs a look, why, and the code planned for it."""

    session: str
    what: str
    planned: str | None


def _rows(view: View, whole: Rectangle, chosen: Flags) -> list[dict[str, Any]]:
    provisional = view.rules.codes.provisional(view.on)
    planned = dict(_plans(view))
    rows = []
    for pupil, at in zip(*(whole.counted & chosen).nonzero(), strict=True):
        code = whole.book[whole.codes[pupil, at]]
        session = str(whole.sessions[at])
        plan = planned.get((int(pupil), session))
        why = _why(code, provisional, plan)
        if why:
            rows.append(_row(view, int(pupil), _Concern(session, why, plan)))
    return sorted(rows, key=lambda r: (r["session"], r["upn"]))


def _why(code: str, provisional: str, plan: str | None) -> str | None:
    if code == "":
        return "planned absence" if plan else "no mark"
    return "reason not yet known" if code == provisional else None


def _plans(view: View) -> list[tuple[tuple[int, str], str]]:
    known = view.standing(Plan, session=sessions_of(view.on, view.on))
    return [((plan.pupil, plan.session), plan.code) for plan in known if plan.code is not None]


def _row(view: View, pupil: int, concern: _Concern) -> dict[str, Any]:
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
        "session": concern.session,
        "what": concern.what,
        "planned": concern.planned,
    }


def _table(rows: list[dict[str, Any]], view: View, waiting: list[Request]) -> Grid:
    body = [
        (r["session"], ", ".join(r["groups"]), r["name"], r["upn"], r["what"], r["planned"] or "")
        for r in rows
    ]
    headings = ("Session", "Group", "Pupil", "UPN", "What", "Planned code")
    notes = [*pending.notes(waiting), view.provenance()]
    return Grid(f"{len(rows)} to look at on {view.on}", headings, body, notes=notes)
