"""`notices` for reading: the tables and what they mean, and the lists in the cells of the CSV."""

from collections.abc import Iterator, Sequence
from typing import Any

from projections.queries.question import Block, Grid, number_of
from projections.queries.view import View

WEEKS = "school-weeks"
"""Why nothing counts as before where no session changed: the school weeks counted together did."""


def blocks(view: View, rows: Sequence[dict[str, Any]]) -> list[Block]:
    """Return the notices, what was amended since, and what does not count."""
    body = [
        (
            row["issued_on"], row["parent_id"], row["upn"], row["name"], row["kind"],
            row["outcome"] or ("paid" if row["paid_on"] else ""), str(len(row["sessions"])),
            str(row["relevant_now"]), str(len(row["amended_since_issue"])),
            str(len(row["uncounted"])),
        )
        for row in rows
    ]  # fmt: skip
    headings = (
        "Issued", "Parent", "UPN", "Pupil", "Kind", "Outcome", "Sessions", "Relevant now",
        "Changes since issue", "Not counted",
    )  # fmt: skip
    waiting = sum(len(row["pending"]) for row in rows)
    notes = [_MEANING, *_waits(waiting), view.provenance()]
    found: list[Block] = [
        Grid(number_of(len(rows), "notice"), headings, body, frozenset({6, 7, 8, 9}), notes=notes)
    ]
    changed = [line for row in rows for line in _changed(row)]
    if changed:
        names = (*_CHANGED, "Recorded here", "By", "Reason")
        found.append(Grid("Sessions amended after issue", names, changed))
    uncounted = [line for row in rows for line in _not_counted(row)]
    if uncounted:
        titles = ("Issued", "UPN", "Sessions", "Which", "Stands", "Why")
        found.append(Grid("Sessions relied on that do not count", titles, uncounted))
    return found


def _not_counted(row: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a line for each reason, with how many sessions it is about, the first and last."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for each in row["uncounted"]:
        grouped.setdefault(_why(each), []).append(each)
    for why, found in grouped.items():
        names = [each["session"] or "-" for each in found]
        sessions = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        codes = sorted({each["code"] or "-" for each in found})
        yield row["issued_on"], row["upn"], str(len(found)), sessions, ", ".join(codes), why


def _why(each: dict[str, Any]) -> str:
    if each["session"] is None:
        return str(each["words"])
    return f"{'no longer counts' if each['since_issue'] else 'does not count'}: {each['words']}"


def _waits(count: int) -> list[str]:
    if not count:
        return []
    what = number_of(count, "requested amendment")
    return [
        f"Waiting for approval: {what} of these sessions, not yet in it: attendance approvals."
    ]


_MEANING = (
    "Sessions: those the notice states, else those of its offence period with an entry. Relevant "
    "now: unauthorised or unexplained as the register stands. Not counted: such entries that a "
    "closure, term, roll or age keeps from counting. It is no finding about a parent."
)


_CHANGED = ("Issued", "UPN", "Session", "Was", "Became", "Made")


def _by(change: dict[str, Any]) -> str:
    """Name who made a change, else the import that it came by."""
    if change["by"] is not None:
        return str(change["by"]["name"])
    return f"import of {change['source']}" if change["source"] else "not stated"


def _changed(row: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            row["issued_on"], row["upn"], c["session"], c["was"] or "-", c["became"],
            c["when"][:10], c["recorded_at"][:10], _by(c), c["reason"] or "",
        )
        for c in row["amended_since_issue"]
    ]  # fmt: skip


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as CSV has it: lists in one cell, separated by semicolons."""
    changes = [
        f"{c['session']} {c['was'] or '-'}>{c['became']} {c['when']} "
        f"{_by(c)}: {c['reason'] or ''}".rstrip(": ")
        for c in row["amended_since_issue"]
    ]
    uncounted = [
        f"{each['session'] or WEEKS} {each['code'] or ''}".rstrip() + f": {_why(each)}"
        for each in row["uncounted"]
    ]
    waiting = [f"{p['session']} {p['stands']}>{p['requested']}" for p in row["pending"]]
    lists = {"amended_since_issue": changes, "uncounted": uncounted, "pending": waiting}
    return row | {name: ";".join(items) for name, items in lists.items()}
