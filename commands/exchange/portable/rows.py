"""One row of each small file, as values; ``line`` is its place in the file, the header being 1."""

from datetime import date
from typing import Literal, NamedTuple

from ledger.events.roll import GroupKind, YesNo
from ledger.formats.portable import ChangeKind, PlanStep
from ledger.values import Half, Session

NoticeKind = Literal["s444A", "s105"]


class StaffRow(NamedTuple):
    """A member of staff with the title held from a date."""

    line: int
    staff_id: str
    name: str
    job_title: str
    roles: tuple[str, ...]
    since: date | None
    until: date | None


class PupilRow(NamedTuple):
    """A pupil's spell on roll, with the pupil's details."""

    line: int
    upn: str
    local_id: str | None
    surname: str
    forename: str
    dob: date
    sex: str | None
    starts_on: date
    leaves_on: date | None
    ground: str
    name_used: str | None
    boarder: bool
    address: str | None
    last_school: str | None
    next_school: str | None
    stated: int | None


class GroupRow(NamedTuple):
    """A pupil's membership of a group."""

    line: int
    upn: str
    kind: GroupKind
    name: str
    since: date | None
    until: date | None
    stated: int | None

    def covers(self, day: date) -> bool:
        """Tell whether the pupil belongs to the group on a day."""
        return (self.since or day) <= day <= (self.until or day)


class ParentRow(NamedTuple):
    """A parent or other contact."""

    line: int
    parent_id: str
    title: str | None
    surname: str
    forename: str | None
    address: str | None
    phone: str | None
    email: str | None
    dob: str | None
    address_confidential: YesNo | None


class RelationRow(NamedTuple):
    """What a parent is to a pupil."""

    line: int
    parent_id: str
    upn: str
    relationship: str | None
    lives_with: YesNo | None
    parental_responsibility: YesNo | None
    contact_order: int | None
    care: YesNo | None
    no_contact: YesNo | None
    since: date | None
    until: date | None
    stated: int | None


class AmendmentRow(NamedTuple):
    """A change of a mark."""

    line: int
    upn: str
    date: date
    half: Half
    original: str
    amended: str
    reason: str | None
    by: str | None
    stated: int | None
    nature: str | None
    minutes_late: int | None
    kind: ChangeKind | None

    @property
    def session(self) -> Session:
        """The session that the mark is for."""
        return Session(self.date, self.half)


class NoticeRow(NamedTuple):
    """A penalty notice."""

    line: int
    parent_id: str
    upn: str
    kind: NoticeKind
    issued_on: date
    offence_first: date | None
    offence_last: date | None
    received_on: date | None
    paid_on: date | None
    withdrawn_on: date | None
    outcome: str | None
    outcome_on: date | None
    sessions: tuple[str, ...]
    issuer: str | None
    stated: int | None


class CaseworkRow(NamedTuple):
    """A step with a family."""

    line: int
    upn: str
    step: str
    on: date
    by: str | None
    with_whom: str | None
    outcome: str | None
    notes: str | None


class PlanRow(NamedTuple):
    """A step of what was planned for a session."""

    line: int
    upn: str
    date: date
    half: Half
    code: str | None
    reason: str | None
    nature: str | None
    by: str | None
    stated: int | None
    step: PlanStep

    @property
    def session(self) -> Session:
        """The session that the plan is for."""
        return Session(self.date, self.half)
