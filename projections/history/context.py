"""What was recorded around a pupil's marks: approvals, evidence, takings, redactions and more.

First the rows that a document of `history` holds, then the same as tables for reading.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import iso, local, local_date, parse_instant
from projections.amending import evidence
from projections.queries.blocks import Grid
from projections.queries.uncounted import Bar, Standing
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.queries.wording import by_in_words
from projections.readmodel.accessors.marks import Version
from projections.readmodel.known import Between
from projections.readmodel.records.amending import Request
from projections.readmodel.records.disclosure import Redaction
from projections.readmodel.records.register import Conflict, RegisterTaken
from projections.roll import admission
from projections.roll.admission_rows import amendments


class Context(NamedTuple):
    """What a document of `history` holds besides the versions; each a list of rows."""

    admission: list[dict[str, Any]]
    approvals: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    takings: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]
    redactions: list[dict[str, Any]]
    uncounted: list[dict[str, Any]]


def context_of(
    view: View,
    describer: Describer,
    pupil: int,
    versions: Sequence[Version],
    span: tuple[str, str],
) -> Context:
    """Return what was recorded around a pupil's versions, on sessions from one to another."""
    admission_rows = amendments(view, describer, {pupil})
    approval_rows = _approvals(view, pupil, span)
    batches = {v.batch for v in versions} | {row["batch"] for row in approval_rows}
    evidence_rows = [e for e in evidence.rows(view, pupil) if e["batch"] in batches]
    positions = {v.position for v in versions}
    for rows in (admission_rows, approval_rows, evidence_rows):
        positions |= {row["position"] for row in rows}
    return Context(
        admission=admission_rows,
        approvals=approval_rows,
        evidence=evidence_rows,
        takings=_takings(view, describer, pupil, span),
        conflicts=_conflicts(view, pupil, span),
        redactions=_redactions(view, positions),
        uncounted=_uncounted(view, describer, pupil, versions),
    )


def _approvals(view: View, pupil: int, span: tuple[str, str]) -> list[dict[str, Any]]:
    """Return one row a request and one a decision, as they were recorded."""
    found: list[dict[str, Any]] = []
    for request in view.standing(Request, pupil=pupil, session=Between(*span)):
        about = {
            "session": request.session,
            "batch": request.batch,
            "original": request.original,
            "code": request.code,
            "grounds": list(request.grounds),
        }
        for step in request.steps:
            commit = view.commits.of(step.position)
            row = {
                "event": "withdrawn" if step.kind == "request_withdrawn" else step.kind,
                "reason": view.open(step.reason),
                "by": {
                    "name": view.open(step.name),
                    "job_title": step.job_title,
                    "authenticated": commit.authenticated,
                },
                "recorded_at": iso(commit.at),
                "position": step.position,
            }
            found.append(about | row)
    return sorted(found, key=lambda r: (r["session"], r["position"]))


def approvers(view: View) -> dict[tuple[int, str, str | None], str]:
    """Return who approved, with title and time, by pupil, session and batch."""
    found: dict[tuple[int, str, str | None], str] = {}
    for each in view.standing(Request, decision="approved"):
        at = moment(iso(view.commits.of(each.decided or 0).at))
        said = (view.open(each.decided_name) or "", each.decided_title or "", at)
        found[each.pupil, each.session, each.batch] = ", ".join(said)
    return found


def _takings(
    view: View, describer: Describer, pupil: int, span: tuple[str, str]
) -> list[dict[str, Any]]:
    """Return how the registers of the pupil's groups were taken."""
    mine = [m for m in view.memberships if m.pupil == pupil]
    found = []
    for each in view.standing(RegisterTaken, session=Between(*span)):
        day = date.fromisoformat(each.session[:10])
        if any(m.name == each.grp and m.covers(day) for m in mine):
            name, title = describer.name_and_title(each.by, day)
            row = {
                "session": each.session,
                "group": each.grp,
                "by": {"name": name, "job_title": title},
                "opened": None if each.opened is None else iso(each.opened),
                "ended": iso(each.ended),
                "marks": each.marks,
                "position": each.kf,
            }
            found.append(row)
    return sorted(found, key=lambda r: (r["session"], r["position"]))


def _conflicts(view: View, pupil: int, span: tuple[str, str]) -> list[dict[str, Any]]:
    """Return what a source stated against an amendment made here, settled since or not."""
    known = view.ever(Conflict, pupil=pupil, session=Between(*span))
    return [
        {
            "session": each.session,
            "stands": each.stands,
            "code": each.code,
            "stated_at": None if each.stated is None else iso(each.stated),
            "settled": view.end_of(each) is not None,
            "source": view.commits.of(each.kf).source,
            "recorded_at": iso(view.commits.of(each.kf).at),
            "position": each.kf,
        }
        for each in sorted(known, key=lambda each: (each.session, each.kf))
    ]


def _redactions(view: View, positions: set[int]) -> list[dict[str, Any]]:
    """Return which texts of these events were put beyond use, by whom and why."""
    known = view.standing(Redaction)
    return [
        {
            "of": each.position,
            "field": each.field,
            "reason": view.open(each.reason),
            "by": {
                "name": view.open(each.name),
                "job_title": each.job_title,
                "authenticated": view.commits.of(each.line).authenticated,
            },
            "recorded_at": iso(view.commits.of(each.line).at),
            "position": each.line,
        }
        for each in sorted(known, key=lambda each: each.line)
        if each.position in positions
    ]


def _uncounted(
    view: View, describer: Describer, pupil: int, versions: Sequence[Version]
) -> list[dict[str, Any]]:
    """Return one row a session of which the mark stands and does not count.

    A mark is never deleted: it stays in the log and has no part in any figure. Age is no bar
    here; that a cancelled session's own code stands for it is no loss of a mark.
    """
    codes = {v.session: v.code for v in versions if v.kind != "plan" and v.code is not None}
    standing = Standing(view, pupil, threshold=False)
    return [
        _uncounted_row(view, describer, session, code, bar)
        for session, code in sorted(codes.items())
        if (bar := standing.bar(session, code)) is not None
    ]


def _uncounted_row(
    view: View, describer: Describer, session: str, code: str, bar: Bar
) -> dict[str, Any]:
    row = {"session": session, "code": code, "why": bar.kind, "words": bar.words}
    if bar.position is None:
        return {**row, **dict.fromkeys(("by", "source", "recorded_at", "position"))}
    commit = view.commits.of(bar.position)
    by = None
    if commit.by is not None:
        name, title = describer.name_and_title(commit.by, local_date(commit.at))
        by = {"name": name, "job_title": title, "authenticated": commit.authenticated}
    return {**row, "by": by, "source": commit.source, "recorded_at": iso(commit.at),
            "position": bar.position}  # fmt: skip


# -- for reading --------------------------------------------------------------------------------


def moment(text: str | None) -> str:
    """Write an instant of a row as London time."""
    return "" if text is None else f"{local(parse_instant(text)):%Y-%m-%d %H:%M}"


def tables(context: Context, shown: Iterable[str]) -> list[Grid]:
    """Return the tables of what there is; takings of the sessions ``shown`` only."""
    sessions = set(shown)
    takings = [row for row in context.takings if row["session"] in sessions]
    grids = [
        _uncounted_grid(context.uncounted),
        _approvals_grid(context.approvals),
        _evidence_grid(context.evidence),
        _takings_grid(takings),
        _conflicts_grid(context.conflicts),
        _redactions_grid(context.redactions),
    ]
    title = "Amendments of the admission register, the pupil's and the parents'"
    grids.append(admission.table(title, context.admission, ()))
    return [grid for grid in grids if grid.rows]


def author(row: dict[str, Any]) -> str:
    """Write who recorded what takes a mark out: a person, a source's import, or both."""
    by = row["by"] or {}
    named = ", ".join(filter(None, (by.get("name"), by.get("job_title"))))
    source = f"import of {row['source']}" if row["source"] else ""
    return "; ".join(filter(None, (source, named))) or "not stated"


def _approvals_grid(rows: list[dict[str, Any]]) -> Grid:
    headings = ("Session", "What", "From", "To", "Grounds", "Reason", "By", "When")
    body = [
        (r["session"], r["event"], r["original"], r["code"], ", ".join(r["grounds"]),
         r["reason"] or "", by_in_words(r["by"]), moment(r["recorded_at"]))
        for r in rows
    ]  # fmt: skip
    return Grid("Approval by a second person", headings, body)


def _evidence_grid(rows: list[dict[str, Any]]) -> Grid:
    headings = ("Batch", "File", "SHA-256", "What it is", "Copy kept", "Given")
    body = [
        (r["batch"], r["file"] or "", r["sha256"] or "", r["note"] or "",
         "yes" if r["copied"] else "no", moment(r["recorded_at"]))
        for r in rows
    ]  # fmt: skip
    return Grid("Evidence given for amendments", headings, body)


def _takings_grid(rows: list[dict[str, Any]]) -> Grid:
    headings = ("Session", "Group", "Taken by", "Opened", "Ended")
    body = [
        (r["session"], r["group"], by_in_words(r["by"]), moment(r["opened"]) or "not recorded",
         moment(r["ended"]))
        for r in rows
    ]  # fmt: skip
    return Grid("How these registers were taken", headings, body)


def _conflicts_grid(rows: list[dict[str, Any]]) -> Grid:
    headings = ("Session", "Stands here", "The source states", "Source", "Imported", "Now")
    body = [
        (r["session"], r["stands"], r["code"], r["source"] or "", moment(r["recorded_at"]),
         "settled" if r["settled"] else "open")
        for r in rows
    ]  # fmt: skip
    return Grid("Where a source says otherwise than a person here", headings, body)


def _redactions_grid(rows: list[dict[str, Any]]) -> Grid:
    headings = ("Entry", "Text", "Why it is beyond use", "By", "When")
    body = [
        (str(r["of"]), r["field"].replace("_", " "), r["reason"] or "", by_in_words(r["by"]),
         moment(r["recorded_at"]))
        for r in rows
    ]  # fmt: skip
    return Grid("Texts put beyond use", headings, body, frozenset({0}))


def _uncounted_grid(rows: list[dict[str, Any]]) -> Grid:
    headings = ("Session", "Mark", "Why", "Since", "Recorded by")
    body = [
        (r["session"], r["code"], r["words"], moment(r["recorded_at"]), author(r)) for r in rows
    ]
    return Grid("Marks that stand but do not count", headings, body)
