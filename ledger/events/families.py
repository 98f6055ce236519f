"""Events of staff, parents, notices and casework."""

from datetime import date
from typing import Literal

from pydantic.dataclasses import dataclass

from ledger.events.base import STRICT, CaseworkText, Event, Identity, SourcedEvent

YesNo = Literal["yes", "no"]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class StaffTitle(Event):
    """The name, title and roles of a member of staff, from a date until a date."""

    name: Identity
    job_title: str
    roles: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class StaffJoined(StaffTitle):
    """A member of staff, with the title and roles held from a date (none: always)."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class StaffChanged(StaffTitle):
    """The name, title or roles that a member of staff holds from a date."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class StaffLeft(Event):
    """The last day of a member of staff, for the row that begins at ``since``."""

    since: date | None = None
    until: date


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ParentRecorded(SourcedEvent):
    """A parent or other contact as on the admission register (SI 2024/208 reg 8)."""

    title: Identity | None = None
    surname: Identity
    forename: Identity | None = None
    address: Identity | None = None
    phone: Identity | None = None
    email: Identity | None = None
    dob: Identity | None = None
    address_confidential: YesNo | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class RelationRecorded(SourcedEvent):
    """What a parent is to a pupil; a flag that is not known stays empty."""

    relationship: Identity | None = None
    lives_with: YesNo | None = None
    parental_responsibility: YesNo | None = None
    contact_order: int | None = None
    care: YesNo | None = None
    no_contact: YesNo | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
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
    issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class CaseworkStepTaken(SourcedEvent):
    """One step with a family: a call, letter, meeting, visit or plan."""

    step: str
    on: date
    by: str | None = None
    with_whom: CaseworkText | None = None
    outcome: CaseworkText | None = None
    notes: CaseworkText | None = None
