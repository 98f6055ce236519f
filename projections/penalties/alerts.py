"""What waits for somebody's decision: conflicts, requested amendments, and undercut papers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.clock import local, parse_instant
from ledger.english import number_of
from projections.penalties.undercut_alerts import Changes, alerts, counts_text, upn
from projections.queries.authors import author_in_words
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.pending import pending_amendments
from projections.queries.question import Answer, Question, option
from projections.queries.view import View
from projections.readmodel.records.amending import Request
from projections.readmodel.records.register import Conflict

COLUMNS = (
    "kind", "upn", "session", "stands", "source_states", "position",
    "requested", "alert", "papers", "sessions", "command", "by", "at", "state",
)  # fmt: skip
"""Columns of the CSV; each kind of row fills its own."""
_COUNTED = (
    "Sessions: recorded sessions of unauthorised or unexplained absence in the fullest window "
    "around the paper, before and after the change. It is no finding about a parent."
)

_EFFECTS = {"case-undercut": "", "session-changed": "; a session that it relied on was changed"}


@dataclass(frozen=True, kw_only=True)
class Alerts(Question):
    """attendance alerts: what waits for somebody's decision.

    Conflicts with a source, amendments that wait, papers that a change undercut.
    """

    all_: bool = option("undercut alerts that are settled, too", default=False)

    def answer(self, view: View) -> Answer:
        """Answer with what is open, whatever the date of its session: conflicts come first."""
        conflict_rows = _conflicts(view)
        pending_rows = [_pending_row(view, each) for each in pending_amendments(view)]
        changes = Changes(view)
        undercut_rows = [
            changes.row(alert) for alert in alerts(view) if self.all_ or alert.settled is None
        ]
        rows = [*conflict_rows, *pending_rows, *undercut_rows]
        document = {"as_of": view.as_of(), "rows": rows}
        if view.knows_nothing:
            return Answer(
                {**document, "knows_nothing": True}, COLUMNS, [Lines([view.ignorance()])]
            )
        blocks: list[Block] = []
        if conflict_rows or not rows:
            blocks.append(
                _conflict_grid(conflict_rows, view, alone=not (pending_rows or undercut_rows))
            )
        if pending_rows:
            blocks.append(_waiting_grid(pending_rows, view, last=not undercut_rows))
        if undercut_rows:
            blocks.append(_undercut_grid(undercut_rows, view))
        return Answer(document, COLUMNS, blocks, flat=[_csv_row(row) for row in rows])


def _conflicts(view: View) -> list[dict[str, Any]]:
    rows = [
        {
            "kind": "conflict",
            "upn": upn(view, each.pupil),
            "session": each.session,
            "stands": each.stands,
            "source_states": each.code,
            "position": each.kf,
        }
        for each in view.standing(Conflict)
    ]
    return sorted(rows, key=lambda row: (row["session"], row["upn"]))


def _pending_row(view: View, each: Request) -> dict[str, Any]:
    return {
        "kind": "pending",
        "upn": upn(view, each.pupil),
        "session": each.session,
        "stands": each.original,
        "requested": each.code,
        "grounds": list(each.grounds),
        "reason": view.open(each.reason),
        "by": {"name": view.open(each.name), "job_title": each.job_title},
        "batch": each.batch,
        "position": each.position,
    }


def _conflict_grid(rows: Sequence[Mapping[str, Any]], view: View, *, alone: bool) -> Grid:
    body = [(r["session"], r["upn"], r["stands"], r["source_states"]) for r in rows]
    headings = ("Session", "UPN", "Stands here", "Source states")
    notes = ["Amend the session to settle a conflict."] if rows else ["Nothing waits."]
    if alone:
        notes.append(view.provenance())
    return Grid(number_of(len(rows), "open conflict"), headings, body, notes=notes)


def _waiting_grid(rows: Sequence[Mapping[str, Any]], view: View, *, last: bool) -> Grid:
    body = [
        (r["session"], r["upn"], r["stands"], r["requested"], r["by"]["name"] or "", r["reason"])
        for r in rows
    ]
    headings = ("Session", "UPN", "Stands", "Requested", "By", "Reason")
    notes = ["A second person approves or declines: attendance approvals."]
    if last:
        notes.append(view.provenance())
    return Grid(f"{number_of(len(rows), 'amendment')} waiting", headings, body, notes=notes)


def _undercut_grid(rows: Sequence[Mapping[str, Any]], view: View) -> Grid:
    body = [line for row in rows for line in _alert_lines(row)]
    headings = ("Alert", "UPN", "Paper", "Sessions", "Changed", "By and when", "State")
    notes = [
        _COUNTED,
        "Next: attendance alerts draft ALERT, then alerts sent ALERT or alerts dismiss ALERT.",
        view.provenance(),
    ]
    fallen = sum(any(p["effect"] == "case-undercut" for p in row["papers"]) for row in rows)
    title = f"{number_of(len(rows), 'alert')} about papers, {fallen} of a case undercut"
    return Grid(title, headings, body, notes=notes)


def _alert_lines(row: Mapping[str, Any]) -> list[tuple[str, ...]]:
    cause = row["cause"]
    at = local(parse_instant(cause["at"])).strftime("%Y-%m-%d %H:%M")
    first = (str(row["alert"]), row["upn"])
    people = author_in_words(cause["by"], cause["source"])
    if cause["approved_by"]:
        people += f", approved by {author_in_words(cause['approved_by'], None)}"
    last = (sessions_in_short(row["sessions"]), f"{people}, {at}", _state(row))
    lines = [(p["what"] + _EFFECTS[p["effect"]], counts_text(p)) for p in row["papers"]]
    return [
        (*first, *paper, *last) if number == 0 else ("", "", *paper, "", "", "")
        for number, paper in enumerate(lines)
    ]


def sessions_in_short(sessions: Sequence[str]) -> str:
    """Write the sessions of an alert for reading."""
    return ", ".join(s.replace(">", " -> ") for s in sessions) or "the school weeks"


def _state(row: Mapping[str, Any]) -> str:
    settled = row["settled"]
    if settled is None:
        return "open"
    if settled["outcome"] == "sent":
        return f"sent to {settled['to']} on {settled['on']}"
    return f"dismissed: {settled['reason']}"


def _csv_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as CSV has it: lists in one cell, separated by semicolons."""
    if row["kind"] == "pending":
        return {**row, "by": row["by"]["name"]}
    if row["kind"] == "conflict":
        return dict(row)
    papers = [
        f"{p['kind']} {p['ref']}"
        + (f" {p['before']}>{p['after']}" if p["before"] is not None else "")
        for p in row["papers"]
    ]
    cause = row["cause"]
    return {
        **{name: row[name] for name in ("kind", "upn", "position", "alert", "state")},
        "papers": ";".join(papers),
        "sessions": ";".join(row["sessions"]),
        "command": cause["command"],
        "by": cause["by"]["name"] if cause["by"] else "",
        "at": cause["at"],
    }
