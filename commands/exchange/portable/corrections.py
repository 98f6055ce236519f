"""Amendments of pupils' entries in the admission register, as another system states them."""

from collections import Counter
from datetime import date
from typing import Any, get_args

from commands.exchange.portable.decided import CorrectionRow
from commands.exchange.portable.rows import event_of
from commands.exchange.portable.work import Work, in_time
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import DETAILS, AdmissionAmended, DetailsAmended, GroupKind
from ledger.formats import fields
from ledger.formats.portable import CORRECTIONS
from ledger.state.school import Pupil
from policies.law import age

_MOVES: tuple[str, ...] = get_args(GroupKind)
"""What is amended of a move: its day, under the kind of its groups."""
_AMENDMENTS = "amendments of the admission register"


def not_held_of(work: Work, pupil: Pupil, upn: str) -> list[CorrectionRow]:
    """Return the amendments of a pupil's entry that the ledger does not hold, in order."""
    table = work.content.decided.get(CORRECTIONS)
    rows = [row for row in table.rows if isinstance(row, CorrectionRow)] if table else []
    history = work.state.histories.get(streams.pupil(pupil.id), ())
    amended = (each for each in history if isinstance(each, DetailsAmended | AdmissionAmended))
    held = Counter(_said(work, event) for event in amended)
    found = []
    for row in in_time(row for row in rows if row.upn == upn and row.parent_id is None):
        said = (row.field, row.original, row.amended, row.reason, row.by)
        if not held[said]:
            found.append(row)
        else:
            held[said] -= 1
    return found


def _said(work: Work, event: DetailsAmended | AdmissionAmended) -> tuple[object, ...]:
    names = ("field", "original", "amended", "reason", "by")
    return tuple(work.opened(event, names).values())


def record(work: Work, pupil_id: str, row: CorrectionRow) -> None:
    """Record an amendment of a pupil's entry, which must follow from what stands."""
    if why := _fault(work, work.school.pupils[pupil_id], row):
        work.problems.refuse(CORRECTIONS, row.line, why)
        return
    stream = streams.pupil(pupil_id)
    if row.field in _MOVES:
        work.record(_AMENDMENTS, stream, event_of(AdmissionAmended, row))
        return
    followed: dict[str, Any] = {}
    if row.field == "dob":
        day = day_of(work, CORRECTIONS, row.line, row.amended)
        if day is None:
            return
        followed = birth(day)
    event = event_of(DetailsAmended, row, **followed)
    work.record(_AMENDMENTS, stream, event)


def _fault(work: Work, pupil: Pupil, row: CorrectionRow) -> Refused | None:
    if row.field not in (*DETAILS, "boarder", *_MOVES):
        return fields.unknown_word(row.field, (*DETAILS, "boarder", *_MOVES))
    if row.field in _MOVES and None in (row.reason, row.by, row.name, row.job_title):
        return Refused(
            "correction-author",
            f"the day of a move ({row.field}) is amended without a reason, or by nobody",
            "give reason, by, name and job_title",
        )
    if row.field in DETAILS and work.text(pupil.details[row.field]) != row.original:
        return Refused(
            "correction-order",
            f"{row.field} was not {row.original or 'empty'} then",
            "correct original, or recorded_on, which sets the order",
        )
    return fields.future_instant(row.stated, work.now, "recorded_on")


def day_of(work: Work, file: str, line: int, text: str | None) -> date | None:
    """Return a date of birth; none, and a refusal, where it is none."""
    try:
        return fields.day(text or "")
    except Refused as why:
        work.problems.refuse(file, line, why)
        return None


def birth(dob: date) -> dict[str, Any]:
    """Return what follows from a date of birth, which stays in clear."""
    return {"birth_cohort": age.birth_cohort(dob), "compulsory_from": age.begins(dob)}
