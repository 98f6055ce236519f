"""By which rows of `policies/roles.toml` each fact of an import would be given by hand.

Whoever imports by name records by a file only what they may record without one.
"""

from collections import defaultdict
from collections.abc import Mapping

from commands.exchange.portable.work import Work
from ledger.events import (
    amending,
    calendar,
    leave,
    penalties,
    register,
    returns,
    roll,
    school,
    streams,
)
from ledger.events.base import Event, SourcedEvent
from ledger.events.disclosure import Disclosed
from ledger.formats import portable

ACCEPTING = "import portable --accept-findings"
_ACTS: Mapping[type[Event], tuple[str, str]] = {
    school.StaffJoined: ("staff add", portable.STAFF),
    school.StaffChanged: ("staff change", portable.STAFF),
    school.StaffLeft: ("staff leave", portable.STAFF),
    school.SchoolOpened: ("school set", portable.SCHOOL),
    calendar.RegisterTimesSet: ("register times", portable.SCHOOL),
    calendar.TermSet: ("terms set", portable.SCHOOL),
    calendar.SessionsClosed: ("closures add", portable.SCHOOL),
    calendar.SessionCancelled: ("session cancel", portable.SCHOOL),
    calendar.ClosureWithdrawn: ("closures withdraw", portable.SCHOOL),
    roll.PupilEnrolled: ("pupil enrol", portable.PUPILS),
    roll.PupilRemoved: ("pupil remove", portable.PUPILS),
    roll.EnrolmentWithdrawn: ("pupil merge", portable.PUPILS),
    roll.DetailsAmended: ("pupil correct", portable.PUPILS),
    roll.GroupJoined: ("pupil move", portable.GROUPS),
    roll.GroupLeft: ("pupil move", portable.GROUPS),
    roll.ParentRecorded: ("parent record", portable.PARENTS),
    roll.RelationRecorded: ("relation record", portable.RELATIONS),
    roll.AdmissionAmended: ("pupil correct", portable.CORRECTIONS),
    penalties.NoticeStated: ("notice record", portable.NOTICES),
    penalties.NoticesConfirmed: ("notices confirm", portable.CONFIRMATIONS),
    penalties.AlertSettled: ("alerts dismiss", portable.UNCOUNTED),
    penalties.PenaltyConsidered: ("penalties consider", portable.CONSIDERATIONS),
    leave.LeaveRequested: ("leave request", portable.LEAVE),
    leave.LeaveDecided: ("leave grant", portable.LEAVE),
    leave.LeaveFalsified: ("leave falsified", portable.LEAVE),
    leave.LeaveWithdrawn: ("leave withdraw", portable.LEAVE),
    amending.AmendmentApproved: ("approvals give", portable.APPROVALS),
    amending.AmendmentDeclined: ("approvals decline", portable.APPROVALS),
    returns.ReturnMade: ("returns made", portable.RETURNS),
    returns.ReturnAgreed: ("returns agree", portable.RETURNS),
    Disclosed: ("disclosures record", portable.DISCLOSURES),
    register.RegisterTaken: ("register take", portable.REGISTERS),
}
"""The act, and the file that states it; of what is not named anybody on the staff may."""
_PLACES = 3


def acts_of(work: Work, *, accepted: bool) -> dict[str, str]:
    """Return the acts that an import is made of, each with the rows that state it.

    ``accepted``: whether findings were accepted that stood in its way.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for stream, event in work.facts:
        if (act := _ACTS.get(type(event))) is not None:
            words = "pupil correct" if _corrects(work, stream, event) else act[0]
            row = event.row if isinstance(event, SourcedEvent) else None
            found[words].append(act[1] if row is None else f"{act[1]}:{row}")
    said = {words: _told(places) for words, places in found.items()}
    return said | ({ACCEPTING: "findings are accepted"} if accepted else {})


def _corrects(work: Work, stream: str, event: Event) -> bool:
    """Tell whether a spell on roll that is held is stated otherwise."""
    if not isinstance(event, roll.PupilEnrolled):
        return False
    held = work.state.school.pupils.get(streams.subject(stream))
    return held is not None and event.starts_on in held.spells


def _told(places: list[str]) -> str:
    shown = list(dict.fromkeys(places))
    return ", ".join([*shown[:_PLACES], *(["…"] if len(shown) > _PLACES else [])])
