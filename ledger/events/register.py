"""Events of the attendance register: taking, entries, amendments, restatements, plans."""

from ledger.events.base import AuthorName, AuthorTitle, RegisterText, SourcedEvent


class RegisterTaken(SourcedEvent):
    """A group's register for a session was taken: who, opened and ended (instants)."""

    by: str
    opened: int | None = None
    ended: int
    marks: int


class SessionMarked(SourcedEvent):
    """The first mark against a pupil for a session (SI 2024/208 reg 10).

    ``late``: made after the taking had ended. ``nature``: of the activity or provision (B, K,
    reg 10(5)) or the cause (Y7, reg 10(6)).
    """

    code: str
    late: bool = False
    minutes_late: int | None = None
    nature: RegisterText | None = None
    comment: RegisterText | None = None
    reason: RegisterText | None = None
    by: str | None = None


class MarkChange(SourcedEvent):
    """What every change of a mark says: what it was, what it becomes, why and by whom."""

    original: str
    code: str
    minutes_late: int | None = None
    nature: RegisterText | None = None
    reason: RegisterText | None = None
    by: str | None = None


class MarkCorrected(MarkChange):
    """A mark changed before the taking of the register had ended: part of the taking."""


class MarkAmended(MarkChange):
    """An amendment with reg 6(1)'s five: original, amended, reason, date (header), name.

    The date is the header's, or ``stated`` for an import; the job title is kept besides.
    ``batch`` ties the amendments of one request together.
    """

    name: AuthorName | None = None
    job_title: AuthorTitle | None = None
    batch: str | None = None


class SourceRestated(MarkChange):
    """Another system now exports a different mark; no person here amended it."""


class SourceConflicted(SourcedEvent):
    """Another system states ``code``, but a person here amended the session: ``stands`` stands.

    Where the two are equal, the system has come to state what stands, and no conflict is left.
    """

    stands: str
    code: str


class AbsencePlanned(SourcedEvent):
    """A future absence is expected; not an entry until the register is taken."""

    code: str
    nature: RegisterText | None = None
    reason: RegisterText | None = None
    by: str | None = None


class PlanChanged(SourcedEvent):
    """What is planned for a session changed before its register was taken."""

    original: str
    code: str
    nature: RegisterText | None = None
    reason: RegisterText | None = None
    by: str | None = None


class PlanWithdrawn(SourcedEvent):
    """A planned absence was withdrawn before the register was taken."""

    original: str
    reason: RegisterText | None = None
    by: str | None = None


class MarksUncounted(SourcedEvent):
    """Marks of one pupil stopped counting by what else this transaction records.

    ``sessions``: each with its code, ``2026-09-16/AM O``. It stands still, or the entry of a
    cancelled session took its place and the pupil below the threshold. ``of_age``: those that
    only the threshold of a penalty notice no longer counts. ``peak_before`` and ``peak_after``:
    relevant entries in the fullest window of it, both 0 where it counted none of these marks.
    ``reason``: why it was done; of an import, what it was accepted for.
    """

    sessions: tuple[str, ...] = ()
    of_age: tuple[str, ...] = ()
    peak_before: int = 0
    peak_after: int = 0
    reason: RegisterText
    by: str | None = None
    name: AuthorName | None = None
    job_title: AuthorTitle | None = None
