"""The case in a copy for the family: casework, leave, evidence, what left, destroyed keys."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from typing import Any

from ledger.clock import local_date
from ledger.events import streams
from ledger.store.store import Store
from projections.amending import evidence
from projections.disclosure.copy import THIRD_PARTY, Copy, Section
from projections.disclosure.disclosures import extract_row, extracts
from projections.readmodel.records.amending import Request
from projections.readmodel.records.disclosure import Redaction
from projections.readmodel.records.leave import LeaveAsked, LeaveStep
from projections.readmodel.records.penalties import CaseworkStep, Consideration

_OF_SESSIONS = (streams.MARK, streams.PLAN, streams.APPROVAL)
_TO_FAMILIES = ("letter", "subject-access", "other")


def case_sections(copy: Copy) -> Iterator[Section]:
    """Yield what was done about the pupil, and with what is held."""
    yield _requests(copy)
    yield _casework(copy)
    yield _considerations(copy)
    yield _leave(copy)
    yield _leave_steps(copy)
    yield _evidence(copy)
    yield _recipients(copy)
    yield _beyond_use(copy)


def _requests(copy: Copy) -> Section:
    """Return amendments that a second person had to approve, and what became of them."""
    known = copy.view.standing(Request, pupil=copy.pupil)
    rows = [
        {
            "session": each.session,
            "was": each.original,
            "asked": each.code,
            "reason": copy.release_sealed(each.reason),
            "by": f"{copy.view.open(each.name)}, {each.job_title}",
            "decision": each.decision or "not decided yet",
            "decided_by": None
            if each.decided_name is None
            else f"{copy.view.open(each.decided_name)}, {each.decided_title}",
        }
        for each in sorted(known, key=lambda each: each.session)
    ]
    headings = {
        "session": "Session",
        "was": "Stood as",
        "asked": "Asked for",
        "reason": "Reason",
        "by": "By",
        "decision": "Decision",
        "decided_by": "Decided by",
    }
    return Section("requests", "Amendments that needed approval", headings, rows)


def _casework(copy: Copy) -> Section:
    known = copy.view.standing(CaseworkStep, pupil=copy.pupil)
    rows = [
        {
            "on": each.on_date,
            "step": each.step,
            "by": _staff_on(copy, each.by, each.on_date),
            "with": each.with_whom
            and (THIRD_PARTY if copy.review is None else copy.release_sealed(each.with_whom)),
            "outcome": copy.release_sealed(each.outcome),
            "notes": copy.release_sealed(each.notes),
        }
        for each in sorted(known, key=lambda each: (each.on_date, each.step))
    ]
    headings = {
        "on": "Date",
        "step": "Step",
        "by": "By",
        "with": "With",
        "outcome": "Outcome",
        "notes": "Notes",
    }
    return Section("casework", "Casework about the pupil", headings, rows)


def _considerations(copy: Copy) -> Section:
    known = copy.view.standing(Consideration, pupil=copy.pupil)
    rows = [
        {
            "on": _day(copy, each.line),
            "decision": each.decision,
            "sessions": each.counted,
            "reason": copy.release_sealed(each.reason),
            "by": f"{copy.view.open(each.name)}, {each.job_title}",
        }
        for each in sorted(known, key=lambda each: each.line)
    ]
    headings = {
        "on": "Date",
        "decision": "Decision",
        "sessions": "Sessions counted",
        "reason": "Reason",
        "by": "By",
    }
    return Section("considerations", "Penalty notices considered", headings, rows)


def _leave(copy: Copy) -> Section:
    known = copy.view.standing(LeaveAsked, pupil=copy.pupil)
    rows = [
        {
            "asked_on": each.asked_on,
            "first": each.first,
            "last": each.last,
            "purpose": each.purpose,
            "asked_by": _asked_by(copy, each),
            "reason": copy.release_sealed(each.reason),
        }
        for each in sorted(known, key=lambda each: (each.asked_on, each.first, each.last))
    ]
    headings = {
        "asked_on": "Asked on",
        "first": "From",
        "last": "To",
        "purpose": "Purpose",
        "asked_by": "Asked by",
        "reason": "Reason given",
    }
    return Section("leave", "Leave asked for", headings, rows)


def _asked_by(copy: Copy, asked: LeaveAsked) -> str | None:
    if copy.review is not None:
        return copy.release_sealed(asked.asked_by)
    if asked.parent and asked.parent == copy.parent:
        return copy.name_of(asked.parent)
    return asked.asked_by and THIRD_PARTY


def _leave_steps(copy: Copy) -> Section:
    known = copy.view.standing(LeaveStep, pupil=copy.pupil)
    rows = [
        {
            "on": _day(copy, each.line),
            "step": each.step,
            "first": each.first,
            "last": each.last,
            "code": each.code,
            "reason": copy.release_sealed(each.reason),
            "letter_on": each.letter_on,
            "by": f"{copy.view.open(each.name)}, {each.job_title}",
        }
        for each in sorted(known, key=lambda each: each.line)
    ]
    headings = {
        "on": "Date",
        "step": "Decision",
        "first": "From",
        "last": "To",
        "code": "Code",
        "reason": "Reason",
        "letter_on": "Letter of",
        "by": "By",
    }
    return Section("leave_decisions", "What became of it", headings, rows)


def _evidence(copy: Copy) -> Section:
    rows = [
        {
            "on": row["recorded_at"][:10],
            "file": copy.release(row["file"]),
            "copied": "yes" if row["copied"] else "no",
        }
        for row in evidence.rows(copy.view, copy.pupil)
    ]
    headings = {"on": "Recorded", "file": "File", "copied": "Copy kept"}
    notes = ["The files themselves are asked for apart."] if rows else []
    return Section("evidence", "Evidence that amendments rest on", headings, rows, notes)


def _recipients(copy: Copy) -> Section:
    """Return to whom the pupil's data went (art 15(1)(c)); another family member is not named."""
    found = sorted(extracts(copy.view), key=lambda each: (each.on, each.position))
    rows = [
        _recipient(copy, extract_row(copy.view, each))
        for each in found
        if copy.pupil in each.pupils
    ]
    headings = {
        "on": "Left on",
        "kind": "What",
        "to": "To",
        "first": "Covers from",
        "last": "To day",
        "by": "By",
    }
    return Section("disclosures", "What left the school about the pupil", headings, rows)


def _recipient(copy: Copy, row: Mapping[str, Any]) -> dict[str, Any]:
    family = row["kind"] in _TO_FAMILIES and copy.review is None
    return {
        "on": row["on"],
        "kind": row["kind"],
        "to": THIRD_PARTY if family else row["to"] and copy.mask(row["to"]),
        "first": row["first"],
        "last": row["last"],
        "by": f"{row['by']}, {row['title']}",
    }


def _beyond_use(copy: Copy) -> Section:
    """Return what is beyond use: kinds of texts whose key was destroyed, and single ones."""
    pupil = copy.view.pupil_id(copy.pupil)
    rows = [
        {"texts": purpose, "on": local_date(at).isoformat()}
        for purpose, at in copy.view.ring.destructions(pupil)
    ]
    rows += _redacted_texts(copy, pupil)
    headings = {"texts": "Texts", "on": "Key destroyed on"}
    return Section("destroyed", "Texts beyond use", headings, rows)


def _redacted_texts(copy: Copy, pupil: str) -> Iterator[dict[str, Any]]:
    """Yield the single texts about the pupil that were redacted; what they said is nowhere."""
    found = sorted(copy.view.standing(Redaction), key=lambda each: each.line)
    with closing(Store(copy.view.folder.log)) as store:
        for each in found:
            event = store.at(each.position)
            kind, *keys = streams.parts(event.stream if event else "")
            if keys[:1] == [pupil]:
                of = f"{kind} {keys[1]}" if f"{kind}:" in _OF_SESSIONS else kind
                yield {"texts": f"{each.field} ({of})", "on": _day(copy, each.line)}


def _staff_on(copy: Copy, staff: str | None, day: date) -> str | None:
    name, title = copy.describer.name_and_title(staff, day)
    return ", ".join(filter(None, (name, title))) or None


def _day(copy: Copy, position: int) -> str:
    return local_date(copy.view.commits.of(position).at).isoformat()
