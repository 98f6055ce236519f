"""Events of the admission register: who is on roll, with which groups, details and parents."""

from datetime import date
from typing import Literal, get_args

from ledger.events.base import AuthorName, AuthorTitle, Identity, RegisterText, SourcedEvent

YesNo = Literal["yes", "no"]
GroupKind = Literal["year", "registration", "cohort"]
SealedDetail = Literal[
    "upn", "local_id", "surname", "forename", "name_used", "dob", "sex", "address", "last_school"
]
Detail = Literal[SealedDetail, "boarder"]
DETAILS: tuple[str, ...] = get_args(SealedDetail)
"""The details that are sealed texts, in the order of the admission register."""


class PupilEnrolled(SourcedEvent):
    """A spell on roll begins (SI 2024/208 reg 8).

    ``birth_cohort`` (the year whose 1 September opens the birth year) and ``compulsory_from``
    stay in clear, so that every total survives the destruction of the pupil's keys.
    """

    starts_on: date
    birth_cohort: int
    compulsory_from: date
    upn: Identity
    local_id: Identity | None = None
    surname: Identity
    forename: Identity
    dob: Identity
    sex: Identity | None = None
    name_used: Identity | None = None
    address: Identity | None = None
    last_school: Identity | None = None
    boarder: bool = False


class PupilRemoved(SourcedEvent):
    """The name is deleted from the roll; ``leaves_on`` is the last day, with reg 9's ground."""

    starts_on: date
    leaves_on: date
    ground: str = ""
    next_school: Identity | None = None
    by: str | None = None


class EnrolmentWithdrawn(SourcedEvent):
    """A spell on roll that should never have been recorded (a duplicate record)."""

    starts_on: date
    survivor: str | None = None
    reason: RegisterText
    by: str
    name: AuthorName
    job_title: AuthorTitle


class DetailsAmended(SourcedEvent):
    """One detail of the admission register amended: reg 6(1)'s five, with title.

    From another system's re-statement author and reason are empty. A corrected birth date
    carries the birth cohort and first day of compulsory age that follow from it.
    """

    field: Detail
    original: Identity | None = None
    amended: Identity | None = None
    birth_cohort: int | None = None
    compulsory_from: date | None = None
    reason: RegisterText | None = None
    by: str | None = None
    name: AuthorName | None = None
    job_title: AuthorTitle | None = None


class GroupJoined(SourcedEvent):
    """A pupil belongs to a year, registration group or cohort from a date."""

    kind: GroupKind
    name: str
    since: date | None = None
    until: date | None = None


class GroupLeft(SourcedEvent):
    """The last day of a membership that began at ``since``."""

    kind: GroupKind
    name: str
    since: date | None = None
    until: date


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


class AdmissionAmended(SourcedEvent):
    """A parent's entry in the admission register amended: reg 6(1)'s five, with the title.

    On the parent's or relation's stream, beside the event that states the record whole; on a
    pupil's, with the kind of group as the field, the day of a move between groups.
    """

    field: str
    original: Identity | None = None
    amended: Identity | None = None
    reason: Identity
    by: str
    name: AuthorName
    job_title: AuthorTitle


NAMES_PUPIL = (PupilEnrolled, DetailsAmended)
"""What may say by which UPN or local id a pupil is found."""


def ids_stated(event: object) -> dict[str, str | None]:
    """Return by which UPN or local id an event lets its pupil be found from then on, by kind."""
    match event:
        case PupilEnrolled():
            return {"upn": event.upn, "local_id": event.local_id}
        case DetailsAmended(field="upn" | "local_id"):
            return {event.field: event.amended}
        case _:
            return {}
