"""Who asked for leave, what was decided and why, what became of it.

SI 2024/208 reg 11. What followed leave is told as facts: whether the pupil came back, and which
sessions after it are unauthorised. Nothing is concluded from them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from projections.leave.leave_sessions import Register
from projections.leave.leave_text import blocks
from projections.leave.requests import Found, Step, requests
from projections.queries.pending import pending
from projections.queries.question import Answer, Lines, Selection, option
from projections.queries.rectangle import rectangle
from projections.queries.selection import selected
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
_BEYOND = ("days_away", "overstayed", "overstayed_days", "returned", "ground")


@dataclass(frozen=True, kw_only=True)
class LeaveOfAbsence(Selection):
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
        waiting = Counter(each.batch for each in pending(view))
        found = [
            each
            for each in requests(view)
            if each.pupil in pupils
            and each.asked_on <= view.on
            and each.covers[1].date >= view.first
            and (not wanted or each.state in wanted)
        ]
        rows = [
            _row(view, register, each) | {"pending": _waiting(each, waiting)} for each in found
        ]
        flat = [{k: v for k, v in row.items() if k != "steps"} for row in rows]
        shown = blocks(view, found, rows, full=self.pupil is not None)
        return Answer({"as_of": view.as_of(), "rows": rows}, _COLUMNS, shown, flat=flat)


def _pupils(question: LeaveOfAbsence, view: View) -> set[int]:
    """Return the pupils asked for; a filter by group is one by membership at `on`."""
    whole = rectangle(view)
    if not whole.sessions:  # who is meant needs a column, also where no session is in a term
        whole = replace(whole, codes=np.zeros((len(whole.codes), 1), np.uint8))
    cells = selected(view, question, whole)
    return {n for n in view.people if cells[n].any()}


def _row(view: View, register: Register, leave: Found) -> dict[str, Any]:
    decision, granted = leave.decision, leave.granted
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
        **_decided(decision),
        **asdict(register.counts(leave)),
        **_after(register, leave),
        "steps": [step.document() for step in leave.steps],
    }


def _waiting(leave: Found, by_batch: Mapping[str, int]) -> int:
    """Count the amendments that a finding asked for and that nobody has approved yet."""
    return sum(by_batch.get(step.batch, 0) for step in leave.steps if step.batch)


def _decided(decision: Step | None) -> dict[str, Any]:
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


def _after(register: Register, leave: Found) -> dict[str, Any]:
    after = register.after(leave)
    if after is None:
        return dict.fromkeys(_BEYOND)
    return {
        "returned": str(after.returned) if after.returned else None,
        "overstayed": after.overstayed,
        "overstayed_days": after.overstayed_days,
        "days_away": after.days_away,
        "ground": after.ground.provision if after.ground else None,
    }
