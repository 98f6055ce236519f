"""attendance history: every version of a pupil's marks, who changed them, why and when."""

from dataclasses import dataclass
from typing import Any

from ledger.clock import local, parse_instant
from ledger.values import parse_session
from projections.query import Answer, Grid, Lines, Question, argument
from projections.versions import Describer, numbered, versions
from projections.view import View

COLUMNS = (
    "session",
    "version",
    "kind",
    "code",
    "replaced",
    "reason",
    "by_name",
    "by_job_title",
    "by_authenticated",
    "recorded_at",
    "stated_at",
    "late_by_school_days",
    "position",
)
KINDS = {
    "entry": "entry",
    "late_entry": "late entry",
    "taking": "corrected during taking",
    "amendment": "amendment",
    "restated": "restated by source",
    "plan": "plan",
}


@dataclass(frozen=True, kw_only=True)
class History(Question):
    """One pupil's marks with every change; all sessions of the range, or one."""

    who: str = argument("UPN or local id", metavar="PUPIL")
    session: str | None = argument("one session, 2026-11-20/AM", required=False)


def answer(question: History, view: View) -> Answer:
    """Answer with every version known."""
    pupil = view.pupil_index(question.who)
    found = _found(question, view, pupil)
    describer = Describer(view)
    rows = [describer.row(number, version) for number, version in numbered(found)]
    person = view.person(pupil)
    document = {"as_of": view.as_of(), "upn": person.upn if person else None, "rows": rows}
    if view.knows_nothing:
        return Answer({**document, "knows_nothing": True}, COLUMNS, [Lines([view.ignorance()])])
    title = f"{person.name} ({person.upn})" if person else question.who
    return Answer(document, COLUMNS, [table(title, rows, view)])


def _found(question: History, view: View, pupil: int) -> list[Any]:
    if question.session is not None:
        session = str(parse_session(question.session))
        return list(versions(view, "m.pupil = :v0 AND m.session = :v1", pupil, session))
    first, last = view.first.isoformat(), f"{view.on.isoformat()}~"
    where = "m.pupil = :v0 AND m.session BETWEEN :v1 AND :v2"
    return list(versions(view, where, pupil, first, last))


def table(title: str, rows: list[dict[str, Any]], view: View, *, upn: bool = False) -> Grid:
    """Return the table of versions that history and changes share."""
    first = ("UPN",) if upn else ()
    headings = (
        *first,
        "Session",
        "What",
        "Was",
        "Became",
        "Reason",
        "By",
        "When",
        "School days after",
    )
    body = [(*((row["upn"],) if upn else ()), *_cells(row)) for row in rows]
    return Grid(title, headings, body, frozenset({len(headings) - 1}), notes=[view.provenance()])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    by = row["by"] or {}
    who = ", ".join(filter(None, (by.get("name"), by.get("job_title")))) or "not stated"
    when = f"{local(parse_instant(row['stated_at'] or row['recorded_at'])):%Y-%m-%d %H:%M}"
    stated = " (stated)" if row["stated_at"] else ""
    late = row["late_by_school_days"]
    return (
        row["session"],
        KINDS[row["kind"]],
        row["replaced"] or "",
        row["code"] or "",
        row["reason"] or "",
        who,
        when + stated,
        "" if late is None else str(late),
    )
