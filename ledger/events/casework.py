"""Events of casework: what the school did with a family, step by step."""

from datetime import date

from ledger.events.base import AuthorName, AuthorTitle, CaseworkText, Record, SourcedEvent


class Trigger(Record):
    """What a step answers: a rule of the school's policy, and how it was known to be met.

    ``pack``: the digest of the policy; ``value``: the figure, as it was told; ``sessions``: those
    that it counted, ``2026-11-20/AM``; ``position``, ``known_at``: up to where the register was
    read, and when that was.
    """

    rule: str
    pack: str | None = None
    value: str | None = None
    sessions: tuple[str, ...] = ()
    position: int
    known_at: int


class CaseworkStep(SourcedEvent):
    """What a step with a family was.

    ``step``: the name of its kind, or words of another system for it; ``at``: the time of day,
    ``09:40``, London; ``parent``: the id of the parent whom it was with, where on record;
    ``said``: what its kind asks besides, a line each, ``key: text``; ``first``, ``last``: from
    when until when it holds; ``sessions``: those agreed, of a week (``Mon AM``) or by date;
    ``reviews``: the id of the step that it reviews, ``ends``: which it brings to an end.
    """

    step: CaseworkText
    on: date
    at: str | None = None
    with_whom: CaseworkText | None = None
    parent: str | None = None
    outcome: CaseworkText | None = None
    notes: CaseworkText | None = None
    said: CaseworkText | None = None
    next_review: date | None = None
    first: date | None = None
    last: date | None = None
    sessions: tuple[str, ...] = ()
    reviews: str | None = None
    ends: bool = False
    answers: Trigger | None = None


class CaseworkStepTaken(CaseworkStep):
    """One step with a family: a call, letter, meeting, visit or plan.

    ``id``: by which others speak of it, none where it was recorded without (`key_of`); ``by``: who
    took it; ``name`` and ``job_title`` as they then were, where recorded here.
    """

    id: str | None = None
    by: str | None = None
    name: AuthorName | None = None
    job_title: AuthorTitle | None = None


class CaseworkStepCorrected(CaseworkStep):
    """A step that was recorded wrongly, said again whole; what it said stays in the log.

    ``of``: its id; ``reason``, ``by``, ``name``, ``job_title``: why and by whom it is corrected.
    """

    of: str
    reason: CaseworkText
    by: str
    name: AuthorName
    job_title: AuthorTitle


def key_of(step: CaseworkStepTaken, position: int) -> str:
    """Return by what a step is spoken of: its id, or its place in its own ledger."""
    return step.id or f"@{position}"
