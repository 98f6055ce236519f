"""The rows of what a system before this one decided, kept or sent: one fact a row.

Each names who did it, with the name and title of then, and when: they are taken as stated.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import field as column

from commands.exchange.portable.rows import Instant, Row
from ledger.events.disclosure import DisclosureKind
from ledger.formats import fields, portable
from ledger.formats.portable import ApprovalStep, LeaveStep, ReturnStep, UncountedStep
from ledger.values import Half, Session

Reference = Annotated[str, fields.reference]
SessionText = Annotated[str, fields.session]
Verbatim = Annotated[str, str]
"""A text as it is written, to its last line break."""
Texts = Annotated[tuple[str, ...], fields.texts]


class DecidedRow(Row, frozen=True, kw_only=True):
    """A fact with the time at which it was recorded; few may leave it out."""

    stated: Instant | None = column(default=None, name="recorded_on")


class SignedRow(DecidedRow, frozen=True, kw_only=True):
    """What somebody decided, with the name and title of then."""

    by: str
    name: str | None = None
    job_title: str | None = None


class CorrectionRow(DecidedRow, frozen=True, kw_only=True):
    """An amendment of the admission register: of a pupil's entry, a parent's, or of both."""

    upn: str | None = None
    parent_id: str | None = None
    field: str
    original: str | None = None
    amended: str | None = None
    reason: str | None = None
    by: str | None = None
    name: str | None = None
    job_title: str | None = None


class RegisterRow(DecidedRow, frozen=True, kw_only=True):
    """A group's register that was taken."""

    date: date
    half: Half = column(name="session")
    group: str
    by: str = column(name="taken_by")
    opened: Instant | None = None
    ended: Instant
    marks: int


class EvidenceRow(DecidedRow, frozen=True, kw_only=True):
    """What the amendments of a batch rest on."""

    upn: str
    batch: Reference
    file: str | None = None
    sha256: Annotated[str, fields.digest] | None = None
    note: str | None = None
    by: str | None = column(default=None, name="given_by")


class ApprovalRow(SignedRow, frozen=True, kw_only=True):
    """An amendment that waited for a second person, and what that person decided."""

    upn: str
    date: date
    half: Half = column(name="session")
    step: ApprovalStep
    batch: Reference
    original: str | None = None
    code: str | None = None
    minutes_late: int | None = None
    nature: str | None = None
    grounds: Texts = ()
    reason: str | None = None

    @property
    def session(self) -> Session:
        """The session that the row is about."""
        return Session(self.date, self.half)


class PolicyRow(SignedRow, frozen=True, kw_only=True):
    """The school's own policy from a day on, word for word."""

    policy: str
    since: date = column(name="from")
    text: Verbatim


class LeaveRow(SignedRow, frozen=True, kw_only=True):
    """A request for leave, or what became of it."""

    upn: str
    leave: Reference
    step: LeaveStep
    first: SessionText | None = None
    last: SessionText | None = None
    purpose: str | None = None
    asked_on: date | None = None
    asked_by: str | None = None
    parent: str | None = column(default=None, name="parent_id")
    paragraph: str | None = None
    code: str | None = None
    reason: str | None = None
    letter_on: date | None = None
    batch: Reference | None = None


class ConsiderationRow(SignedRow, frozen=True, kw_only=True):
    """That a penalty notice was considered, with what the register said then."""

    upn: str
    decision: Literal["refer", "issue", "not-now", "no-discretion"]
    reason: str
    count: int
    settled: int
    peak: int
    entries: Annotated[tuple[str, ...], fields.relied_on] = ()


class ConfirmationRow(SignedRow, frozen=True, kw_only=True):
    """How many notices the authority confirmed for a parent and child."""

    parent_id: str
    upn: str
    la_ref: str
    confirmed_on: date
    notices: int


class ReturnRow(SignedRow, frozen=True, kw_only=True):
    """A return that was made to the authority, or the figure agreed with it."""

    kind: Literal["attendance", "sickness", "joiners", "leavers"]
    step: ReturnStep
    on: date
    sessions: int | None = None
    weeks: int | None = None
    upns: Texts = ()


class DisclosureRow(SignedRow, frozen=True, kw_only=True):
    """What left the school about a pupil, or about many."""

    upn: str | None = None
    kind: DisclosureKind
    to: str
    what: str
    on: date
    first: date | None = None
    last: date | None = None
    sha256: Annotated[str, fields.digest] | None = None


class UncountedRow(DecidedRow, frozen=True, kw_only=True):
    """Marks of a pupil that stopped counting by a change, and why; or that somebody looked.

    ``alert_on``: of who looked, the time of what was looked at.
    """

    upn: str
    step: UncountedStep
    alert_on: Instant | None = None
    sessions: Annotated[tuple[str, ...], fields.relied_on] = ()
    of_age: Annotated[tuple[str, ...], fields.relied_on] = ()
    peak_before: int = 0
    peak_after: int = 0
    reason: str
    by: str | None = None
    name: str | None = None
    job_title: str | None = None


DECIDED: Mapping[str, type[DecidedRow]] = MappingProxyType(
    {
        portable.CORRECTIONS: CorrectionRow,
        portable.REGISTERS: RegisterRow,
        portable.EVIDENCE: EvidenceRow,
        portable.APPROVALS: ApprovalRow,
        portable.POLICIES: PolicyRow,
        portable.LEAVE: LeaveRow,
        portable.CONSIDERATIONS: ConsiderationRow,
        portable.CONFIRMATIONS: ConfirmationRow,
        portable.RETURNS: ReturnRow,
        portable.DISCLOSURES: DisclosureRow,
        portable.UNCOUNTED: UncountedRow,
    }
)
"""File -> the rows that it holds."""
