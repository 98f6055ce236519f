"""Leave that was asked for, and what was decided."""

from datetime import date

from projections.readmodel.record import Sealed, Versioned, table


@table("leave_requests", ("pupil", "leave"))
class LeaveAsked(Versioned, frozen=True):
    """A request for leave, from session ``first`` to session ``last``."""

    pupil: int
    leave: str
    first: str
    last: str
    purpose: str
    asked_on: date
    parent: str | None
    asked_by: Sealed | None
    reason: Sealed | None
    by: str


@table("leave_decisions", ("pupil", "leave", "line"))
class LeaveStep(Versioned, frozen=True):
    """What was decided on a request: granted, refused, withdrawn or falsified."""

    pupil: int
    leave: str
    line: int
    step: str
    paragraph: str | None
    code: str | None
    first: str | None
    last: str | None
    reason: Sealed | None
    letter_on: date | None
    batch: str | None
    by: str
    name: Sealed
    job_title: Sealed
