"""The admission register: spells, details (sealed), groups, parents, and its amendments."""

from ledger.events import streams
from ledger.events.roll import (
    DETAILS,
    AdmissionAmended,
    DetailsAmended,
    EnrolmentWithdrawn,
    GroupJoined,
    GroupLeft,
    ParentRecorded,
    PupilEnrolled,
    PupilRemoved,
    RelationRecorded,
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

TABLES = {
    "roll": Table(
        key=("pupil", "starts_on"),
        columns={
            "pupil": int,
            "starts_on": str,
            "leaves_on": str,
            "ground": str,
            "next_school": str,
            "boarder": int,
        },
    ),
    "details": Table(
        key=("pupil",),
        columns={
            "pupil": int,
            **dict.fromkeys(DETAILS, str),
            "birth_cohort": int,
            "compulsory_from": str,
        },
    ),
    "detail_amendments": Table(
        key=("position",),
        columns={
            "position": int,
            "pupil": int,
            "field": str,
            "original": str,
            "amended": str,
            "reason": str,
            "by": str,
            "name": str,
            "job_title": str,
            "stated": int,
        },
        versioned=False,
    ),
    "memberships": Table(
        key=("pupil", "kind", "name", "since"),
        columns={"pupil": int, "kind": str, "name": str, "since": str, "until": str},
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
    "admission_amendments": Table(
        key=("position",),
        columns={
            "position": int,
            "pupil": int,
            "parent": str,
            "field": str,
            "original": str,
            "amended": str,
            "reason": str,
            "by": str,
            "name": str,
            "job_title": str,
            "stated": int,
            "imported": int,
        },
        indexes=("pupil", "parent"),
    ),
}


def _put_enrolment(writer: Writer, moment: Moment, stream: str, e: PupilEnrolled) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    details = [getattr(e, name) for name in DETAILS]
    clear = (e.birth_cohort, e.compulsory_from.isoformat())
    writer.put("details", (pupil,), (*details, *clear), moment)
    writer.put("roll", (pupil, iso(e.starts_on)), (None, "", None, int(e.boarder)), moment)


def _end_spell(writer: Writer, moment: Moment, stream: str, e: PupilRemoved) -> None:
    key = (writer.pupil(streams.parts(stream)[1]), iso(e.starts_on))
    (boarder,) = writer.current("roll", "boarder", "pupil IS ? AND starts_on IS ?", key)
    writer.put("roll", key, (iso(e.leaves_on), e.ground, e.next_school, boarder), moment)


def _withdraw_spell(writer: Writer, moment: Moment, stream: str, e: EnrolmentWithdrawn) -> None:
    writer.end("roll", (writer.pupil(streams.parts(stream)[1]), iso(e.starts_on)), moment)


def _amend_details(writer: Writer, moment: Moment, stream: str, e: DetailsAmended) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    writer.insert(
        "detail_amendments",
        (
            moment.position,
            pupil,
            e.field,
            e.original,
            e.amended,
            e.reason,
            e.by,
            e.name,
            e.job_title,
            e.stated,
        ),
    )
    _add_admission_amendment(writer, moment, stream, e)
    if e.field not in DETAILS:
        return
    columns = ", ".join((*DETAILS, "birth_cohort", "compulsory_from"))
    row = list(writer.current("details", columns, "pupil IS ?", (pupil,)))
    row[DETAILS.index(e.field)] = e.amended
    if e.birth_cohort is not None and e.compulsory_from is not None:
        row[-2:] = [e.birth_cohort, e.compulsory_from.isoformat()]
    writer.put("details", (pupil,), row, moment)


def _add_admission_amendment(
    writer: Writer, moment: Moment, stream: str, e: DetailsAmended | AdmissionAmended
) -> None:
    """Keep an amendment: of a pupil's details, of a parent's, or of what one is to the other."""
    kind, *keys = streams.parts(stream)
    pupil = None if kind + ":" == streams.PARENT else writer.pupil(keys[0])
    parent = None if kind + ":" == streams.PUPIL else keys[-1]
    payload = (pupil, parent, e.field, e.original, e.amended, e.reason, e.by, e.name)
    rest = (e.job_title, e.stated, moment.imported)
    writer.put("admission_amendments", (moment.position,), (*payload, *rest), moment)


def _put_membership(
    writer: Writer, moment: Moment, stream: str, e: GroupJoined | GroupLeft
) -> None:
    key = (writer.pupil(streams.parts(stream)[1]), e.kind, e.name, iso(e.since))
    writer.put("memberships", key, (iso(e.until),), moment)


def _put_parent(writer: Writer, moment: Moment, stream: str, e: ParentRecorded) -> None:
    payload = [getattr(e, name) for name in _PARENT]
    writer.put("parents", (streams.parts(stream)[1],), payload, moment)


def _put_relation(writer: Writer, moment: Moment, stream: str, e: RelationRecorded) -> None:
    _, pupil, parent = streams.parts(stream)
    payload = [getattr(e, name) for name in _RELATION[:-2]]
    dates = (iso(e.since), iso(e.until))
    writer.put("relations", (parent, writer.pupil(pupil)), (*payload, *dates), moment)


HANDLERS: Handlers = {
    PupilEnrolled: _put_enrolment,
    PupilRemoved: _end_spell,
    EnrolmentWithdrawn: _withdraw_spell,
    DetailsAmended: _amend_details,
    GroupJoined: _put_membership,
    GroupLeft: _put_membership,
    ParentRecorded: _put_parent,
    RelationRecorded: _put_relation,
    AdmissionAmended: _add_admission_amendment,
}
