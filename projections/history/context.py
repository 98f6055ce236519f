"""What was recorded around a pupil's marks: approvals, evidence, takings, redactions and more.

First the rows that a document of `history` holds, then the same as tables for reading.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import iso, local, local_date, parse_instant
from projections.amending import evidence
from projections.queries.question import Grid
from projections.queries.uncounted import Bar, Standing
from projections.queries.versions import Describer, Version
from projections.queries.view import View
from projections.queries.wording import by_in_words
from projections.roll import admission
from projections.roll.admission_rows import amendments

_APPROVALS = (
    "session, position, batch, original, code, grounds, reason, name, job_title, "
    "decision, decided, decided_reason, decided_name, decided_title"
)


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
    approval_rows = _approvals(view, describer, pupil, span)
    batches = {v.batch for v in versions} | {row["batch"] for row in approval_rows}
    evidence_rows = [e for e in evidence.rows(view, describer, pupil) if e["batch"] in batches]
    positions = {v.position for v in versions}
    for rows in (admission_rows, approval_rows, evidence_rows):
        positions |= {row["position"] for row in rows}
    return Context(
        admission=admission_rows,
        approvals=approval_rows,
        evidence=evidence_rows,
        takings=_takings(view, describer, pupil, span),
        conflicts=_conflicts(view, describer, pupil, span),
        redactions=_redactions(view, describer, positions),
        uncounted=_uncounted(view, describer, pupil, versions),
    )


def _approvals(
    view: View, describer: Describer, pupil: int, span: tuple[str, str]
) -> list[dict[str, Any]]:
    """Return one row a request and one a decision, as they were recorded."""
    where = "pupil = :v0 AND session BETWEEN :v1 AND :v2"
    found: list[dict[str, Any]] = []
    for row in view.stood(_APPROVALS, "approvals", where, pupil, *span):
        session, position, batch, original, code, grounds, reason, name, title, *decided = row
        about = {"session": session, "batch": batch, "original": original, "code": code,
                 "grounds": grounds.split()}  # fmt: skip
        said = [("requested", position, reason, name, title)]
        said += [tuple(decided)] if decided[0] is not None else []
        for event, at, why, who, job in said:
            commit = describer.commit(at)
            by = {"name": view.open(who), "job_title": job, "authenticated": commit.authenticated}
            found.append(
                {**about, "event": event, "reason": view.open(why), "by": by,
                 "recorded_at": iso(commit.at), "position": at}
            )  # fmt: skip
    return sorted(found, key=lambda r: (r["session"], r["position"]))


def approvers(view: View, describer: Describer) -> dict[tuple[int, str, str | None], str]:
    """Return who approved, with title and time, by pupil, session and batch."""
    columns = "pupil, session, batch, decided, decided_name, decided_title"
    return {
        (pupil, session, batch): ", ".join(
            (view.open(name) or "", title, moment(iso(describer.commit(at).at)))
        )
        for pupil, session, batch, at, name, title in view.stood(
            columns, "approvals", "decision = 'approved'"
        )
    }


def _takings(
    view: View, describer: Describer, pupil: int, span: tuple[str, str]
) -> list[dict[str, Any]]:
    """Return how the registers of the pupil's groups were taken."""
    columns = 'session, grp, "by", opened, ended, marks, kf'
    mine = [m for m in view.memberships if m.pupil == pupil]
    found = []
    for row in view.stood(columns, "registers_taken", "session BETWEEN :v0 AND :v1", *span):
        session, group, by, opened, ended, marks, position = row
        day = date.fromisoformat(session[:10])
        if any(m.name == group and m.covers(day) for m in mine):
            name, title = describer.name_and_title(by, day)
            found.append(
                {"session": session, "group": group, "by": {"name": name, "job_title": title},
                 "opened": None if opened is None else iso(opened), "ended": iso(ended),
                 "marks": marks, "position": position}
            )  # fmt: skip
    return sorted(found, key=lambda r: (r["session"], r["position"]))


def _conflicts(
    view: View, describer: Describer, pupil: int, span: tuple[str, str]
) -> list[dict[str, Any]]:
    """Return what a source stated against an amendment made here, settled since or not."""
    sql = """SELECT session, stands, code, stated, kf,
        kt IS NOT NULL AND kt <= :p AND st <= :t FROM conflicts
        WHERE kf <= :p AND sf <= :t AND pupil = :pupil AND session BETWEEN :first AND :last
        ORDER BY session, kf"""
    bound: dict[str, Any] = {"p": view.position, "t": view.stated, "pupil": pupil}
    bound |= {"first": span[0], "last": span[1]}
    rows = view.db.execute(sql, bound).fetchall()
    return [
        {"session": session, "stands": stands, "code": code,
         "stated_at": None if stated is None else iso(stated), "settled": bool(settled),
         "source": describer.commit(position).source,
         "recorded_at": iso(describer.commit(position).at), "position": position}
        for session, stands, code, stated, position, settled in rows
    ]  # fmt: skip


def _redactions(view: View, describer: Describer, positions: set[int]) -> list[dict[str, Any]]:
    """Return which texts of these events were put beyond use, by whom and why."""
    columns = "line, position, field, reason, name, job_title"
    return [
        {"of": position, "field": field, "reason": view.open(reason),
         "by": {"name": view.open(name), "job_title": title,
                "authenticated": describer.commit(line).authenticated},
         "recorded_at": iso(describer.commit(line).at), "position": line}
        for line, position, field, reason, name, title in sorted(view.stood(columns, "redactions"))
        if position in positions
    ]  # fmt: skip


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
        _uncounted_row(describer, session, code, bar)
        for session, code in sorted(codes.items())
        if (bar := standing.bar(session, code)) is not None
    ]


def _uncounted_row(describer: Describer, session: str, code: str, bar: Bar) -> dict[str, Any]:
    row = {"session": session, "code": code, "why": bar.kind, "words": bar.words}
    if bar.position is None:
        return {**row, **dict.fromkeys(("by", "source", "recorded_at", "position"))}
    commit = describer.commit(bar.position)
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
