"""Amendments that wait for a second person, and what became of others."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ledger.clock import iso, local
from ledger.english import number_of
from projections.queries.question import Answer, Block, Grid, Lines, Question, option
from projections.queries.view import View
from projections.readmodel.mark_rows import VERSIONS, row_id

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
_READ = (
    'pupil, session, batch, original, code, minutes_late, nature, grounds, reason, "by", name, '
    "job_title, position, decision, decided, decided_reason, decided_name, decided_title"
)


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
        where, values = _where(self, view)
        found = view.stood(_READ, "approvals", where, *values)
        rows = [_row(view, *row) for row in found]
        rows.sort(key=lambda r: (r["position"], r["session"], r["upn"]))
        flat = [{**row, "grounds": " ".join(row["grounds"])} for row in rows]
        waiting = sum(row["decision"] is None for row in rows)
        document |= {"pending": waiting, "rows": rows}
        if not rows:
            words = "nothing was requested" if self.all_ else "no amendment waits for approval"
            return Answer(document, _COLUMNS, [Lines([words, view.provenance()])], flat)
        return Answer(document, _COLUMNS, list(_blocks(self, view, rows, waiting)), flat)


def _where(question: Approvals, view: View) -> tuple[str, list[Any]]:
    wanted: list[tuple[str, Any]] = []
    if question.batch is not None:
        wanted.append(("batch", question.batch))
    if question.pupil is not None:
        wanted.append(("pupil", view.pupil_index(question.pupil)))
    conditions = [f"{column} = :v{n}" for n, (column, _) in enumerate(wanted)]
    if not question.all_:
        conditions.append("decision IS NULL")
    return " AND ".join(conditions) or "1", [value for _, value in wanted]


def _row(view: View, pupil: int, session: str, *rest: Any) -> dict[str, Any]:  # noqa: ANN401
    batch, original, code, minutes, nature, grounds, reason, by, name, title, position = rest[:11]
    decision, decided, why, decider, decider_title = rest[11:]
    person = view.people.get(pupil) or view.first_known_person(pupil)
    stands = _standing_code(view, pupil, session)
    return {
        "batch": batch,
        "upn": person.upn,
        "name": person.name,
        "session": session,
        "original": original,
        "code": code,
        "minutes_late": minutes,
        "nature": view.open(nature),
        "grounds": grounds.split(),
        "reason": view.open(reason),
        "requested_at": _at(view, position),
        "requested_by": view.open(name),
        "requested_staff": by,
        "requested_title": title,
        "position": position,
        "stands": stands,
        "stale": decision is None and stands != original,
        "decision": decision,
        "decided_at": None if decided is None else _at(view, decided),
        "decided_by": view.open(decider),
        "decided_title": decider_title,
        "decided_reason": view.open(why),
        "decided_position": decided,
    }


def _standing_code(view: View, pupil: int, session: str) -> str | None:
    first = row_id(pupil, session)
    rows = view.stood("code", "marks", "id BETWEEN :v0 AND :v1", first, first + VERSIONS - 1)
    return rows[0][0] if rows else None


def _at(view: View, position: int) -> str:
    return iso(_recorded_at(view, position))


def _recorded_at(view: View, position: int) -> int:
    sql = "SELECT at FROM commits WHERE first <= ? ORDER BY first DESC LIMIT 1"
    return int(view.db.execute(sql, [position]).fetchone()[0])


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
    at = local(_recorded_at(view, row["position"]))
    return f"asked for by {row['requested_by']} ({row['requested_title']}), {at:%Y-%m-%d %H:%M}"


def _line(view: View, row: dict[str, Any]) -> list[str]:
    stale = f" * ({row['stands'] or 'no mark'} stands now)" if row["stale"] else ""
    grounds = ", ".join(GROUNDS[ground] for ground in row["grounds"])
    change = f"{row['original']} -> {row['code']}{stale}"
    return [row["session"], row["name"], row["upn"], change, grounds, _fate(view, row)]


def _fate(view: View, row: dict[str, Any]) -> str:
    if row["decision"] is None:
        return "waits"
    at = local(_recorded_at(view, row["decided_position"]))
    why = f": {row['decided_reason']}" if row["decided_reason"] else ""
    who = f"{row['decided_by']} ({row['decided_title']})"
    return f"{row['decision']} by {who}, {at:%Y-%m-%d %H:%M}{why}"
