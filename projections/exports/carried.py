"""What becomes of each kind of event in a portable folder: carried, carried in part, left out.

One line for every kind that a ledger can hold; a test holds the list against the registry.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from ledger.english import noun
from ledger.formats.portable import (
    AMENDMENTS,
    APPROVALS,
    CASEWORK,
    CONFIRMATIONS,
    CONSIDERATIONS,
    CORRECTIONS,
    DISCLOSURES,
    EVIDENCE,
    GROUPS,
    LEAVE,
    MARKS,
    NOTICES,
    PARENTS,
    PLANS,
    POLICIES,
    PUPILS,
    REGISTERS,
    RELATIONS,
    RETURNS,
    SCHOOL,
    STAFF,
    UNCOUNTED,
)
from projections.queries.view import View
from projections.readmodel.record import Versioned
from projections.readmodel.records.amending import TakenBack
from projections.readmodel.records.disclosure import (
    NamesShown,
    Redaction,
)
from projections.readmodel.records.log import ClockCorrection
from projections.readmodel.records.penalties import Undercut
from projections.readmodel.records.proof import Backup, Witness
from projections.readmodel.records.register import Conflict
from projections.readmodel.records.school import RoleChange


class Names(NamedTuple):
    """What is left out, of one and of several, counted in a table."""

    one: str
    many: str
    record: type[Versioned]
    where: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Carried:
    """Carried, all of it, by a file of the folder."""

    file: str


@dataclass(frozen=True, slots=True)
class InPart:
    """Carried by a file, but for what it lacks."""

    file: str
    lacks: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Left out, and why; ``names``: as what it is told and counted; none: with another kind."""

    why: str
    names: Names | None = None


class Omission(NamedTuple):
    """How many of what the ledger holds an export left out, and why."""

    what: str
    number: int
    why: str


_OWN = "it belongs to this ledger, and means nothing in another"
_LOG = "it is about this ledger's log, which stays where it is"
_BY_PLACE = "it is about a change by its place in this log"

FATES: Mapping[str, Carried | InPart | LeftOut] = MappingProxyType(
    {
        # The ledger itself.
        "Committed": LeftOut(_OWN),
        "LedgerCreated": LeftOut(_OWN),
        "KeyAdopted": LeftOut(_OWN),
        "RulesAdopted": LeftOut(_OWN),
        "ImportCompleted": LeftOut(_OWN),
        "BackupMade": LeftOut(_LOG, Names("back-up", "back-ups", Backup, {"restored": False})),
        "LedgerRestored": LeftOut(_LOG, Names("restore", "restores", Backup, {"restored": True})),
        "ClockCorrected": LeftOut(
            _LOG, Names("correction of the clock", "corrections of the clock", ClockCorrection)
        ),
        "DayConfirmed": LeftOut(_LOG),
        "WitnessTrusted": LeftOut(_LOG, Names("witness", "witnesses", Witness)),
        "WitnessDropped": LeftOut(_LOG),
        "NamesShown": LeftOut(_LOG, Names("look-up of names", "look-ups of names", NamesShown)),
        "FieldRedacted": LeftOut(
            "the texts are beyond use, and stay so",
            Names("text put beyond use", "texts put beyond use", Redaction),
        ),
        # The school, its calendar and its staff.
        "SchoolOpened": Carried(SCHOOL),
        "RegisterTimesSet": Carried(SCHOOL),
        "TermSet": Carried(SCHOOL),
        "SessionsClosed": Carried(SCHOOL),
        "SessionCancelled": Carried(SCHOOL),
        "ClosureWithdrawn": InPart(SCHOOL, "why it was withdrawn"),
        "StaffJoined": Carried(STAFF),
        "StaffChanged": Carried(STAFF),
        "StaffLeft": Carried(STAFF),
        "RolesChanged": LeftOut(
            "the roles are in staff.csv, without who gave them",
            Names("change of roles", "changes of roles", RoleChange),
        ),
        # The admission register.
        "PupilEnrolled": Carried(PUPILS),
        "PupilRemoved": Carried(PUPILS),
        "EnrolmentWithdrawn": InPart(PUPILS, "the record that was withdrawn"),
        "DetailsAmended": Carried(CORRECTIONS),
        "GroupJoined": Carried(GROUPS),
        "GroupLeft": Carried(GROUPS),
        "ParentRecorded": Carried(PARENTS),
        "RelationRecorded": Carried(RELATIONS),
        "AdmissionAmended": Carried(CORRECTIONS),
        # The attendance register.
        "RegisterTaken": Carried(REGISTERS),
        "SessionMarked": Carried(MARKS),
        "MarkCorrected": Carried(AMENDMENTS),
        "MarkAmended": Carried(AMENDMENTS),
        "SourceRestated": Carried(AMENDMENTS),
        "SourceConflicted": LeftOut(
            "another system's word against what stands",
            Names("conflict with another system", "conflicts with another system", Conflict),
        ),
        "AbsencePlanned": Carried(PLANS),
        "PlanChanged": Carried(PLANS),
        "PlanWithdrawn": Carried(PLANS),
        "EvidenceGiven": InPart(EVIDENCE, "the copy that is kept"),
        "AmendmentRequested": Carried(APPROVALS),
        "AmendmentApproved": Carried(APPROVALS),
        "AmendmentDeclined": Carried(APPROVALS),
        "RequestWithdrawn": Carried(APPROVALS),
        "PolicyAdopted": Carried(POLICIES),
        "EntryTakenBack": LeftOut(
            "recorded wrongly: neither the entry nor its correction is carried",
            Names("entry that was taken back", "entries that were taken back", TakenBack),
        ),
        # Leave, casework and penalty notices.
        "LeaveRequested": Carried(LEAVE),
        "LeaveDecided": Carried(LEAVE),
        "LeaveWithdrawn": Carried(LEAVE),
        "LeaveFalsified": Carried(LEAVE),
        "CaseworkStepTaken": Carried(CASEWORK),
        "CaseworkStepCorrected": Carried(CASEWORK),
        "NoticeStated": Carried(NOTICES),
        "PenaltyConsidered": InPart(CONSIDERATIONS, "up to which entry the register was read"),
        "NoticesConfirmed": Carried(CONFIRMATIONS),
        "CaseUndercut": LeftOut(
            _BY_PLACE, Names("alert about papers", "alerts about papers", Undercut)
        ),
        "AlertSettled": InPart(UNCOUNTED, "of alerts about papers, which are left out"),
        "MarksUncounted": Carried(UNCOUNTED),
        # What left the school.
        "Disclosed": InPart(DISCLOSURES, "up to which entry the register was read"),
        "ReturnAgreed": Carried(RETURNS),
        "ReturnMade": Carried(RETURNS),
    }
)
"""Kind of event, as its class is called -> what becomes of it in an export."""


def omissions(view: View) -> Iterator[Omission]:
    """Yield what the ledger holds, as known, that no file of a portable folder carries."""
    for fate in FATES.values():
        if isinstance(fate, LeftOut) and fate.names is not None:
            names = fate.names
            known = view.ever(names.record, **names.where)
            count = len({tuple(each.identity.values()) for each in known})
            if count:
                yield Omission(noun(count, names.one, names.many), count, fate.why)
