"""Undercut alerts as known: what raised each, which papers are concerned, what was done since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.clock import local_date
from policies.packs.values import parameters
from projections.penalties.text import day
from projections.queries.versions import Describer
from projections.queries.view import View

_SETTLED = 'alert, outcome, to_whom, on_date, reason, "by", name, job_title, kf'
_COMMIT = 'first, last, at, "by", account, authenticated, command, source'
_APPROVED = "position, name, job_title, decided_name, decided_title"
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


def paper_row(view: View, alert: Alert, paper: Mapping[str, Any]) -> dict[str, Any]:
    """Return a paper with what happened to it; without counts where it has no case.

    ``effect``: ``case-undercut`` where the case fell below the number of the rule of that day,
    else ``session-changed``: a session that it relied on was changed.
    """
    effect = "case-undercut" if fell(alert, paper) else "session-changed"
    counted = {} if paper["kind"] != "certificate" else {"before": None, "after": None}
    return {**paper, **counted, "what": words(view, paper), "effect": effect}


def fell(alert: Alert, paper: Mapping[str, Any]) -> bool:
    """Tell whether the case of a paper fell below the number of the rule of that day."""
    rule = parameters().find("penalty_notices.threshold", local_date(alert.cause.at))
    if rule is None or paper["kind"] == "certificate":
        return False
    number: int = rule.table["sessions"]
    return bool(paper["after"] < number <= paper["before"])


def counts(paper: Mapping[str, Any]) -> str:
    """Write the counts of a case: ``10 -> 9``; a certificate has none."""
    return "" if paper["kind"] == "certificate" else f"{paper['before']} -> {paper['after']}"


def author(describer: Describer, cause: Cause) -> dict[str, Any] | None:
    """Return who gave the command, by name and title of that day; an account is nobody's name."""
    if cause.by is None:
        return None
    name, title = describer.named(cause.by, local_date(cause.at))
    return {"name": name, "job_title": title, "authenticated": cause.authenticated}


class Approval(NamedTuple):
    """Who asked for the change of an alert, and who approved it."""

    asked: dict[str, Any]
    by: dict[str, Any]


def approval(view: View, alert: Alert) -> Approval | None:
    """Return who asked for what raised an alert and who approved it, none without approval."""
    cause = alert.cause
    where = "pupil = :v0 AND decision = 'approved' AND decided BETWEEN :v1 AND :v2"
    found = view.stood(_APPROVED, "approvals", where, alert.pupil, cause.first, cause.last)
    if not found:
        return None
    position, name, title, decided_name, decided_title = min(found)
    asked = commit(view, position).authenticated
    return Approval(
        {"name": view.open(name), "job_title": title, "authenticated": asked},
        {
            "name": view.open(decided_name),
            "job_title": decided_title,
            "authenticated": cause.authenticated,
        },
    )


def _settled(view: View, *found: Any) -> Settled:  # noqa: ANN401 - a row of the table
    outcome, to, on, reason, _, name, job_title, position = found
    at = commit(view, position).at
    return Settled(outcome, view.open(to), on, view.open(reason), view.open(name), job_title, at)
