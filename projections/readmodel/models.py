"""What each event leaves in the tables.

Imported by what writes the tables, never by a question: all events of the log come with it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from ledger.events import (
    amending,
    backup,
    calendar,
    casework,
    disclosure,
    leave,
    log,
    penalties,
    proof,
    register,
    returns,
    roll,
    school,
    streams,
)
from ledger.events.base import Event
from ledger.values import school_year_number
from projections.readmodel.record import Versioned
from projections.readmodel.records import amending as amending_records
from projections.readmodel.records import disclosure as disclosure_records
from projections.readmodel.records import leave as leave_records
from projections.readmodel.records import log as log_records
from projections.readmodel.records import penalties as penalty_records
from projections.readmodel.records import proof as proof_records
from projections.readmodel.records import register as register_records
from projections.readmodel.records import roll as roll_records
from projections.readmodel.records import school as school_records
from projections.readmodel.tables import Handler, Moment, Writer

_HANDLERS: dict[type[Event], Handler] = {}
HANDLERS: Mapping[type[Event], Handler] = MappingProxyType(_HANDLERS)
"""The function that takes each class of event; marks go another way, others leave nothing."""
_H = TypeVar("_H", bound=Handler)


def _takes(*events: type[Event]) -> Callable[[_H], _H]:
    def taking(handler: _H) -> _H:
        _HANDLERS.update(dict.fromkeys(events, handler))
        return handler

    return taking


def _keep(
    event: type[Event],
    record: type[Versioned],
    *keys: str,
    also: Mapping[str, object] = MappingProxyType({}),
    **called: str,
) -> None:
    """Let each event of a class be a version of a fact.

    ``keys``: the columns that the name of its stream says, in that order; ``called``: what the
    event calls a column that has another name; ``also``: what every such version holds. Its place
    in the log and when it was recorded are the moment's; all other columns are the event's.
    """
    own = record.__struct_fields__
    place = "line" if "line" in own else "position"
    moments = {place: "position", "imported": "imported"}
    of_moment = [(column, name) for column, name in moments.items() if column in own]

    def put(writer: Writer, moment: Moment, stream: str, e: Any) -> None:  # noqa: ANN401 - of the class
        said: dict[str, Any] = dict(zip(keys, streams.parts(stream)[1:], strict=False))
        if "pupil" in said:
            said["pupil"] = writer.pupil(said["pupil"])
        said |= {column: getattr(e, name) for column, name in called.items()}
        said |= {column: getattr(moment, name) for column, name in of_moment}
        writer.put(record, moment, e, **said, **also)

    _HANDLERS[event] = put


# -- the register: what is about marks, and every version of every plan -------------------------


@_takes(register.SourceConflicted)
def _put_conflict(
    writer: Writer, moment: Moment, stream: str, e: register.SourceConflicted
) -> None:
    """Keep what a source states against a person here; settled once it states what stands."""
    _, pupil, session = streams.parts(stream)
    key = {"pupil": writer.pupil(pupil), "session": session}
    writer.put(register_records.Conflict, moment, e, **key)
    if e.stands == e.code:
        writer.end(register_records.Conflict, moment, **key)


@_takes(register.MarksUncounted)
def _add_uncounted(
    writer: Writer, moment: Moment, stream: str, e: register.MarksUncounted
) -> None:
    place = {"alert": moment.position, "pupil": writer.pupil(streams.subject(stream))}
    writer.put(register_records.Uncounted, moment, e, **place)


_PLAN = (register_records.Plan, "pupil", "session")
_WITHDRAWN = {"step": "withdrawn", "code": None, "nature": None}
_keep(register.AbsencePlanned, *_PLAN, also={"step": "planned", "replaced": None})
_keep(register.PlanChanged, *_PLAN, also={"step": "changed"}, replaced="original")
_keep(register.PlanWithdrawn, *_PLAN, also=_WITHDRAWN, replaced="original")
_keep(register.RegisterTaken, register_records.RegisterTaken, "session", "grp")

# -- the admission register ---------------------------------------------------------------------

_keep(roll.GroupJoined, roll_records.Membership, "pupil")
_keep(roll.GroupLeft, roll_records.Membership, "pupil")
_keep(roll.ParentRecorded, roll_records.Parent, "parent")
_keep(roll.RelationRecorded, roll_records.Relation, "pupil", "parent")


@_takes(roll.PupilEnrolled)
def _put_enrolment(writer: Writer, moment: Moment, stream: str, e: roll.PupilEnrolled) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    writer.put(roll_records.Details, moment, e, pupil=pupil)
    begun = {"leaves_on": None, "ground": "", "next_school": None}
    writer.put(roll_records.Spell, moment, e, pupil=pupil, **begun)


@_takes(roll.PupilRemoved)
def _end_spell(writer: Writer, moment: Moment, stream: str, e: roll.PupilRemoved) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    stood = writer.current(roll_records.Spell, pupil=pupil, starts_on=e.starts_on)
    writer.put(roll_records.Spell, moment, e, pupil=pupil, boarder=stood.boarder)


@_takes(roll.EnrolmentWithdrawn)
def _withdraw_spell(
    writer: Writer, moment: Moment, stream: str, e: roll.EnrolmentWithdrawn
) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    writer.end(roll_records.Spell, moment, pupil=pupil, starts_on=e.starts_on)
    if e.survivor is not None:
        survivor = writer.pupil(e.survivor)
        writer.put(roll_records.Merger, moment, e, pupil=pupil, survivor=survivor)


@_takes(roll.DetailsAmended)
def _amend_details(writer: Writer, moment: Moment, stream: str, e: roll.DetailsAmended) -> None:
    pupil = writer.pupil(streams.parts(stream)[1])
    writer.add(roll_records.DetailAmendment, e, position=moment.position, pupil=pupil)
    _add_admission_amendment(writer, moment, stream, e)
    if e.field not in roll.DETAILS:
        return
    changed: dict[str, object] = {e.field: e.amended}
    if e.birth_cohort is not None and e.compulsory_from is not None:
        changed |= {"birth_cohort": e.birth_cohort, "compulsory_from": e.compulsory_from}
    stood = writer.current(roll_records.Details, pupil=pupil)
    writer.put(roll_records.Details, moment, stood, **changed)


@_takes(roll.AdmissionAmended)
def _add_admission_amendment(
    writer: Writer, moment: Moment, stream: str, e: roll.DetailsAmended | roll.AdmissionAmended
) -> None:
    """Keep an amendment: of a pupil's details, of a parent's, or of what one is to the other."""
    kind, *keys = streams.parts(stream)
    writer.put(
        roll_records.AdmissionAmendment,
        moment,
        e,
        position=moment.position,
        pupil=None if kind + ":" == streams.PARENT else writer.pupil(keys[0]),
        parent=None if kind + ":" == streams.PUPIL else keys[-1],
        imported=moment.imported,
    )


# -- the school, its staff and its calendar -----------------------------------------------------

_keep(school.SchoolOpened, school_records.School)
_keep(school.StaffJoined, school_records.StaffSpell, "staff")
_keep(school.StaffChanged, school_records.StaffSpell, "staff")
_keep(school.RolesChanged, school_records.RoleChange, "staff")
_keep(calendar.RegisterTimesSet, school_records.Times)


@_takes(school.StaffLeft)
def _end_staff(writer: Writer, moment: Moment, stream: str, e: school.StaffLeft) -> None:
    who = {"staff": streams.parts(stream)[1], "since": e.since}
    stood = writer.current(school_records.StaffSpell, **who)
    writer.put(school_records.StaffSpell, moment, stood, until=e.until)


@_takes(calendar.TermSet)
def _put_term(writer: Writer, moment: Moment, _: str, e: calendar.TermSet) -> None:
    writer.put(school_records.Term, moment, e, year=school_year_number(e.first))


@_takes(calendar.SessionsClosed, calendar.SessionCancelled)
def _put_closure(
    writer: Writer, moment: Moment, _: str, e: calendar.SessionsClosed | calendar.SessionCancelled
) -> None:
    said = {"groups": sorted(set(e.groups)), "cancelled": isinstance(e, calendar.SessionCancelled)}
    for half in e.sessions:
        writer.put(school_records.Closure, moment, e, half=half, **said)


@_takes(calendar.ClosureWithdrawn)
def _end_closure(writer: Writer, moment: Moment, _: str, e: calendar.ClosureWithdrawn) -> None:
    key = {"date": e.date, "groups": sorted(set(e.groups))}
    for half in e.sessions:
        writer.end(school_records.Closure, moment, half=half, **key)


# -- casework and penalty notices ---------------------------------------------------------------

_OF_A_FAMILY = ("pupil", "parent")
_keep(penalties.NoticeStated, penalty_records.Notice, *_OF_A_FAMILY)
_keep(penalties.NoticesConfirmed, penalty_records.Confirmation, *_OF_A_FAMILY)
_keep(penalties.PenaltyConsidered, penalty_records.Consideration, "pupil", counted="count")


@_takes(casework.CaseworkStepTaken)
def _add_step(writer: Writer, moment: Moment, stream: str, e: casework.CaseworkStepTaken) -> None:
    at, pupil = moment.position, writer.pupil(streams.parts(stream)[1])
    place = {"pupil": pupil, "id": casework.key_of(e, at), "line": at}
    said = {"on_date": e.on, "answers": _as_json(e.answers), "corrected": None}
    writer.put(penalty_records.CaseworkStep, moment, e, **place, **said)


@_takes(casework.CaseworkStepCorrected)
def _correct_step(
    writer: Writer, moment: Moment, stream: str, e: casework.CaseworkStepCorrected
) -> None:
    at, pupil = moment.position, writer.pupil(streams.parts(stream)[1])
    stood = writer.current(penalty_records.CaseworkStep, pupil=pupil, id=e.of)
    kept = {name: getattr(stood, name) for name in ("id", "line", "by", "name", "job_title")}
    said = {"on_date": e.on, "answers": _as_json(e.answers), "corrected": at}
    writer.put(penalty_records.CaseworkStep, moment, e, pupil=pupil, **kept, **said)
    writer.put(penalty_records.CaseworkCorrection, moment, e, pupil=pupil, position=at)


def _as_json(trigger: casework.Trigger | None) -> str | None:
    return None if trigger is None else msgspec.json.encode(trigger).decode()


@_takes(penalties.AlertSettled)
def _settle_alert(writer: Writer, moment: Moment, stream: str, e: penalties.AlertSettled) -> None:
    pupil, alert = writer.pupil(streams.subject(stream)), e.alert
    if not alert:  # another ledger's position: it is known by its time
        raised = {"pupil": pupil, "sf": e.raised or 0}
        alert = writer.current(register_records.Uncounted, **raised).alert
    said = {"pupil": pupil, "alert": alert, "to_whom": e.to, "on_date": e.on}
    writer.put(penalty_records.AlertSettlement, moment, e, **said)


_MAY_BE_TAKEN_BACK = (
    penalty_records.Notice,
    penalty_records.Confirmation,
    penalty_records.Consideration,
    penalty_records.AlertSettlement,
    disclosure_records.Disclosure,
    disclosure_records.ReturnMade,
    amending_records.Evidence,
    penalty_records.CaseworkStep,
)


@_takes(amending.EntryTakenBack)
def _take_back(writer: Writer, moment: Moment, stream: str, e: amending.EntryTakenBack) -> None:
    for record in _MAY_BE_TAKEN_BACK:
        writer.end_recorded(record, moment, e.entry)
    about = None if stream.startswith(streams.RETURNS) else streams.parts(stream)[1]
    pupil = None if about in (None, streams.WHOLE_SCHOOL) else writer.pupil(about)
    writer.put(amending_records.TakenBack, moment, e, line=moment.position, pupil=pupil)


@_takes(penalties.CaseUndercut)
def _add_alert(writer: Writer, moment: Moment, stream: str, e: penalties.CaseUndercut) -> None:
    pupil, papers = writer.pupil(streams.subject(stream)), msgspec.json.encode(e.papers).decode()
    place = {"alert": moment.position, "pupil": pupil}
    writer.put(penalty_records.Undercut, moment, e, **place, papers=papers)


# -- amendments that wait, what amendments rest on, and policies --------------------------------

_REQUEST = (amending_records.Request, "pupil", "session")
_UNDECIDED = dict.fromkeys(
    name for name in amending_records.Request.__struct_fields__ if name.startswith("deci")
)
_DECISIONS: dict[type[amending.RequestDecided], str] = {
    amending.AmendmentApproved: "approved",
    amending.AmendmentDeclined: "declined",
    amending.RequestWithdrawn: "withdrawn",
}
_keep(amending.AmendmentRequested, *_REQUEST, also=_UNDECIDED)
_keep(amending.PolicyAdopted, amending_records.AdoptedPolicy)


@_takes(*_DECISIONS)
def _decide_request(
    writer: Writer, moment: Moment, stream: str, e: amending.RequestDecided
) -> None:
    _, pupil, session = streams.parts(stream)
    place = {"pupil": writer.pupil(pupil), "session": session}
    writer.put(
        amending_records.Request,
        moment,
        writer.current(amending_records.Request, **place, decision=None),
        decision=_DECISIONS[type(e)],
        decided=moment.position,
        decided_reason=e.reason,
        decided_by=e.by,
        decided_name=e.name,
        decided_title=e.job_title,
        decided_stated=e.stated,
    )


@_takes(amending.EvidenceGiven)
def _add_evidence(writer: Writer, moment: Moment, stream: str, e: amending.EvidenceGiven) -> None:
    _, pupil, batch = streams.parts(stream)
    writer.put(
        amending_records.Evidence,
        moment,
        e,
        pupil=writer.pupil(pupil),
        line=moment.position,
        batch=batch,
        copy_key=e.key,
        by=e.by or moment.by,
        authenticated=moment.authenticated,
    )


# -- leave: requests, and every step on each of them --------------------------------------------

_LEAVE_STEP = (leave_records.LeaveStep, "pupil", "leave")
_NO_GRANT = dict.fromkeys(("paragraph", "code", "first", "last", "letter_on"))
_NO_LEAVE = {**_NO_GRANT, "batch": None}
_keep(leave.LeaveRequested, leave_records.LeaveAsked, "pupil", "leave")
_keep(leave.LeaveWithdrawn, *_LEAVE_STEP, also={"step": "withdrawn", **_NO_LEAVE})
_keep(leave.LeaveFalsified, *_LEAVE_STEP, also={"step": "falsified", **_NO_GRANT})


@_takes(leave.LeaveDecided)
def _add_decision(writer: Writer, moment: Moment, stream: str, e: leave.LeaveDecided) -> None:
    _, pupil, request = streams.parts(stream)
    place = {"pupil": writer.pupil(pupil), "leave": request, "line": moment.position}
    step = {"step": "granted" if e.granted else "refused", "batch": None}
    writer.put(leave_records.LeaveStep, moment, e, **place, **step)


# -- what left the school, texts beyond use, names looked up, returns ----------------------------

_keep(disclosure.FieldRedacted, disclosure_records.Redaction)
_keep(disclosure.NamesShown, disclosure_records.NamesShown)
_keep(returns.ReturnAgreed, disclosure_records.ReturnFigure)


@_takes(disclosure.Disclosed)
def _add_disclosure(writer: Writer, moment: Moment, stream: str, e: disclosure.Disclosed) -> None:
    pupil = streams.parts(stream)[1]
    about = None if pupil == streams.WHOLE_SCHOOL else writer.pupil(pupil)
    said = {"line": moment.position, "pupil": about, "recipient": e.to, "on_date": e.on}
    writer.put(disclosure_records.Disclosure, moment, e, **said)


@_takes(returns.ReturnMade)
def _add_return(writer: Writer, moment: Moment, stream: str, e: returns.ReturnMade) -> None:
    pupils = [str(writer.pupil(pupil)) for pupil in e.pupils]
    said = {"kind": streams.parts(stream)[1], "line": moment.position, "on_date": e.on}
    writer.put(disclosure_records.ReturnMade, moment, e, **said, pupils=pupils)


# -- witnesses and back-ups ---------------------------------------------------------------------

_keep(proof.WitnessTrusted, proof_records.Witness, also={"trusted": True})
_keep(proof.WitnessDropped, proof_records.Witness, also={"trusted": False})
_keep(backup.BackupMade, proof_records.Backup, also={"restored": False})
_keep(backup.LedgerRestored, proof_records.Backup, also={"restored": True})

# -- the log: transactions, and the files behind an import --------------------------------------


@_takes(log.Committed)
def _add_transaction(writer: Writer, moment: Moment, _: str, e: log.Committed) -> None:
    first, last, source = moment.position, moment.position + e.count, e.source
    system = source.system if source else None
    writer.add(log_records.Commit, e, first=first, last=last, stamped=e.at, source=system)
    for file in source.files if source else ():
        writer.add(log_records.SourceFile, file, position=first, system=system)


_keep(log.ClockCorrected, log_records.ClockCorrection)


@_takes(log.ImportCompleted)
def _add_import(writer: Writer, moment: Moment, _: str, e: log.ImportCompleted) -> None:
    findings = len(e.findings)
    writer.add(log_records.Import, e, position=moment.position, findings=findings)


@_takes(log.LedgerCreated)
def _add_ledger(writer: Writer, _moment: Moment, _: str, e: log.LedgerCreated) -> None:
    writer.add(log_records.LedgerName, e)
