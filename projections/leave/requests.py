"""Requests for leave as known, and the steps that were taken on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.clock import local_date
from ledger.values import Session, parse_session
from projections.queries.view import View

_ASKED = 'pupil, leave, first, last, purpose, asked_on, parent, asked_by, reason, "by", at'
_STEPS = (
    "leave, line, step, paragraph, code, first, last, reason, letter_on, batch, "
    '"by", name, job_title, at'
)


@dataclass(frozen=True, slots=True)
class Step:
    """A decision, a withdrawal or a finding: who, when, why; texts opened.

    ``what``: granted, refused, withdrawn or falsified. ``first`` and ``last``: the sessions
    granted.
    """

    what: str
    paragraph: str | None
    code: str | None
    first: str | None
    last: str | None
    reason: str | None
    letter_on: str | None
    batch: str | None
    by: str
    name: str | None
    job_title: str
    on: date

    def document(self) -> dict[str, Any]:
        """Return the step as an answer shows it."""
        return {
            "step": self.what,
            "on": self.on.isoformat(),
            "by": {"name": self.name, "job_title": self.job_title},
            "paragraph": self.paragraph,
            "code": self.code,
            "first": self.first,
            "last": self.last,
            "reason": self.reason,
            "letter_on": self.letter_on,
            "batch": self.batch,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A request for leave as known: what was asked, and the steps in order; texts opened."""

    pupil: int
    id: str
    first: Session
    last: Session
    purpose: str
    asked_on: date
    parent: str | None
    asked_by: str | None
    reason: str | None
    by: str
    recorded_on: date
    steps: tuple[Step, ...]

    @property
    def state(self) -> str:
        """Where it stands: asked, granted, refused, withdrawn or falsified."""
        return self.steps[-1].what if self.steps else "asked"

    @property
    def decision(self) -> Step | None:
        """The last decision, granted or refused, whatever came after it."""
        return next((s for s in reversed(self.steps) if s.what in ("granted", "refused")), None)

    @property
    def granted(self) -> tuple[Session, Session] | None:
        """The first and last session granted, also where the leave ended otherwise since."""
        decision = self.decision
        if decision is None or decision.first is None or decision.last is None:
            return None
        return parse_session(decision.first), parse_session(decision.last)

    @property
    def covers(self) -> tuple[Session, Session]:
        """The first and last session granted, else those asked for."""
        return self.granted or (self.first, self.last)


def requests(view: View, where: str = "1", *values: Any) -> list[Found]:  # noqa: ANN401 - SQL
    """Return the requests known, by first session; ``where``: over ``pupil`` and ``leave``."""
    steps: dict[str, list[Step]] = {}
    rows = view.stood(_STEPS, "leave_decisions", where, *values)
    for leave, _, *said in sorted(rows, key=lambda row: row[1]):
        steps.setdefault(leave, []).append(_step(view, said))
    found = [
        _found(view, row, steps) for row in view.stood(_ASKED, "leave_requests", where, *values)
    ]
    return sorted(found, key=lambda each: (each.first, each.id))


def _step(view: View, said: list[Any]) -> Step:
    what, paragraph, code, first, last, reason, letter_on, batch, by, name, title, at = said
    return Step(
        what=what,
        paragraph=paragraph,
        code=code,
        first=first,
        last=last,
        reason=view.open(reason),
        letter_on=letter_on,
        batch=batch,
        by=by,
        name=view.open(name),
        job_title=title,
        on=local_date(at),
    )


def _found(view: View, row: tuple[Any, ...], steps: Mapping[str, list[Step]]) -> Found:
    pupil, leave, first, last, purpose, asked_on, parent, asked_by, reason, by, at = row
    return Found(
        pupil=pupil,
        id=leave,
        first=parse_session(first),
        last=parse_session(last),
        purpose=purpose,
        asked_on=date.fromisoformat(asked_on),
        parent=parent,
        asked_by=view.open(asked_by),
        reason=view.open(reason),
        by=by,
        recorded_on=local_date(at),
        steps=tuple(steps.get(leave, ())),
    )
