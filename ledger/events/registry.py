"""The closed list of event names, and the upcasts from older shapes.

A name is a promise for years: it never changes its shape. A changed shape is a new name here,
with one pure upcast from the old one, and a golden file in ``fixtures/events/``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ledger.errors import Refused
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
)
from ledger.events.base import Event

State = dict[str, Any]
Upcast = Callable[[State], State]

EVENTS: Mapping[str, type[Event]] = MappingProxyType(
    {
        "Committed.v1": log.Committed,
        "ClockCorrected.v1": log.ClockCorrected,
        "DayConfirmed.v1": log.DayConfirmed,
        "LedgerCreated.v1": log.LedgerCreated,
        "KeyAdopted.v1": log.KeyAdopted,
        "RulesAdopted.v1": log.RulesAdopted,
        "ImportCompleted.v1": log.ImportCompleted,
        "SchoolOpened.v1": school.SchoolOpened,
        "RegisterTimesSet.v1": calendar.RegisterTimesSet,
        "TermSet.v1": calendar.TermSet,
        "SessionsClosed.v1": calendar.SessionsClosed,
        "SessionCancelled.v1": calendar.SessionCancelled,
        "ClosureWithdrawn.v1": calendar.ClosureWithdrawn,
        "StaffJoined.v1": school.StaffJoined,
        "StaffChanged.v1": school.StaffChanged,
        "StaffLeft.v1": school.StaffLeft,
        "ParentRecorded.v1": roll.ParentRecorded,
        "RelationRecorded.v1": roll.RelationRecorded,
        "NoticeStated.v2": penalties.NoticeStated,
        "CaseworkStepTaken.v1": casework.CaseworkStepTaken,
        "PupilEnrolled.v1": roll.PupilEnrolled,
        "PupilRemoved.v1": roll.PupilRemoved,
        "EnrolmentWithdrawn.v1": roll.EnrolmentWithdrawn,
        "DetailsAmended.v1": roll.DetailsAmended,
        "GroupJoined.v1": roll.GroupJoined,
        "GroupLeft.v1": roll.GroupLeft,
        "PenaltyConsidered.v1": penalties.PenaltyConsidered,
        "NoticesConfirmed.v1": penalties.NoticesConfirmed,
        "ReturnAgreed.v1": returns.ReturnAgreed,
        "ReturnMade.v1": returns.ReturnMade,
        "RegisterTaken.v1": register.RegisterTaken,
        "SessionMarked.v1": register.SessionMarked,
        "MarkCorrected.v1": register.MarkCorrected,
        "MarkAmended.v1": register.MarkAmended,
        "SourceRestated.v1": register.SourceRestated,
        "SourceConflicted.v1": register.SourceConflicted,
        "AbsencePlanned.v1": register.AbsencePlanned,
        "PlanChanged.v1": register.PlanChanged,
        "PlanWithdrawn.v1": register.PlanWithdrawn,
        "EvidenceGiven.v1": amending.EvidenceGiven,
        "AmendmentRequested.v1": amending.AmendmentRequested,
        "AmendmentApproved.v1": amending.AmendmentApproved,
        "AmendmentDeclined.v1": amending.AmendmentDeclined,
        "RequestWithdrawn.v1": amending.RequestWithdrawn,
        "PolicyAdopted.v1": amending.PolicyAdopted,
        "CaseUndercut.v1": penalties.CaseUndercut,
        "AlertSettled.v1": penalties.AlertSettled,
        "MarksUncounted.v1": register.MarksUncounted,
        "AdmissionAmended.v1": roll.AdmissionAmended,
        "LeaveRequested.v1": leave.LeaveRequested,
        "LeaveDecided.v1": leave.LeaveDecided,
        "LeaveWithdrawn.v1": leave.LeaveWithdrawn,
        "LeaveFalsified.v1": leave.LeaveFalsified,
        "Disclosed.v1": disclosure.Disclosed,
        "NamesShown.v1": disclosure.NamesShown,
        "FieldRedacted.v1": disclosure.FieldRedacted,
        "WitnessTrusted.v1": proof.WitnessTrusted,
        "WitnessDropped.v1": proof.WitnessDropped,
        "BackupMade.v1": backup.BackupMade,
        "LedgerRestored.v1": backup.LedgerRestored,
    }
)

FIRST: frozenset[type[Event]] = frozenset({register.SessionMarked})
"""Kinds that only stand first in their stream: a second entry for a session is a conflict."""


def _without_ground(notice: State) -> State:
    """Return a penalty notice of which no ground of withdrawal is stated."""
    return notice


UPCASTS: Mapping[str, tuple[str, Upcast]] = MappingProxyType(
    {"NoticeStated.v1": ("NoticeStated.v2", _without_ground)}
)
"""Old name -> (the next name, a pure function from the old state to the new one)."""

NAMES: Mapping[type[Event], str] = MappingProxyType({c: name for name, c in EVENTS.items()})


def unknown(name: str) -> Refused:
    """Return the refusal for an event name that this version does not know."""
    return Refused(
        "event-unknown",
        f"the ledger holds an event of a kind unknown to this version: {name}",
        "use the version of Attendance Ledger that wrote it, or a newer one",
    )
