"""Marks, plans, registers taken, conflicts with a source, marks that stopped counting."""

from projections.readmodel.record import Joined, Sealed, Versioned, table


@table("marks", ("id",), row_id=True)
class Mark(Versioned, frozen=True):
    """A version of a mark; ``id``: `mark_rows.row_id`; ``kind``: how it came about."""

    id: int
    pupil: int
    session: str
    kind: str
    code: str
    replaced: str | None
    minutes_late: int | None
    nature: Sealed | None
    comment: Sealed | None
    reason: Sealed | None
    by: str | None
    name: Sealed | None
    job_title: Sealed | None
    batch: str | None
    stated: int | None
    imported: bool


@table("plans", ("pupil", "session"))
class Plan(Versioned, frozen=True):
    """What is planned for a session; ``step``: planned, changed or withdrawn."""

    pupil: int
    session: str
    step: str
    code: str | None
    replaced: str | None
    nature: Sealed | None
    reason: Sealed | None
    by: str | None
    stated: int | None
    imported: bool


@table("registers_taken", ("session", "grp"))
class RegisterTaken(Versioned, frozen=True):
    """That a group's register was taken; ``opened`` and ``ended``: UTC in microseconds."""

    session: str
    grp: str
    by: str
    opened: int | None
    ended: int
    marks: int


@table("conflicts", ("pupil", "session"))
class Conflict(Versioned, frozen=True):
    """What a source states against what a person recorded here."""

    pupil: int
    session: str
    stands: str
    code: str
    stated: int | None


@table("uncounted", ("alert",), indexes=("pupil",))
class Uncounted(Versioned, frozen=True):
    """That marks which stand stopped counting; ``alert`` is the position of its event.

    ``sessions``: out of every figure, each ``2026-09-16/AM O``; ``of_age``: out of the threshold
    only. Peaks: relevant entries in its fullest window, both 0 where it counted none of them.
    """

    alert: int
    pupil: int
    sessions: Joined
    of_age: Joined
    peak_before: int
    peak_after: int
    reason: Sealed
    by: str | None
    name: Sealed | None
    job_title: Sealed | None
