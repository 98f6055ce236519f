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
from ledger.events.base import IN_CLEAR, Event

State = dict[str, Any]
Upcast = Callable[[State], State]

EVENTS: Mapping[str, type[Event]] = MappingProxyType(
    {
        "Committed.v1": log.Committed,
        "ClockCorrected.v2": log.ClockCorrected,
        "DayConfirmed.v2": log.DayConfirmed,
        "LedgerCreated.v1": log.LedgerCreated,
        "KeyAdopted.v1": log.KeyAdopted,
        "RulesAdopted.v1": log.RulesAdopted,
        "ImportCompleted.v2": log.ImportCompleted,
        "SchoolOpened.v2": school.SchoolOpened,
        "RegisterTimesSet.v2": calendar.RegisterTimesSet,
        "TermSet.v2": calendar.TermSet,
        "SessionsClosed.v2": calendar.SessionsClosed,
        "SessionCancelled.v2": calendar.SessionCancelled,
        "ClosureWithdrawn.v2": calendar.ClosureWithdrawn,
        "StaffJoined.v2": school.StaffJoined,
        "StaffChanged.v2": school.StaffChanged,
        "RolesChanged.v1": school.RolesChanged,
        "StaffLeft.v2": school.StaffLeft,
        "ParentRecorded.v1": roll.ParentRecorded,
        "RelationRecorded.v1": roll.RelationRecorded,
        "NoticeStated.v3": penalties.NoticeStated,
        "CaseworkStepTaken.v3": casework.CaseworkStepTaken,
        "CaseworkStepCorrected.v1": casework.CaseworkStepCorrected,
        "PupilEnrolled.v1": roll.PupilEnrolled,
        "PupilRemoved.v1": roll.PupilRemoved,
        "EnrolmentWithdrawn.v2": roll.EnrolmentWithdrawn,
        "DetailsAmended.v2": roll.DetailsAmended,
        "GroupJoined.v1": roll.GroupJoined,
        "GroupLeft.v1": roll.GroupLeft,
        "PenaltyConsidered.v3": penalties.PenaltyConsidered,
        "NoticesConfirmed.v3": penalties.NoticesConfirmed,
        "ReturnAgreed.v2": returns.ReturnAgreed,
        "ReturnMade.v3": returns.ReturnMade,
        "RegisterTaken.v2": register.RegisterTaken,
        "SessionMarked.v1": register.SessionMarked,
        "MarkCorrected.v1": register.MarkCorrected,
        "MarkAmended.v2": register.MarkAmended,
        "SourceRestated.v1": register.SourceRestated,
        "SourceConflicted.v1": register.SourceConflicted,
        "AbsencePlanned.v1": register.AbsencePlanned,
        "PlanChanged.v1": register.PlanChanged,
        "PlanWithdrawn.v1": register.PlanWithdrawn,
        "EvidenceGiven.v3": amending.EvidenceGiven,
        "AmendmentRequested.v3": amending.AmendmentRequested,
        "AmendmentApproved.v3": amending.AmendmentApproved,
        "AmendmentDeclined.v3": amending.AmendmentDeclined,
        "RequestWithdrawn.v3": amending.RequestWithdrawn,
        "PolicyAdopted.v3": amending.PolicyAdopted,
        "EntryTakenBack.v1": amending.EntryTakenBack,
        "CaseUndercut.v1": penalties.CaseUndercut,
        "AlertSettled.v2": penalties.AlertSettled,
        "MarksUncounted.v2": register.MarksUncounted,
        "AdmissionAmended.v2": roll.AdmissionAmended,
        "LeaveRequested.v2": leave.LeaveRequested,
        "LeaveDecided.v3": leave.LeaveDecided,
        "LeaveWithdrawn.v3": leave.LeaveWithdrawn,
        "LeaveFalsified.v3": leave.LeaveFalsified,
        "Disclosed.v3": disclosure.Disclosed,
        "NamesShown.v2": disclosure.NamesShown,
        "FieldRedacted.v2": disclosure.FieldRedacted,
        "WitnessTrusted.v2": proof.WitnessTrusted,
        "WitnessDropped.v2": proof.WitnessDropped,
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


def _as_it_was(state: State) -> State:
    """Return a state that needs no change: what the newer shape adds is at its default."""
    return state


_TITLED = (
    "ClockCorrected.v1",
    "DayConfirmed.v1",
    "StaffJoined.v1",
    "StaffChanged.v1",
    "EnrolmentWithdrawn.v1",
    "DetailsAmended.v1",
    "PenaltyConsidered.v2",
    "NoticesConfirmed.v2",
    "ReturnMade.v2",
    "MarkAmended.v1",
    "AmendmentRequested.v2",
    "AmendmentApproved.v2",
    "AmendmentDeclined.v2",
    "RequestWithdrawn.v2",
    "PolicyAdopted.v2",
    "AlertSettled.v1",
    "MarksUncounted.v1",
    "AdmissionAmended.v1",
    "LeaveDecided.v2",
    "LeaveWithdrawn.v2",
    "LeaveFalsified.v2",
    "NamesShown.v1",
    "FieldRedacted.v1",
    "WitnessTrusted.v1",
    "WitnessDropped.v1",
)
"""Names under which the author's job title was in clear."""

_CLOSING = ("SessionsClosed.v1", "SessionCancelled.v1", "ClosureWithdrawn.v1")
"""Names under which the reason of a closure was in clear."""

_CLEAR: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_TITLED, ("job_title",)),
    **dict.fromkeys(_CLOSING, ("reason",)),
    "CaseworkStepTaken.v1": ("step",),
    "NoticeStated.v2": ("issuer",),
    "EvidenceGiven.v2": ("sha256",),
    "Disclosed.v2": ("sha256", "job_title"),
}
"""Names under which texts that are sealed since were in clear."""


def _in_clear(fields: tuple[str, ...]) -> Upcast:
    """Return what marks texts as being in clear: they open as themselves."""

    def upcast(state: State) -> State:
        clear = {f: IN_CLEAR + state[f] for f in fields if state.get(f) is not None}
        return state | clear

    return upcast


def _next(name: str) -> str:
    kind, _, version = name.rpartition(".v")
    return f"{kind}.v{int(version) + 1}"


UPCASTS: Mapping[str, tuple[str, Upcast]] = MappingProxyType(
    {f"{kind}.v1": (f"{kind}.v2", _as_it_was) for kind in _SINCE_STATED}
    | {"ImportCompleted.v1": ("ImportCompleted.v2", _as_it_was)}
    | {"CaseworkStepTaken.v2": ("CaseworkStepTaken.v3", _as_it_was)}
    | {name: (_next(name), _in_clear(fields)) for name, fields in _CLEAR.items()}
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
