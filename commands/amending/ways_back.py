"""How an entry of every kind is put right; `put-back` and `take-back` name it where they refuse.

Nothing is undone: what was recorded in error is recorded anew as it should have been, by the
command that is about it, or taken back. Marks and plans go back with `put-back` itself.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

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


class WayBack(NamedTuple):
    """What a batch did, as what follows "it", and what to do where that was wrong."""

    did: str
    remedy: str


_CORRECT = "record it as it should be"
_STAYS = "that stays on record"
_TAKEN_BACK = "attendance take-back ENTRY takes it back, where it was recorded wrongly"

WAYS: Mapping[type[Event], WayBack] = {
    log.ImportCompleted: WayBack(
        "was an import",
        "put the files right and import them again: what they state otherwise is recorded; "
        "a mark that no file states is amended with attendance amend",
    ),
    roll.EnrolmentWithdrawn: WayBack(
        "withdrew a pupil's record, as pupil merge does",
        "where they are two pupils: give the withdrawn record another UPN with attendance pupil "
        "correct, enter the pupil anew under the own one with attendance pupil enrol, and the "
        "marks with attendance mark",
    ),
    roll.PupilRemoved: WayBack(
        "took a pupil off the roll",
        "a last day to come is changed with attendance pupil remove; after it attendance pupil "
        "enrol enters the pupil again, by the same UPN",
    ),
    roll.DetailsAmended: WayBack(
        "amended a detail of a pupil",
        "attendance pupil correct amends it back, with its own reason",
    ),
    roll.PupilEnrolled: WayBack(
        "entered a pupil on the roll",
        "attendance pupil merge withdraws a record that was entered twice; attendance pupil "
        "remove ends a place on roll, attendance pupil correct amends a detail",
    ),
    roll.GroupJoined: WayBack(
        "moved a pupil to a group",
        "attendance pupil move puts the pupil back, with --to the group before and --from the "
        "same day; a cohort is ended with --leave; attendance pupil correct-move amends the day",
    ),
    roll.GroupLeft: WayBack(
        "took a pupil out of a group",
        "attendance pupil move puts the pupil back, with --to the group and --from the same day; "
        "attendance pupil correct-move amends the day",
    ),
    roll.ParentRecorded: WayBack(
        "recorded a parent",
        f"attendance parent record: {_CORRECT}, with --reason",
    ),
    roll.RelationRecorded: WayBack(
        "recorded what a parent is to a pupil",
        f"attendance relation record: {_CORRECT}, with --reason",
    ),
    roll.AdmissionAmended: WayBack(
        "amended the admission register",
        f"attendance parent record or relation record: {_CORRECT}, with --reason; "
        "attendance pupil correct-move amends the day of a move back",
    ),
    calendar.SessionCancelled: WayBack(
        "cancelled sessions that nobody had marked",
        "attendance closures withdraw takes the cancellation back; attendance amend then says "
        "what stood in each session",
    ),
    calendar.SessionsClosed: WayBack(
        "closed sessions that were planned not to be held",
        "attendance closures withdraw takes the closure back",
    ),
    calendar.ClosureWithdrawn: WayBack(
        "withdrew a closure or a cancellation",
        "attendance closures add closes the session again; attendance session cancel, where it "
        "was cancelled on the day",
    ),
    calendar.TermSet: WayBack(
        "set a term", f"attendance terms set: {_CORRECT}, by the same name and year"
    ),
    calendar.RegisterTimesSet: WayBack(
        "set register times", f"attendance register times: {_CORRECT}, from the same day"
    ),
    school.SchoolOpened: WayBack(
        "recorded the school", f"attendance school set: {_CORRECT}"
    ),
    school.StaffJoined: WayBack(
        "recorded a member of staff", f"attendance staff change: {_CORRECT}, from the same day"
    ),
    school.StaffChanged: WayBack(
        "changed a member of staff", f"attendance staff change: {_CORRECT}, from the same day"
    ),
    school.RolesChanged: WayBack(
        "gave or took roles", "attendance staff change says which roles somebody has"
    ),
    amending.EntryTakenBack: WayBack(
        "took back an entry",
        "attendance taken-back shows what it said: what was right after all is recorded anew, by "
        "the command that is about it",
    ),
    school.StaffLeft: WayBack(
        "recorded that a member of staff left", "attendance staff change takes the person on again"
    ),
    leave.LeaveFalsified: WayBack(
        "recorded that leave was obtained falsely",
        f"{_STAYS}; attendance amend says what each session is",
    ),
    leave.LeaveWithdrawn: WayBack(
        "withdrew leave", "attendance leave request asks for it again"
    ),
    leave.LeaveDecided: WayBack(
        "decided on leave",
        "leave that was granted is taken back with attendance leave withdraw; leave that was "
        "refused may be granted with attendance leave grant",
    ),
    leave.LeaveRequested: WayBack(
        "recorded a request for leave", "attendance leave withdraw takes the request back"
    ),
    amending.AmendmentRequested: WayBack(
        "asked for amendments that wait for a second person",
        "attendance approvals withdraw takes the request back",
    ),
    amending.AmendmentApproved: WayBack(
        "approved amendments", "attendance amend says what is to stand"
    ),
    amending.AmendmentDeclined: WayBack(
        "declined amendments", "attendance amend asks for them again"
    ),
    amending.RequestWithdrawn: WayBack(
        "withdrew a request for amendments", "attendance amend asks for them again"
    ),
    amending.EvidenceGiven: WayBack("gave evidence",
        f"{_TAKEN_BACK}; attendance redact puts a wrong text beyond use",
    ),
    amending.PolicyAdopted: WayBack(
        "adopted a policy", "attendance policy adopt applies another one, from today or later"
    ),
    penalties.PenaltyConsidered: WayBack(
        "recorded what was decided about a penalty notice", _TAKEN_BACK
    ),
    penalties.NoticeStated: WayBack("recorded a penalty notice",
        f"{_TAKEN_BACK}; attendance notice record states it again as it is, or that it was "
        "withdrawn",
    ),
    penalties.NoticesConfirmed: WayBack("recorded what the authority confirmed", _TAKEN_BACK),
    penalties.AlertSettled: WayBack("settled an alert", _TAKEN_BACK),
    casework.CaseworkStepTaken: WayBack(
        "recorded a step with a family",
        f"attendance casework correct says it again as it was; {_TAKEN_BACK}",
    ),
    casework.CaseworkStepCorrected: WayBack(
        "corrected a step with a family", "attendance casework correct corrects it again"
    ),
    returns.ReturnMade: WayBack("recorded a return to the authority", _TAKEN_BACK),
    returns.ReturnAgreed: WayBack(
        "recorded what was agreed with the authority",
        "attendance returns agree: record what is agreed now",
    ),
    disclosure.Disclosed: WayBack("recorded that something left the school", _TAKEN_BACK),
    disclosure.NamesShown: WayBack("recorded who looked up names", _STAYS),
    disclosure.FieldRedacted: WayBack(
        "put a text beyond use", "that is for good; attendance amend says what is to stand"
    ),
    register.SessionMarked: WayBack(
        "entered first marks",
        "a mark is never blanked: say what the register said with attendance amend",
    ),
    register.RegisterTaken: WayBack(
        "recorded that a register was taken", "attendance amend says what is to stand"
    ),
    register.SourceConflicted: WayBack(
        "kept what a person here had said",
        "attendance alerts shows what another system states; attendance amend settles it",
    ),
    register.MarksUncounted: WayBack(
        "recorded marks that stopped counting", "attendance alerts shows them, and by what"
    ),
    penalties.CaseUndercut: WayBack(
        "recorded a case that was undercut", "attendance alerts shows it, and by what"
    ),
    log.ClockCorrected: WayBack(
        "recorded that a clock was wrong", f"attendance clock correct: {_CORRECT}"
    ),
    log.DayConfirmed: WayBack(
        "recorded which day it was", "attendance clock correct, where the clock was wrong"
    ),
    log.LedgerCreated: WayBack("created the ledger", _STAYS),
    log.KeyAdopted: WayBack(
        "adopted a signing key", "attendance key rotate lets another take its place"
    ),
    proof.WitnessTrusted: WayBack(
        "trusted a witness", "attendance witness drop takes that back"
    ),
    proof.WitnessDropped: WayBack(
        "dropped a witness", "attendance witness trust trusts it again"
    ),
    backup.BackupMade: WayBack("made a back-up", _STAYS),
    backup.LedgerRestored: WayBack("restored the ledger", _STAYS),
    log.RulesAdopted: WayBack("adopted the rules of the law", _STAYS),
}  # fmt: skip
"""By kind of event; of several in one batch the first here is what it was about."""

_BEFORE = "attendance put-back puts back what stood before one command"
_MARK = f"attendance amend says what is to stand; {_BEFORE}"
_PLAN = f"attendance plan change or plan withdraw says what is expected; {_BEFORE}"
GOES_BACK: Mapping[type[Event], str] = {
    register.MarkCorrected: _MARK,
    register.MarkAmended: _MARK,
    register.SourceRestated: _MARK,
    register.AbsencePlanned: _PLAN,
    register.PlanChanged: _PLAN,
    register.PlanWithdrawn: f"attendance plan add says what is expected; {_BEFORE}",
}
"""What to do where a change that `put-back` puts back was wrong, by kind of event."""


def remedy_of(kind: type[Event]) -> str | None:
    """Return what to do where an entry was wrong; none for the header of a batch."""
    way = WAYS.get(kind)
    return way.remedy if way else GOES_BACK.get(kind)


def way_back(kinds: Collection[type[Event]]) -> WayBack:
    """Return what takes back a batch of such events, none of which changed a mark or plan."""
    return next(way for kind, way in WAYS.items() if kind in kinds)
