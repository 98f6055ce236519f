"""Staff, parents, relations, notices and casework, as intervals of knowledge."""

from ledger.events import streams
from ledger.events.families import (
    CaseworkStepTaken,
    NoticeStated,
    ParentRecorded,
    RelationRecorded,
    StaffChanged,
    StaffJoined,
    StaffLeft,
)
from projections.readmodel.tables import Handlers, Moment, Table, Writer, iso

_PARENT = (
    "title",
    "surname",
    "forename",
    "address",
    "phone",
    "email",
    "dob",
    "address_confidential",
)
_RELATION = (
    "relationship",
    "lives_with",
    "parental_responsibility",
    "contact_order",
    "care",
    "no_contact",
    "since",
    "until",
)
_NOTICE = (
    "offence_last",
    "received_on",
    "paid_on",
    "withdrawn_on",
    "outcome",
    "outcome_on",
    "sessions",
    "issuer",
    "stated",
)
_CASEWORK = ("step", "on_date", "by", "with_whom", "outcome", "notes")

TABLES = {
    "staff": Table(
        key=("staff", "since"),
        columns={
            "staff": str,
            "since": str,
            "name": str,
            "job_title": str,
            "roles": str,
            "until": str,
        },
    ),
    "parents": Table(key=("parent",), columns={"parent": str, **dict.fromkeys(_PARENT, str)}),
    "relations": Table(
        key=("parent", "pupil"),
        columns={
            "parent": str,
            "pupil": int,
            **dict.fromkeys(_RELATION, str),
            "contact_order": int,
        },
    ),
    "notices": Table(
        key=("parent", "pupil", "kind", "issued_on", "offence_first"),
        columns={
            "parent": str,
            "pupil": int,
            "kind": str,
            "issued_on": str,
            "offence_first": str,
            **dict.fromkeys(_NOTICE, str),
            "stated": int,
        },
    ),
    "casework": Table(
        key=("pupil", "line"),
        columns={"pupil": int, "line": int, **dict.fromkeys(_CASEWORK, str)},
    ),
}


def _put_staff(writer: Writer, moment: Moment, stream: str, e: StaffJoined | StaffChanged) -> None:
    key = (streams.parts(stream)[1], iso(e.since))
    writer.put("staff", key, (e.name, e.job_title, ";".join(e.roles), iso(e.until)), moment)


def _end_staff(writer: Writer, moment: Moment, stream: str, e: StaffLeft) -> None:
    key = (streams.parts(stream)[1], iso(e.since))
    row = writer.current("staff", "name, job_title, roles", "staff IS ? AND since IS ?", key)
    writer.put("staff", key, (*row, iso(e.until)), moment)


def _put_parent(writer: Writer, moment: Moment, stream: str, e: ParentRecorded) -> None:
    payload = [getattr(e, name) for name in _PARENT]
    writer.put("parents", (streams.parts(stream)[1],), payload, moment)


def _put_relation(writer: Writer, moment: Moment, stream: str, e: RelationRecorded) -> None:
    _, pupil, parent = streams.parts(stream)
    payload = [getattr(e, name) for name in _RELATION[:-2]]
    dates = (iso(e.since), iso(e.until))
    writer.put("relations", (parent, writer.pupil(pupil)), (*payload, *dates), moment)


def _put_notice(writer: Writer, moment: Moment, stream: str, e: NoticeStated) -> None:
    _, pupil, parent = streams.parts(stream)
    key = (parent, writer.pupil(pupil), e.kind, iso(e.issued_on), iso(e.offence_first))
    days = (e.offence_last, e.received_on, e.paid_on, e.withdrawn_on)
    payload = (*map(iso, days), e.outcome, iso(e.outcome_on), ";".join(e.sessions), e.issuer)
    writer.put("notices", key, (*payload, e.stated), moment)


def _add_step(writer: Writer, moment: Moment, stream: str, e: CaseworkStepTaken) -> None:
    key = (writer.pupil(streams.parts(stream)[1]), moment.position)
    payload = (e.step, e.on.isoformat(), e.by, e.with_whom, e.outcome, e.notes)
    writer.put("casework", key, payload, moment)


HANDLERS: Handlers = {
    StaffJoined: _put_staff,
    StaffChanged: _put_staff,
    StaffLeft: _end_staff,
    ParentRecorded: _put_parent,
    RelationRecorded: _put_relation,
    NoticeStated: _put_notice,
    CaseworkStepTaken: _add_step,
}
