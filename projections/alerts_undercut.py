"""Undercut alerts as known: what raised each, which papers are concerned, what was done since."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import iso, local_date
from projections.penalties_text import day
from projections.view import View

_SETTLED = 'alert, outcome, to_whom, on_date, reason, "by", name, job_title, kf'
_COMMIT = 'first, last, at, "by", account, authenticated, command, source'
_DECISIONS = {
    "refer": "decision to refer to the authority",
    "issue": "decision to issue a notice",
    "not-now": "decision not to act for now",
}


class Cause(NamedTuple):
    """The transaction that raised an alert; ``by``: a staff id, none where nobody was named."""

    first: int
    last: int
    at: int
    by: str | None
    account: str
    authenticated: str
    command: str
    source: str | None


class Settled(NamedTuple):
    """What was done about an alert; texts opened, instants in microseconds."""

    outcome: str
    to: str | None
    on: str | None
    reason: str | None
    name: str | None
    job_title: str
    at: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: its number is the position of its event; ``pupil`` a row number.

    ``papers``: kind, ref, counts before and after; ``sessions``: ``2026-11-20/AM O>I``.
    """

    number: int
    pupil: int
    papers: list[dict[str, Any]]
    sessions: list[str]
    cause: Cause
    settled: Settled | None

    @property
    def state(self) -> str:
        """``open``, ``sent`` or ``dismissed``."""
        return self.settled.outcome if self.settled else "open"


def alerts(view: View) -> list[Alert]:
    """Return every alert known, in the order of the log."""
    settled = {row[0]: _settled(view, *row[1:]) for row in view.stood(_SETTLED, "alerts_settled")}
    rows = sorted(view.stood("alert, pupil, papers, sessions", "undercuts"))
    return [
        Alert(n, pupil, json.loads(papers), json.loads(sessions), commit(view, n), settled.get(n))
        for n, pupil, papers, sessions in rows
    ]


def commit(view: View, position: int) -> Cause:
    """Return the transaction that holds a position."""
    sql = f"SELECT {_COMMIT} FROM commits WHERE first <= ? ORDER BY first DESC LIMIT 1"  # noqa: S608
    return Cause(*view.db.execute(sql, [position]).fetchone())


def row(view: View, alert: Alert) -> dict[str, Any]:
    """Return an alert as a row of the answer."""
    settled = alert.settled
    return {
        "kind": "undercut",
        "alert": alert.number,
        "upn": upn(view, alert.pupil),
        "papers": [{**paper, "what": words(view, paper)} for paper in alert.papers],
        "sessions": alert.sessions,
        "cause": {
            "command": alert.cause.command,
            "by": author(view, alert.cause),
            "at": iso(alert.cause.at),
        },
        "state": alert.state,
        "settled": settled and {**settled._asdict(), "at": iso(settled.at)},
        "position": alert.number,
    }


def upn(view: View, pupil: int) -> str:
    """Return a pupil's UPN, known by now or not."""
    return (view.people.get(pupil) or view.named(pupil)).upn


def words(view: View, paper: Mapping[str, Any]) -> str:
    """Say which paper it is, for somebody who reads of it."""
    ref = paper["ref"]
    if paper["kind"] == "notice":
        parent, _, issued = ref.partition(" ")
        return f"penalty notice to parent {parent} issued {day(issued)}"
    position = int(ref)
    on = day(local_date(commit(view, position).at))
    if paper["kind"] == "consideration":
        sql = "SELECT decision FROM considerations WHERE line = ?"
        (decision,) = view.db.execute(sql, [position]).fetchone()
        return f"{_DECISIONS[decision]} of {on}"
    sql = "SELECT kind, on_date, first, last FROM disclosures WHERE line = ?"
    kind, given, first, last = view.db.execute(sql, [position]).fetchone()
    return f"{kind} given on {day(given)} for {day(first)} to {day(last)}"


def counts(paper: Mapping[str, Any]) -> str:
    """Write the counts of a case: ``10 -> 9``; a certificate has none."""
    return "" if paper["kind"] == "certificate" else f"{paper['before']} -> {paper['after']}"


def author(view: View, cause: Cause) -> dict[str, Any]:
    """Return who gave the command, by name and title of that day; else by the account."""
    name, title = _staff(view, cause.by, local_date(cause.at)) or (cause.by or cause.account, None)
    return {"name": name, "job_title": title, "authenticated": cause.authenticated}


def _staff(view: View, staff: str | None, on: date) -> tuple[str | None, str] | None:
    rows: Iterable[Any] = view.stood(
        "coalesce(since, ''), name, job_title", "staff",
        "staff = :v0 AND coalesce(since, '') <= :v1 AND coalesce(until, '9999') >= :v1",
        staff, on.isoformat(),
    )  # fmt: skip
    newest = max(rows, default=None)
    return newest and (view.open(newest[1]), newest[2])


def _settled(view: View, *found: Any) -> Settled:  # noqa: ANN401 - a row of the table
    outcome, to, on, reason, _, name, job_title, position = found
    at = commit(view, position).at
    return Settled(outcome, view.open(to), on, view.open(reason), view.open(name), job_title, at)
