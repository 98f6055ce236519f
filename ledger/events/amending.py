"""Events around amendments: evidence, a second person's approval, alerts, the school's policy."""

from datetime import date
from typing import Literal

from pydantic.dataclasses import dataclass

from ledger.events.base import (
    STRICT,
    AuthorName,
    CaseworkText,
    Event,
    Identity,
    RegisterText,
    SourcedEvent,
)


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class EvidenceGiven(Event):
    """What the amendments of one batch rest on, for one pupil.

    ``file``: the name of a file and ``sha256`` of its bytes (hex), or neither; ``note``: what it
    is; ``key``: of the copy kept in ``attachments/`` (base64url), none where no copy is kept.
    """

    file: RegisterText | None = None
    sha256: str | None = None
    note: RegisterText | None = None
    key: RegisterText | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class AmendmentRequested(Event):
    """An amendment that the school's policy holds until a second person has approved it.

    ``grounds``: why the policy asks (``late``, ``many``, ``relied-on``). The mark stands as it
    is until then.
    """

    batch: str
    original: str
    code: str
    minutes_late: int | None = None
    nature: RegisterText | None = None
    reason: RegisterText
    grounds: tuple[str, ...]
    by: str
    name: AuthorName
    job_title: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class RequestDecided(Event):
    """What became of a requested amendment, and who decided it."""

    batch: str
    reason: RegisterText | None = None
    by: str
    name: AuthorName
    job_title: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class AmendmentApproved(RequestDecided):
    """A second person approved it; the amendment follows in the same transaction."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class AmendmentDeclined(RequestDecided):
    """A second person declined it; the mark stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class RequestWithdrawn(RequestDecided):
    """Whoever asked took the request back."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class PolicyAdopted(Event):
    """The school's own policy from a date, word for word (TOML); the one before it ends."""

    policy: str
    since: date
    text: str
    by: str
    name: AuthorName
    job_title: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class UndercutPaper:
    """A paper that rests on the register, and what its case held before and after a change.

    ``kind`` and ``ref``: a notice (parent's id and day of issue), a consideration or a
    certificate (position of its event). Counts: the relevant entries of the fullest window
    around the sessions that the paper is about; 0 for a certificate.
    """

    kind: Literal["notice", "consideration", "certificate"]
    ref: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class CaseUndercut(Event):
    """A change took a case below the threshold, or changed a session that a paper relied on.

    Recorded in the transaction of the change itself. ``sessions``: what changed, each
    ``2026-11-20/AM O>I`` (``-``: no entry counts there); ``papers``: those concerned.
    """

    papers: tuple[UndercutPaper, ...]
    sessions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class AlertSettled(Event):
    """What was done about an alert: the notice to the authority sent, or dismissed with reason.

    ``alert``: the position of the event that raised it.
    """

    alert: int
    outcome: Literal["sent", "dismissed"]
    to: CaseworkText | None = None
    on: date | None = None
    reason: CaseworkText | None = None
    by: str
    name: AuthorName
    job_title: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class AdmissionAmended(SourcedEvent):
    """A parent's entry in the admission register amended: reg 6(1)'s five, with the title.

    On the parent's or relation's stream, beside the event that states the record whole.
    """

    field: str
    original: Identity | None = None
    amended: Identity | None = None
    reason: Identity
    by: str
    name: AuthorName
    job_title: str
