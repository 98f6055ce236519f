"""Amendments that wait for a second person, and what became of others."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ledger.clock import iso, local
from ledger.english import number_of
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.question import Answer, Question, option
from projections.queries.view import View
from projections.readmodel.accessors.marks import standing_marks
from projections.readmodel.records.amending import Request

GROUNDS = {
    "late": "late",
    "many": "many at once",
    "relied-on": "a notice relied on it",
}
_COLUMNS = (
    "batch", "upn", "name", "session", "original", "code", "grounds", "reason", "requested_at",
    "requested_by", "requested_title", "stands", "stale", "decision", "decided_at", "decided_by",
    "decided_title", "decided_reason",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Approvals(Question):
    """attendance approvals: amendments that wait for a second person, and what became of others.

    One row a requested change; whatever the session's date.
    """

    all_: bool = option("those decided too, with who decided, when and why", default=False)
    batch: str | None = option("the requests of one batch")
    pupil: str | None = option("the requests about one pupil, by UPN or local id")

    def answer(self, view: View) -> Answer:
        """Answer with what waits, or with all that was requested, by batch, session and pupil."""
        document: dict[str, Any] = {"as_of": view.as_of(), "rows": []}
        if view.knows_nothing:
            return Answer(
                {**document, "knows_nothing": True}, _COLUMNS, [Lines([view.ignorance()])]
            )
        rows = [_row(view, each) for each in view.standing(Request, **_wanted(self, view))]
        rows.sort(key=lambda r: (r["position"], r["session"], r["upn"]))
        flat = [{**row, "grounds": " ".join(row["grounds"])} for row in rows]
        waiting = sum(row["decision"] is None for row in rows)
        document |= {"pending": waiting, "rows": rows}
        if not rows:
            words = "nothing was requested" if self.all_ else "no amendment waits for approval"
            return Answer(document, _COLUMNS, [Lines([words, view.provenance()])], flat)
        return Answer(document, _COLUMNS, list(_blocks(self, view, rows, waiting)), flat)


def _wanted(question: Approvals, view: View) -> dict[str, Any]:
    """Return by which columns the requests asked about are found."""
    wanted: dict[str, Any] = {}
    if question.batch is not None:
        wanted["batch"] = question.batch
    if question.pupil is not None:
        wanted["pupil"] = view.pupil_index(question.pupil)
    return wanted if question.all_ else wanted | {"decision": None}


def _row(view: View, each: Request) -> dict[str, Any]:
    person = view.people.get(each.pupil) or view.first_known_person(each.pupil)
    stands = _standing_code(view, each.pupil, each.session)
    return {
        "batch": each.batch,
        "upn": person.upn,
        "name": person.name,
        "session": each.session,
        "original": each.original,
        "code": each.code,
        "minutes_late": each.minutes_late,
        "nature": view.open(each.nature),
        "grounds": list(each.grounds),
        "reason": view.open(each.reason),
        "requested_at": _at(view, each.position),
        "requested_by": view.open(each.name),
        "requested_staff": each.by,
        "requested_title": each.job_title,
        "position": each.position,
        "stands": stands,
        "stale": each.decision is None and stands != each.original,
        "decision": each.decision,
        "decided_at": None if each.decided is None else _at(view, each.decided),
        "decided_by": view.open(each.decided_name),
        "decided_title": each.decided_title,
        "decided_reason": view.open(each.decided_reason),
        "decided_position": each.decided,
    }


def _standing_code(view: View, pupil: int, session: str) -> str | None:
    return next((mark.code for mark in standing_marks(view, pupil, session)), None)


def _at(view: View, position: int) -> str:
    return iso(view.commits.of(position).at)


def _blocks(
    question: Approvals, view: View, rows: list[dict[str, Any]], waiting: int
) -> Iterator[Block]:
    """Yield the count, a table for each batch, author and reason, and what to know of them."""
    waits = "waits" if waiting == 1 else "wait"
    yield Lines([f"{number_of(waiting, 'amendment')} {waits} for approval"])
    headings = ["Session", "Pupil", "UPN", "Change", "Why it is held"]
    if question.all_:
        headings.append("What became of it")
    for (batch, _, _, reason), requests in groupby(rows, key=_request_key):
        of_it = list(requests)
        body = [_line(view, row)[: len(headings)] for row in of_it]
        yield Grid(f"Batch {batch}, {_who(view, of_it[0])}: {reason}", headings, body)
    notes = [view.provenance()]
    if waiting:
        notes.insert(0, "Until it is approved, the mark stands as it was, and counts so.")
    if any(row["stale"] for row in rows):
        notes.insert(0, "* The mark has changed since: decline the request, and ask again.")
    yield Lines(notes)


def _request_key(row: dict[str, Any]) -> tuple[str, str, str, str]:
    return row["batch"], row["requested_at"], row["requested_staff"], row["reason"]


def _who(view: View, row: dict[str, Any]) -> str:
    at = local(view.commits.of(row["position"]).at)
    return f"asked for by {row['requested_by']} ({row['requested_title']}), {at:%Y-%m-%d %H:%M}"


def _line(view: View, row: dict[str, Any]) -> list[str]:
    stale = f" * ({row['stands'] or 'no mark'} stands now)" if row["stale"] else ""
    grounds = ", ".join(GROUNDS[ground] for ground in row["grounds"])
    change = f"{row['original']} -> {row['code']}{stale}"
    return [row["session"], row["name"], row["upn"], change, grounds, _fate(view, row)]


def _fate(view: View, row: dict[str, Any]) -> str:
    if row["decision"] is None:
        return "waits"
    at = local(view.commits.of(row["decided_position"]).at)
    why = f": {row['decided_reason']}" if row["decided_reason"] else ""
    who = f"{row['decided_by']} ({row['decided_title']})"
    return f"{row['decision']} by {who}, {at:%Y-%m-%d %H:%M}{why}"
