"""Events of casework: what the school did with a family, step by step."""

from datetime import date

from ledger.events.base import CaseworkText, SourcedEvent


class CaseworkStepTaken(SourcedEvent):
    """One step with a family: a call, letter, meeting, visit or plan."""

    step: CaseworkText
    on: date
    by: str | None = None
    with_whom: CaseworkText | None = None
    outcome: CaseworkText | None = None
    notes: CaseworkText | None = None
