"""Events of penalty notices: considered, stated, confirmed, and undercut by a later change."""

from datetime import date
from typing import Literal

from ledger.events.base import (
    AuthorName,
    AuthorTitle,
    CaseworkText,
    Event,
    Record,
    SchoolCasework,
    SourcedEvent,
)


class PenaltyConsidered(SourcedEvent):
    """What reg 9A demands: somebody considered, with what the register said at that moment.

    ``entries``: the relevant entries of the latest window, ``2026-11-20/AM U``; ``count`` and
    ``settled`` (without provisional ones) of it, ``peak`` of any window; ``seen_at``: the
    position up to which the register was read, 0 where that was another ledger's.
    """

    decision: Literal["refer", "issue", "not-now", "no-discretion"]
    reason: CaseworkText
    by: str
    name: AuthorName
    job_title: AuthorTitle
    count: int
    settled: int
    peak: int
    entries: tuple[str, ...]
    seen_at: int


class NoticesConfirmed(SourcedEvent):
    """The authority confirmed how many notices it holds for a parent and child (reg 20)."""

    la_ref: str
    confirmed_on: date
    notices: int
    by: str
    name: AuthorName
    job_title: AuthorTitle


WithdrawalGround = Literal["8(1)(a)", "8(1)(b)", "9"]
"""The regulation of SI 2007/1867 on whose ground a notice was withdrawn."""


class NoticeStated(SourcedEvent):
    """A penalty notice as its source states it; a later row for it states it again."""

    kind: Literal["s444A", "s105"]
    issued_on: date
    offence_first: date | None = None
    offence_last: date | None = None
    received_on: date | None = None
    paid_on: date | None = None
    withdrawn_on: date | None = None
    outcome: str | None = None
    outcome_on: date | None = None
    sessions: tuple[str, ...] = ()
    issuer: SchoolCasework | None = None
    withdrawn_ground: WithdrawalGround | None = None


class UndercutPaper(Record):
    """A paper that rests on the register, and what its case held before and after a change.

    ``kind`` and ``ref``: a notice (parent's id and day of issue), a consideration or a
    certificate (position of its event). Counts: the relevant entries of the fullest window
    around the sessions that the paper is about; 0 for a certificate.
    """

    kind: Literal["notice", "consideration", "certificate"]
    ref: str
    before: int
    after: int


class CaseUndercut(Event):
    """A change took a case below the threshold, or changed a session that a paper relied on.

    Recorded in the transaction of the change itself. ``sessions``: what changed, each
    ``2026-11-20/AM O>I`` (``-``: no entry counts there); ``papers``: those concerned.
    """

    papers: tuple[UndercutPaper, ...]
    sessions: tuple[str, ...]


class AlertSettled(SourcedEvent):
    """What was done about an alert: the notice to the authority sent, or dismissed with reason.

    ``alert``: the position of the event that raised it; 0 where that was another ledger's, which
    states when it was ``raised``.
    """

    alert: int
    raised: int | None = None
    outcome: Literal["sent", "dismissed"]
    to: CaseworkText | None = None
    on: date | None = None
    reason: CaseworkText | None = None
    by: str
    name: AuthorName
    job_title: AuthorTitle
