"""Events of casework: what the school did with a family, step by step."""

from datetime import date

from pydantic.dataclasses import dataclass

from ledger.events.base import STRICT, CaseworkText, SourcedEvent


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class CaseworkStepTaken(SourcedEvent):
    """One step with a family: a call, letter, meeting, visit or plan."""

    step: str
    on: date
    by: str | None = None
    with_whom: CaseworkText | None = None
    outcome: CaseworkText | None = None
    notes: CaseworkText | None = None
