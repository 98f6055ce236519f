"""One row of each small file, as values, and how each of its columns is read.

``line`` is the place of a row in its file, the header being 1. The rows of marks.csv are many, and
have a module of their own (`mark_rows`).
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

from ledger.events.families import YesNo
from ledger.events.roll import GroupKind
from ledger.formats import fields, portable
from ledger.formats.fields import Field
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


_DAY = fields.day
_DATES: Mapping[str, Field] = {"from": Field("since", _DAY), "to": Field("until", _DAY)}
_STATED: Mapping[str, Field] = {"recorded_on": Field("stated", fields.instant)}
_WHEN: Mapping[str, Field] = {
    "date": Field("date", _DAY, mandatory=True),
    "session": Field("half", fields.half, mandatory=True),
}
_OUTCOMES = ("paid", "unpaid", "not_guilty", "guilty", "withdrawn")


def _texts(*names: str, mandatory: bool = False) -> dict[str, Field]:
    return {name: Field(name, fields.text, mandatory) for name in names}


def _flags(*names: str) -> dict[str, Field]:
    return {name: Field(name, fields.yes_no) for name in names}


FIELDS: Mapping[str, Mapping[str, Field]] = {
    portable.STAFF: {
        **_texts("staff_id", "name", "job_title", mandatory=True),
        "roles": Field("roles", fields.roles, empty=()),
        **_DATES,
    },
    portable.PUPILS: {
        "upn": Field("upn", fields.upn, mandatory=True),
        **_texts("local_id", "sex", "name_used", "address", "last_school", "next_school"),
        **_texts("surname", "forename", mandatory=True),
        "dob": Field("dob", _DAY, mandatory=True),
        "starts_on": Field("starts_on", _DAY, mandatory=True),
        "leaves_on": Field("leaves_on", _DAY),
        "leaving_ground": Field("ground", fields.text, empty=""),
        "boarder": Field("boarder", fields.flag, empty=False),
        **_STATED,
    },
    portable.GROUPS: {
        **_texts("upn", "name", mandatory=True),
        "kind": Field("kind", fields.one_of("year", "registration", "cohort"), mandatory=True),
        **_DATES,
        **_STATED,
    },
    portable.PARENTS: {
        **_texts("parent_id", "surname", mandatory=True),
        **_texts("title", "forename", "address", "phone", "email"),
        "dob": Field("dob", lambda cell: _DAY(cell).isoformat()),
        **_flags("address_confidential"),
    },
    portable.RELATIONS: {
        **_texts("parent_id", "upn", mandatory=True),
        **_texts("relationship"),
        **_flags("lives_with", "parental_responsibility", "care", "no_contact"),
        "contact_order": Field("contact_order", fields.number),
        **_DATES,
        **_STATED,
    },
    portable.AMENDMENTS: {
        **_texts("upn", "original", "amended", mandatory=True),
        **_WHEN,
        **_texts("reason", "nature"),
        "amended_by": Field("by", fields.text),
        "amended_on": Field("stated", fields.instant),
        "minutes_late": Field("minutes_late", fields.number),
        "kind": Field("kind", fields.one_of(*portable.CHANGE_KINDS)),
    },
    portable.NOTICES: {
        **_texts("parent_id", "upn", mandatory=True),
        "kind": Field("kind", fields.one_of("s444A", "s105"), mandatory=True),
        "issued_on": Field("issued_on", _DAY, mandatory=True),
        **{
            name: Field(name, _DAY)
            for name in ("offence_first", "offence_last", "received_on", "paid_on",
                         "withdrawn_on", "outcome_on")
        },
        "outcome": Field("outcome", fields.one_of(*_OUTCOMES)),
        "sessions": Field("sessions", fields.sessions, empty=()),
        **_texts("issuer"),
        **_STATED,
    },
    portable.CASEWORK: {
        **_texts("upn", "step", mandatory=True),
        "on": Field("on", _DAY, mandatory=True),
        **_texts("by", "outcome", "notes"),
        "with": Field("with_whom", fields.text),
    },
    portable.PLANS: {
        **_texts("upn", mandatory=True),
        **_WHEN,
        **_texts("code", "reason", "nature"),
        "planned_by": Field("by", fields.text),
        "planned_on": Field("stated", fields.instant),
        "step": Field("step", fields.one_of(*portable.PLAN_STEPS), mandatory=True),
    },
}  # fmt: skip
"""How the columns of each file are read, into which attribute of its row."""
