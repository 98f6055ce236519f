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
from projections.readmodel.records.roll import (
    AdmissionAmendment,
    DetailAmendment,
    Details,
    Membership,
    Parent,
    Relation,
    Spell,
)
from projections.readmodel.tables import Handlers, Moment, Writer


def _put_enrolment(writer: Writer, moment: Moment, stream: str, e: PupilEnrolled) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    writer.put(Details, moment, e, pupil=pupil)
    writer.put(Spell, moment, e, pupil=pupil, leaves_on=None, ground="", next_school=None)


def _end_spell(writer: Writer, moment: Moment, stream: str, e: PupilRemoved) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    stood = writer.current(Spell, pupil=pupil, starts_on=e.starts_on)
    writer.put(Spell, moment, e, pupil=pupil, boarder=stood.boarder)


def _withdraw_spell(writer: Writer, moment: Moment, stream: str, e: EnrolmentWithdrawn) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    writer.end(Spell, moment, pupil=pupil, starts_on=e.starts_on)


def _amend_details(writer: Writer, moment: Moment, stream: str, e: DetailsAmended) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    writer.add(DetailAmendment, e, position=moment.position, pupil=pupil)
    _add_admission_amendment(writer, moment, stream, e)
    if e.field not in DETAILS:
        return
    changed: dict[str, object] = {e.field: e.amended}
    if e.birth_cohort is not None and e.compulsory_from is not None:
        changed |= {"birth_cohort": e.birth_cohort, "compulsory_from": e.compulsory_from}
    writer.put(Details, moment, writer.current(Details, pupil=pupil), **changed)


def _add_admission_amendment(
    writer: Writer, moment: Moment, stream: str, e: DetailsAmended | AdmissionAmended
) -> None:
    """Keep an amendment: of a pupil's details, of a parent's, or of what one is to the other."""
    kind, *keys = streams.parts(stream)
    writer.put(
        AdmissionAmendment,
        moment,
        e,
        position=moment.position,
        pupil=None if kind + ":" == streams.PARENT else writer.pupil(keys[0]),
        parent=None if kind + ":" == streams.PUPIL else keys[-1],
        imported=moment.imported,
    )


def _put_membership(
    writer: Writer, moment: Moment, stream: str, e: GroupJoined | GroupLeft
) -> None:
    writer.put(Membership, moment, e, pupil=writer.pupil(streams.parts(stream)[1]))


def _put_parent(writer: Writer, moment: Moment, stream: str, e: ParentRecorded) -> None:
    writer.put(Parent, moment, e, parent=streams.parts(stream)[1])


def _put_relation(writer: Writer, moment: Moment, stream: str, e: RelationRecorded) -> None:
    _, pupil, parent = streams.parts(stream)
    writer.put(Relation, moment, e, parent=parent, pupil=writer.pupil(pupil))


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
