"""Who asked for leave, what was decided and why, what became of it.

SI 2024/208 reg 11. What followed leave is told as facts: whether the pupil came back, and which
sessions after it are unauthorised. Nothing is concluded from them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from ledger.english import number_of
from policies.law.leave import not_returned
from policies.law.roll import Ground
from projections.leave.requests import LeaveRequest, Register, Step, requests
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.pending import pending_amendments
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.rectangle import rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View

_COLUMNS = (
    "id", "upn", "state", "asked_by", "parent", "asked_on", "asked_reason", "first", "last",
    "purpose", "granted_first", "granted_last", "paragraph", "code", "decided_by", "decided_on",
    "letter_on", "reason", "met", "planned", "as_planned", "otherwise", "unmarked", "codes",
    "pending", "returned", "overstayed", "overstayed_days", "days_away", "ground",
)  # fmt: skip
_STATES = {
    "open": "asked",
    "granted": "granted",
    "refused": "refused",
    "withdrawn": "withdrawn",
    "falsified": "falsified",
}
_AFTERMATH = ("days_away", "overstayed", "overstayed_days", "returned", "ground")
_HEADINGS = (
    "Leave", "Pupil", "Asked on", "First", "Last", "Purpose", "State", "Code", "Met", "Planned",
    "As planned", "Otherwise", "Unmarked", "Back",
)  # fmt: skip
_WORDS = {
    "granted": "granted",
    "refused": "refused",
    "withdrawn": "withdrawn, recorded",
    "falsified": "found to be falsified, recorded",
}
_NOTE = (
    "Met = Planned + As planned + Otherwise + Unmarked; a plan is no entry until the register is "
    "taken."
)


@dataclass(frozen=True, kw_only=True)
class LeaveOfAbsence(Selection, Question):
    """attendance leave: who asked for leave, what was decided and why, what became of it.

    Requests asked for by --on whose sessions reach --from or later; of all states, or some.
    """

    open: bool = option("those not decided yet", default=False)
    granted: bool = option("those granted, and standing", default=False)
    refused: bool = option("those refused", default=False)
    withdrawn: bool = option("those withdrawn", default=False)
    falsified: bool = option("those found to be falsified", default=False)

    def answer(self, view: View) -> Answer:
        """Answer with one row a request, by first session."""
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, _COLUMNS, [Lines([view.ignorance()])])
        wanted = {state for name, state in _STATES.items() if getattr(self, name)}
        pupils, register = _pupils(self, view), Register(view)
        waiting = Counter(each.batch for each in pending_amendments(view))
        found = [
            each
            for each in requests(view)
            if each.pupil in pupils
            and each.asked_on <= view.on
            and each.covers[1].date >= view.first
            and (not wanted or each.state in wanted)
        ]
        rows = [
            {**_row(view, register, each), "pending": _count_waiting(each, waiting)}
            for each in found
        ]
        flat = [{k: v for k, v in row.items() if k != "steps"} for row in rows]
        shown = _blocks(view, found, rows, full=self.pupil is not None)
        return Answer({"as_of": view.as_of(), "rows": rows}, _COLUMNS, shown, flat=flat)


def _pupils(question: LeaveOfAbsence, view: View) -> set[int]:
    """Return the pupils asked for; a filter by group is one by membership at `on`."""
    whole = rectangle(view)
    if not whole.sessions:  # who is meant needs a column, also where no session is in a term
        whole = replace(whole, codes=np.zeros((len(whole.codes), 1), np.uint8))
    cells = selected_cells(view, question, whole)
    return {n for n in view.people if cells[n].any()}


def _row(view: View, register: Register, leave: LeaveRequest) -> dict[str, Any]:
    decision, granted = leave.decision, leave.granted_span
    return {
        "id": leave.id,
        "upn": view.people[leave.pupil].upn,
        "state": leave.state,
        "asked_by": leave.asked_by,
        "parent": leave.parent,
        "asked_on": leave.asked_on.isoformat(),
        "asked_reason": leave.reason,
        "first": str(leave.first),
        "last": str(leave.last),
        "purpose": leave.purpose,
        "granted_first": str(granted[0]) if granted else None,
        "granted_last": str(granted[1]) if granted else None,
        **_decision_columns(decision),
        **asdict(register.counts(leave)),
        **_aftermath_columns(register, leave),
        "steps": [step.document() for step in leave.steps],
    }


def _count_waiting(leave: LeaveRequest, by_batch: Mapping[str, int]) -> int:
    """Count the amendments that a finding asked for and that nobody has approved yet."""
    return sum(by_batch.get(step.batch, 0) for step in leave.steps if step.batch)


def _decision_columns(decision: Step | None) -> dict[str, Any]:
    if decision is None:
        return dict.fromkeys(
            ("paragraph", "code", "decided_by", "decided_on", "letter_on", "reason")
        )
    return {
        "paragraph": decision.paragraph,
        "code": decision.code,
        "decided_by": {"name": decision.name, "job_title": decision.job_title},
        "decided_on": decision.on.isoformat(),
        "letter_on": decision.letter_on,
        "reason": decision.reason,
    }


def _aftermath_columns(register: Register, leave: LeaveRequest) -> dict[str, Any]:
    aftermath = register.aftermath(leave)
    if aftermath is None:
        return dict.fromkeys(_AFTERMATH)
    return {
        "returned": str(aftermath.returned) if aftermath.returned else None,
        "overstayed": aftermath.overstayed,
        "overstayed_days": aftermath.overstayed_days,
        "days_away": aftermath.days_away,
        "ground": aftermath.ground.provision if aftermath.ground else None,
    }


# -- for reading -----------------------------------------------------------------------------


def _blocks(
    view: View, found: Sequence[LeaveRequest], rows: Sequence[Mapping[str, Any]], *, full: bool
) -> list[Block]:
    """Return the table of requests; in ``full``: with who asked, decided and why, one by one."""
    body = [_cells(view, each, row) for each, row in zip(found, rows, strict=True)]
    notes = [
        _NOTE,
        *(line for row in rows for line in _aftermath_in_words(view.on, row)),
    ]
    if not full and rows:
        notes.append("With --pupil: who asked, who decided and why.")
    steps = [line for each in found for line in _sentences(each)] if full else []
    end = [] if steps else [view.provenance()]
    title = number_of(len(rows), "request") + " for leave"
    grid = Grid(title, _HEADINGS, body, frozenset(range(8, 13)), notes=[*notes, *end])
    return [grid, Lines([*steps, "", view.provenance()])] if steps else [grid]


def _cells(view: View, leave: LeaveRequest, row: Mapping[str, Any]) -> tuple[str, ...]:
    first, last = leave.covers
    numbers = ("met", "planned", "as_planned", "otherwise", "unmarked")
    return (
        leave.id,
        view.people[leave.pupil].name,
        str(leave.asked_on),
        str(first),
        str(last),
        leave.purpose,
        leave.state,
        row["code"] or "",
        *(str(row[name]) for name in numbers),
        row["returned"] or ("not yet" if row["days_away"] else ""),
    )


def _aftermath_in_words(on: date, row: Mapping[str, Any]) -> list[str]:
    """Return what followed leave, in words."""
    lines = []
    if row["pending"]:
        waiting = number_of(row["pending"], "amendment")
        lines.append(f"{row['id']}: {waiting} of its marks not approved yet.")
    if row["overstayed"]:
        back = f"came back on {row['returned']}" if row["returned"] else f"not back by {on}"
        lines.append(
            f"{row['id']}: {number_of(row['overstayed'], 'session')} on "
            f"{number_of(row['overstayed_days'], 'school day')} after the leave entered as "
            f"unauthorised; {back}."
        )
    if row["ground"]:
        ground = not_returned(on)
        lines += [f"{row['id']}: {_ground_in_words(row['days_away'], ground)}"] if ground else []
    return lines


def _ground_in_words(days: int, ground: Ground) -> str:
    return (
        f"{number_of(days, 'school day')} after the leave without a mark of attendance; "
        f"{ground.provision} ({ground.text}) counts {ground.school_days}, and needs besides: "
        f"{'; '.join(ground.needs)}."
    )


def _sentences(leave: LeaveRequest) -> list[str]:
    """Return who asked and what was decided, as sentences."""
    parent = f" (parent {leave.parent})" if leave.parent else ""
    why = f": {leave.reason}" if leave.reason else ""
    asked = f"{leave.id}: asked for on {leave.asked_on} by {leave.asked_by}{parent}, "
    lines = [f"{asked}{leave.first} to {leave.last}, {leave.purpose}{why}"]
    for step in leave.steps:
        paragraph = f" under paragraph {step.paragraph}" if step.paragraph else ""
        which = f", {step.first} to {step.last}, code {step.code}" if step.first else ""
        letter = f"; letter of {step.letter_on}" if step.letter_on else ""
        batch = f"; batch {step.batch}" if step.batch else ""
        lines.append(
            f"  {step.on}: {_WORDS[step.what]}{paragraph}{which} by {step.name} "
            f"({step.job_title}): {step.reason}{letter}{batch}"
        )
    return lines
