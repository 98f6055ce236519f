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
        "SchoolOpened.v2": school.SchoolOpened,
        "RegisterTimesSet.v2": calendar.RegisterTimesSet,
        "TermSet.v2": calendar.TermSet,
        "SessionsClosed.v1": calendar.SessionsClosed,
        "SessionCancelled.v1": calendar.SessionCancelled,
        "ClosureWithdrawn.v1": calendar.ClosureWithdrawn,
        "StaffJoined.v2": school.StaffJoined,
        "StaffChanged.v2": school.StaffChanged,
        "StaffLeft.v2": school.StaffLeft,
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
        "PenaltyConsidered.v2": penalties.PenaltyConsidered,
        "NoticesConfirmed.v2": penalties.NoticesConfirmed,
        "ReturnAgreed.v2": returns.ReturnAgreed,
        "ReturnMade.v2": returns.ReturnMade,
        "RegisterTaken.v2": register.RegisterTaken,
        "SessionMarked.v1": register.SessionMarked,
        "MarkCorrected.v1": register.MarkCorrected,
        "MarkAmended.v1": register.MarkAmended,
        "SourceRestated.v1": register.SourceRestated,
        "SourceConflicted.v1": register.SourceConflicted,
        "AbsencePlanned.v1": register.AbsencePlanned,
        "PlanChanged.v1": register.PlanChanged,
        "PlanWithdrawn.v1": register.PlanWithdrawn,
        "EvidenceGiven.v2": amending.EvidenceGiven,
        "AmendmentRequested.v2": amending.AmendmentRequested,
        "AmendmentApproved.v2": amending.AmendmentApproved,
        "AmendmentDeclined.v2": amending.AmendmentDeclined,
        "RequestWithdrawn.v2": amending.RequestWithdrawn,
        "PolicyAdopted.v2": amending.PolicyAdopted,
        "CaseUndercut.v1": penalties.CaseUndercut,
        "AlertSettled.v2": penalties.AlertSettled,
        "MarksUncounted.v2": register.MarksUncounted,
        "AdmissionAmended.v1": roll.AdmissionAmended,
        "LeaveRequested.v2": leave.LeaveRequested,
        "LeaveDecided.v2": leave.LeaveDecided,
        "LeaveWithdrawn.v2": leave.LeaveWithdrawn,
        "LeaveFalsified.v2": leave.LeaveFalsified,
        "Disclosed.v2": disclosure.Disclosed,
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

_SINCE_STATED = (
    "PenaltyConsidered",
    "NoticesConfirmed",
    "NoticeStated",
    "ReturnAgreed",
    "ReturnMade",
    "RegisterTaken",
    "EvidenceGiven",
    "AmendmentRequested",
    "AmendmentApproved",
    "AmendmentDeclined",
    "RequestWithdrawn",
    "PolicyAdopted",
    "LeaveRequested",
    "LeaveDecided",
    "LeaveWithdrawn",
    "LeaveFalsified",
    "Disclosed",
    "SchoolOpened",
    "RegisterTimesSet",
    "TermSet",
    "StaffJoined",
    "StaffChanged",
    "StaffLeft",
    "MarksUncounted",
    "AlertSettled",
)
"""Kinds that another system may state since their second shape: with its time, and the row."""


def _recorded_here(state: State) -> State:
    """Return the state of a fact that no other system stated: all of it as it was."""
    return state


UPCASTS: Mapping[str, tuple[str, Upcast]] = MappingProxyType(
    {f"{kind}.v1": (f"{kind}.v2", _recorded_here) for kind in _SINCE_STATED}
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
