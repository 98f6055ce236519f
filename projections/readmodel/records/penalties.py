"""Casework, penalty notices, what was considered of them, and undercut cases."""

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from projections.readmodel.record import Joined, Sealed, Versioned, table

if TYPE_CHECKING:
    from policies.law import notices, papers


@table("casework", ("pupil", "id"))
class CaseworkStep(Versioned, frozen=True):
    """A step with a family, as `CaseworkStepTaken`; who took it, as they then were.

    A later version is what a correction says of it, ``corrected``: the position of that.
    ``answers``: JSON of the trigger, where one is named.
    """

    pupil: int
    id: str
    line: int
    step: Sealed
    on_date: date
    at: str | None
    by: str | None
    name: Sealed | None
    job_title: Sealed | None
    with_whom: Sealed | None
    parent: str | None
    outcome: Sealed | None
    notes: Sealed | None
    said: Sealed | None
    next_review: date | None
    first: date | None
    last: date | None
    sessions: Joined
    reviews: str | None
    ends: bool
    answers: str | None
    corrected: int | None


@table("casework_corrections", ("pupil", "position"))
class CaseworkCorrection(Versioned, frozen=True):
    """That a step was recorded wrongly: why, and who corrected it."""

    pupil: int
    position: int
    of: str
    reason: Sealed
    by: str
    name: Sealed
    job_title: Sealed


@table("notices", ("parent", "pupil", "kind", "issued_on", "offence_first"))
class Notice(Versioned, frozen=True):
    """A penalty notice to a parent for a pupil, as its source states it."""

    parent: str
    pupil: int
    kind: str
    issued_on: date
    offence_first: date | None
    offence_last: date | None
    received_on: date | None
    paid_on: date | None
    withdrawn_on: date | None
    outcome: str | None
    outcome_on: date | None
    sessions: Joined
    issuer: Sealed | None
    withdrawn_ground: str | None
    stated: int | None

    @property
    def span(self) -> tuple[str, str] | None:
        """The first and the last session that it may have relied on; none where it says none."""
        if self.sessions:
            return min(self.sessions), max(self.sessions)
        paper = self.law.paper
        return None if paper is None else (f"{paper.first}/AM", f"{paper.last}/PM")

    @property
    def law(self) -> "notices.Notice":
        """The notice as the rules on notices take it."""
        from policies.law import notices  # noqa: PLC0415 - most questions are about no notice

        return notices.stated(self)


@table("considerations", ("pupil", "line"))
class Consideration(Versioned, frozen=True):
    """That a notice was considered, with what the register said; as `PenaltyConsidered`."""

    pupil: int
    line: int
    decision: str
    reason: Sealed
    by: str
    name: Sealed
    job_title: Sealed
    counted: int
    settled: int
    peak: int
    entries: Joined
    seen_at: int

    @property
    def paper(self) -> "papers.Paper | None":
        """What it relied on; none without entries."""
        from policies.law import papers  # noqa: PLC0415 - as above

        return papers.consideration(self.entries)


@table("confirmations", ("parent", "pupil", "line"))
class Confirmation(Versioned, frozen=True):
    """How many notices the authority holds for a parent and child."""

    parent: str
    pupil: int
    line: int
    la_ref: str
    confirmed_on: date
    notices: int
    by: str
    name: Sealed
    job_title: Sealed


class UndercutPaper(msgspec.Struct, frozen=True):
    """A paper of an alert: kind, reference, relevant entries before and after."""

    kind: str
    ref: str
    before: int
    after: int


@table("undercuts", ("alert",), indexes=("pupil",))
class Undercut(Versioned, frozen=True):
    """An alert: ``alert`` is the position of its event, ``papers`` JSON of what it is about.

    ``sessions``: what changed, each ``2026-11-20/AM O>I``.
    """

    alert: int
    pupil: int
    papers: str
    sessions: Joined

    @property
    def about(self) -> list[UndercutPaper]:
        """The papers that it is about."""
        return msgspec.json.decode(self.papers, type=list[UndercutPaper])


@table("alerts_settled", ("alert",))
class AlertSettlement(Versioned, frozen=True):
    """What was done about an alert: sent to the authority, or dismissed."""

    alert: int
    pupil: int
    outcome: str
    to_whom: Sealed | None
    on_date: date | None
    reason: Sealed | None
    by: str
    name: Sealed
    job_title: Sealed
