"""Who is in the next return to the local authority, why, and by when."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ledger.english import number_of
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.rectangle import Flags, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View
from projections.returns import attendance, roll, sickness
from projections.returns.past_returns import PastReturns, agreed_figure, past_returns

Kind = Literal["attendance", "sickness", "joiners", "leavers"]
Rows = Iterable[tuple[int, dict[str, Any] | None]]
_COLUMNS = ("upn", "name", "why", "due", "due_words", "overdue")
_MORE = {
    "attendance": ("days", "sessions", "since"),
    "sickness": ("days", "sessions", "planned", "since"),
    "joiners": ("starts_on", "year"),
    "leavers": ("leaves_on", "ground", "year"),
}
_ROWS: dict[str, Callable[[View, PastReturns], Rows]] = {
    "attendance": attendance.rows,
    "sickness": sickness.rows,
    "joiners": roll.joiners,
    "leavers": roll.leavers,
}
_NOTES = {
    "attendance": (
        "Sessions without a mark end a run of days: what is not recorded is not counted.",
        "The return holds full name and address.",
    ),
    "sickness": (
        (
            "Whether a pupil is expected to be ill is for a person to judge: marks cannot show "
            "it. Planned illness counts as expected. Half days are not defined: totals are in "
            "sessions."
        ),
        "The return holds full name and address.",
    ),
    "joiners": ("The return holds everything on the admission register.",),
    "leavers": (
        (
            "The return holds name, address, parents, a telephone number for emergencies, what is "
            "known of the next school, and the ground."
        ),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Returns(Selection, Question):
    """attendance returns: who is in the next return to the local authority, why, and by when.

    Pupils whom the authority has not been told of since the last return of a kind.
    """

    kind: Kind = option(
        "which return",
        choices=("attendance", "sickness", "joiners", "leavers"),
        required=True,
    )

    def answer(self, view: View) -> Answer:
        """Answer with one row a pupil and reason."""
        columns = (*_COLUMNS, *_MORE[self.kind])
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, columns, [Lines([view.ignorance()])])
        past, chosen = past_returns(view, self.kind), _pupils_asked_about(self, view)
        due = [(n, row) for n, row in _ROWS[self.kind](view, past) if chosen[n]]
        rows = [_name_of(view, n) | row for n, row in due if row is not None]
        rows.sort(key=lambda row: (row["upn"], row["why"]))
        figure = agreed_figure(view) if self.kind == "attendance" else None
        document = {
            "as_of": view.as_of(),
            "kind": self.kind,
            "last_return": past.last.isoformat() if past.last else None,
            "agreed": figure._asdict() if figure else None,
            "left_out": len(due) - len(rows),
            "rows": rows,
        }
        return Answer(document, columns, [_table(view, document)])


def _pupils_asked_about(question: Returns, view: View) -> Flags:
    """Return which pupils are asked about; everyone where no session is known yet."""
    first = min([term.first for term in view.calendar.terms], default=view.first)
    last = max([term.last for term in view.calendar.terms], default=view.on)
    whole = rectangle(view, first, last)
    cells = selected_cells(view, question, whole)
    if not whole.sessions:
        return np.ones(len(cells), np.bool_)
    chosen: Flags = np.any(cells, axis=1)
    return chosen


def _name_of(view: View, pupil: int) -> dict[str, Any]:
    person = view.people[pupil]
    return {"upn": person.upn, "name": person.name}


def _table(view: View, document: dict[str, Any]) -> Grid:
    rows, kind = document["rows"], document["kind"]
    body = [(r["name"], r["upn"], r["why"], _by_when(r)) for r in rows]
    last = document["last_return"]
    since = f"last return: {last}" if last else "no return is recorded yet"
    title = f"{kind.capitalize()} return: {number_of(len(rows), 'pupil')} ({since})"
    return Grid(
        title,
        ("Pupil", "UPN", "Why", "By when"),
        body,
        notes=[
            *_remarks(document),
            *_NOTES[kind],
            f"Once it is made: attendance returns made --kind {kind} --on DATE",
            view.provenance(),
        ],
    )


def _by_when(row: dict[str, Any]) -> str:
    return f"{row['due_words']} (overdue)" if row["overdue"] else str(row["due_words"])


def _remarks(document: dict[str, Any]) -> list[str]:
    if document["left_out"]:
        return [
            (
                f"Left out, unless the authority asks: {document['left_out']} of the most junior "
                "class at the start of the school year, or of the most senior at its end, by the "
                "year groups and terms recorded here."
            )
        ]
    if document["kind"] == "attendance" and document["agreed"] is None:
        return [
            (
                "No figure for failing to attend regularly is recorded as agreed with the "
                "authority: attendance returns agree."
            )
        ]
    return []
