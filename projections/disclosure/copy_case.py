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
    columns = "session, original, code, reason, name, job_title, decision, decided_name, "
    rows = [
        {
            "session": session,
            "was": original,
            "asked": code,
            "reason": copy.release_sealed(reason),
            "by": f"{copy.view.open(name)}, {title}",
            "decision": decision or "not decided yet",
            "decided_by": None if who is None else f"{copy.view.open(who)}, {decider}",
        }
        for session, original, code, reason, name, title, decision, who, decider in sorted(
            copy.view.stood(columns + "decided_title", "approvals", "pupil = :v0", copy.pupil),
            key=lambda row: row[0],
        )
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
    columns = 'step, on_date, "by", with_whom, outcome, notes'
    rows = [
        {
            "on": on,
            "step": step,
            "by": _staff_on(copy, by, on),
            "with": with_whom
            and (THIRD_PARTY if copy.review is None else copy.release_sealed(with_whom)),
            "outcome": copy.release_sealed(outcome),
            "notes": copy.release_sealed(notes),
        }
        for step, on, by, with_whom, outcome, notes in sorted(
            copy.view.stood(columns, "casework", "pupil = :v0", copy.pupil),
            key=lambda row: (row[1], row[0]),
        )
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
    columns = "line, decision, reason, name, job_title, counted"
    rows = [
        {
            "on": _day(copy, line),
            "decision": decision,
            "sessions": count,
            "reason": copy.release_sealed(reason),
            "by": f"{copy.view.open(name)}, {title}",
        }
        for line, decision, reason, name, title, count in sorted(
            copy.view.stood(columns, "considerations", "pupil = :v0", copy.pupil)
        )
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
    columns = "asked_on, first, last, purpose, parent, asked_by, reason"
    rows = [
        {
            "asked_on": asked_on,
            "first": first,
            "last": last,
            "purpose": purpose,
            "asked_by": _asked_by(copy, parent, who),
            "reason": copy.release_sealed(reason),
        }
        for asked_on, first, last, purpose, parent, who, reason in sorted(
            copy.view.stood(columns, "leave_requests", "pupil = :v0", copy.pupil),
            key=lambda row: row[:3],
        )
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


def _asked_by(copy: Copy, parent: str | None, who: str | None) -> str | None:
    if copy.review is not None:
        return copy.release_sealed(who)
    return copy.name_of(parent) if parent and parent == copy.parent else who and THIRD_PARTY


def _leave_steps(copy: Copy) -> Section:
    columns = "line, step, first, last, code, reason, letter_on, name, job_title"
    rows = [
        {
            "on": _day(copy, line),
            "step": step,
            "first": first,
            "last": last,
            "code": code,
            "reason": copy.release_sealed(reason),
            "letter_on": letter_on,
            "by": f"{copy.view.open(name)}, {title}",
        }
        for line, step, first, last, code, reason, letter_on, name, title in sorted(
            copy.view.stood(columns, "leave_decisions", "pupil = :v0", copy.pupil)
        )
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
        for row in evidence.rows(copy.view, copy.describer, copy.pupil)
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
    sql = "SELECT pupil FROM pupils WHERE idx = ?"
    (pupil,) = copy.view.db.execute(sql, [copy.pupil]).fetchone()
    rows = [
        {"texts": purpose, "on": local_date(at).isoformat()}
        for purpose, at in copy.view.ring.destructions(pupil)
    ]
    rows += _redacted_texts(copy, pupil)
    headings = {"texts": "Texts", "on": "Key destroyed on"}
    return Section("destroyed", "Texts beyond use", headings, rows)


def _redacted_texts(copy: Copy, pupil: str) -> Iterator[dict[str, Any]]:
    """Yield the single texts about the pupil that were redacted; what they said is nowhere."""
    found = sorted(copy.view.stood("line, position, field", "redactions"))
    with closing(Store(copy.view.folder.log)) as store:
        for line, position, field in found:
            event = store.at(position)
            kind, *keys = streams.parts(event.stream if event else "")
            if keys[:1] == [pupil]:
                of = f"{kind} {keys[1]}" if f"{kind}:" in _OF_SESSIONS else kind
                yield {"texts": f"{field} ({of})", "on": _day(copy, line)}


def _staff_on(copy: Copy, staff: str | None, day: str) -> str | None:
    name, title = copy.describer.name_and_title(staff, date.fromisoformat(day))
    return ", ".join(filter(None, (name, title))) or None


def _day(copy: Copy, position: int) -> str:
    return local_date(copy.describer.commit(position).at).isoformat()
