"""What waits for somebody's decision.

Conflicts, requested amendments, marks that deny a session which was held, undercut papers, and
marks that stopped counting.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.clock import iso
from ledger.english import number_of
from projections.penalties.stopped_alerts import (
    STOPPED,
    StoppedAlert,
    stopped_alerts,
    stopped_table,
)
from projections.penalties.undercut_alerts import (
    UNDERCUT,
    Changes,
    Paper,
    UndercutCase,
    alerts,
    person,
)
from projections.queries.authors import author_in_words
from projections.queries.blocks import Grid
from projections.queries.columns import Column, Listing
from projections.queries.held import HeldSession, held_sessions
from projections.queries.held import in_words as held_in_words
from projections.queries.pending import code_that_stands, pending_amendments
from projections.queries.people import Author, Person
from projections.queries.question import Answer, Question, option
from projections.queries.versions import moment
from projections.queries.view import View
from projections.queries.wording import command_in_words
from projections.readmodel.records.amending import Request
from projections.readmodel.records.register import Conflict

_COUNTED = (
    "Relied on: how many of the sessions that the paper relied on count, before and after the "
    "change. Sessions: recorded sessions of unauthorised or unexplained absence in the fullest "
    "window around the paper, before and after it. It is no finding about a parent."
)
_NEXT = "Next: attendance alerts draft ALERT, then alerts sent ALERT or alerts dismiss ALERT."


class OpenConflict(NamedTuple):
    """A source that states another mark than stands here."""

    conflict: Conflict
    person: Person


class Waiting(NamedTuple):
    """An amendment that waits for a second person, by whom and why; texts opened."""

    request: Request
    person: Person
    stands: str | None
    by: Author
    reason: str | None


class Held(NamedTuple):
    """Marks of a group that deny a session recorded as held; ``batches``: what made them.

    Of those batches that took the place of another mark: of a first mark nothing can be put back.
    """

    found: HeldSession
    people: Sequence[Person]
    batches: Sequence[int]


class AlertFindings(NamedTuple):
    """What waits, by kind."""

    conflicts: Sequence[OpenConflict]
    waiting: Sequence[Waiting]
    held: Sequence[Held]
    undercut: Sequence[UndercutCase]
    stopped: Sequence[StoppedAlert]


@dataclass(frozen=True, kw_only=True)
class Alerts(Question[AlertFindings]):
    """attendance alerts: what waits for somebody's decision.

    Conflicts with a source, amendments that wait, marks that say of a session recorded as held
    that it was not, papers that a change undercut, marks that stopped counting.
    """

    all_: bool = option("alerts that are settled, too", default=False)

    def find(self, view: View) -> AlertFindings:
        """Find what is open, whatever the date of its session."""
        conflicts = [OpenConflict(c, person(view, c.pupil)) for c in view.standing(Conflict)]
        conflicts.sort(key=lambda each: (each.conflict.session, each.person.upn))
        waiting = [
            Waiting(
                each,
                person(view, each.pupil),
                code_that_stands(view, each),
                view.author(each),
                view.open(each.reason),
            )
            for each in pending_amendments(view)
        ]
        changes = Changes(view)
        undercut = [
            changes.case(alert) for alert in alerts(view) if self.all_ or alert.settled is None
        ]
        stopped = [each for each in stopped_alerts(view) if self.all_ or each.settled is None]
        held = [_held(view, each) for each in held_sessions(view)]
        return AlertFindings(conflicts, waiting, held, undercut, stopped)

    def present(self, found: AlertFindings) -> Answer:
        """Show a table for each kind: conflicts come first."""
        conflicts = Listing(_CONFLICTS, found.conflicts)
        waiting = Listing(_WAITING, found.waiting)
        held = Listing(_HELD, found.held)
        undercut = Listing(_UNDERCUT, found.undercut)
        stopped = Listing(STOPPED, found.stopped)
        blocks = []
        if conflicts or not (waiting or held or undercut or stopped):
            title = number_of(len(conflicts), "open conflict")
            note = "Amend the session to settle a conflict." if conflicts else "Nothing waits."
            blocks.append(conflicts.grid(title, order=_CONFLICTS_READ, notes=[note]))
        if waiting:
            title = f"{number_of(len(waiting), 'amendment')} waiting"
            note = "A second person approves or declines: attendance approvals."
            blocks.append(waiting.grid(title, order=_WAITING_READ, notes=[note]))
        if held:
            title = held_in_words([each.found for each in found.held])
            blocks.append(held.grid(title, order=_HELD_READ, notes=_MEND))
        if undercut:
            blocks.append(_undercut_table(found.undercut))
        if stopped:
            blocks.append(stopped_table(found.stopped))
        return Answer(
            {"rows": _OfKinds(conflicts, waiting, held, undercut, stopped)}, blocks=blocks
        )

    def unknown(self) -> Answer:
        """Return nothing that waits."""
        return Answer({"rows": _OfKinds()})


class _OfKinds(Listing[Any]):
    """Rows of several kinds, each with its own keys; in the CSV each fills its own columns."""

    def __init__(self, *kinds: Listing[Any]) -> None:
        super().__init__((), [row for kind in kinds for row in kind.rows])
        self._kinds = kinds

    @property
    def header(self) -> tuple[str, ...]:
        return (
            "kind", "upn", "session", "stands", "source_states", "position",
            "requested", "alert", "papers", "sessions", "command", "by", "at", "state",
            "group", "marks", "batches", "peak_before", "peak_after", "count_again",
        )  # fmt: skip

    def documents(self) -> list[dict[str, Any]]:
        return [row for kind in self._kinds for row in kind.documents()]

    def flat(self) -> list[dict[str, Any]]:
        return [row for kind in self._kinds for row in kind.flat()]


_CONFLICTS: tuple[Column[OpenConflict], ...] = (
    Column("kind", value=lambda _: "conflict"),
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("session", "Session", lambda row: row.conflict.session),
    Column("stands", "Stands here", lambda row: row.conflict.stands),
    Column("source_states", "Source states", lambda row: row.conflict.code),
    Column("position", value=lambda row: row.conflict.kf),
)
_CONFLICTS_READ = ("Session", "UPN", "Stands here", "Source states")
_WAITING: tuple[Column[Waiting], ...] = (
    Column("kind", value=lambda _: "pending"),
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("session", "Session", lambda row: row.request.session),
    Column("stands", "Stands", text=lambda row: row.stands or "no mark"),
    Column("requested", "Requested", lambda row: row.request.code),
    Column("grounds", value=lambda row: row.request.grounds),
    Column("reason", "Reason"),
    Column("by", "By", csv=lambda row: row.by.name,
           text=lambda row: row.by.name or ""),
    Column("batch", value=lambda row: row.request.batch),
    Column("position", value=lambda row: row.request.position),
)  # fmt: skip
_WAITING_READ = ("Session", "UPN", "Stands", "Requested", "By", "Reason")


# -- marks that deny a session recorded as held -------------------------------------------------


def _held(view: View, found: HeldSession) -> Held:
    changes = [mark.kf for mark in found.marks if mark.replaced is not None]
    batches = sorted({view.commits.of(position).first for position in changes})
    return Held(found, [person(view, mark.pupil) for mark in found.marks], batches)


_HELD: tuple[Column[Held], ...] = (
    Column("kind", value=lambda _: "not-held"),
    Column("session", "Session", lambda row: row.found.session),
    Column("group", "Group", lambda row: row.found.group),
    Column("stands", "Stands", lambda row: row.found.code),
    Column("marks", "Marks", lambda row: len(row.found.marks), number=True),
    Column("upns", value=lambda row: [each.upn for each in row.people], csv=False),
    Column("nothing_before", "First marks", lambda row: row.found.nothing_before, number=True,
           csv=False),
    Column("batches", "Batch"),
)  # fmt: skip
_HELD_READ = ("Session", "Group", "Marks", "Stands", "First marks", "Batch")
_MEND = (
    "They count nowhere. Put back what stood before: attendance put-back BATCH.",
    "Before a first mark nothing stood: attendance amend says what is to stand.",
    "If a session was not held after all: attendance session cancel.",
)


# -- papers that a change undercut ------------------------------------------------------------


def _paper_cell(paper: Paper) -> str:
    counts = "" if paper.before is None else f" {paper.before}>{paper.after}"
    return f"{paper.kind} {paper.ref}{counts}"


def _cause(row: UndercutCase) -> dict[str, Any]:
    cause = row.alert.cause
    return {
        "command": command_in_words(cause.command),
        "by": row.by,
        "approved_by": row.approved_by,
        "source": cause.source,
        "at": iso(cause.at),
    }


_UNDERCUT: tuple[Column[UndercutCase], ...] = (
    Column("kind", value=lambda _: "undercut"),
    Column("alert", value=lambda row: row.alert.number),
    Column("upn", value=lambda row: row.person.upn),
    Column("papers", csv=lambda row: list(map(_paper_cell, row.papers))),
    Column("sessions", value=lambda row: [change.in_short for change in row.changes]),
    Column("changes", csv=False),
    Column("cause", value=_cause, csv=False),
    Column("command", value=lambda row: command_in_words(row.alert.cause.command), json=False),
    Column("by", value=lambda row: row.by and row.by.name, json=False),
    Column("at", value=lambda row: iso(row.alert.cause.at), json=False),
    Column("state"),
    Column("settled", csv=False),
    Column("position", value=lambda row: row.alert.number),
)  # fmt: skip


def document(row: UndercutCase) -> dict[str, Any]:
    """Return an alert as a document has it."""
    return Listing(_UNDERCUT, [row]).documents()[0]


class _Line(NamedTuple):
    """A paper of an alert; what is about the whole alert stands beside its first."""

    row: UndercutCase
    paper: Paper

    @property
    def first(self) -> bool:
        return self.paper is self.row.papers[0]


def _once(text: Callable[[UndercutCase], str]) -> Callable[[_Line], str]:
    return lambda line: text(line.row) if line.first else ""


def _sessions(row: UndercutCase) -> str:
    short = (change.in_short.replace(">", " -> ") for change in row.changes)
    return ", ".join(short) or "the school weeks"


def _by_and_when(row: UndercutCase) -> str:
    cause = row.alert.cause
    people = author_in_words(row.by, cause.source)
    if row.approved_by:
        people += f", approved by {author_in_words(row.approved_by, None)}"
    return f"{people}, {moment(cause.at)}"


def _state(row: UndercutCase) -> str:
    settled = row.settled
    if settled is None:
        return "open"
    if settled["outcome"] == "sent":
        return f"sent to {settled['to']} on {settled['on']}"
    return f"dismissed: {settled['reason']}"


def _what(line: _Line) -> str:
    changed = "" if line.paper.effect == UNDERCUT else "; a session that it relied on was changed"
    return line.paper.what + changed


_LINES: tuple[Column[_Line], ...] = (
    Column("", "Alert", text=_once(lambda row: str(row.alert.number))),
    Column("", "UPN", text=_once(lambda row: row.person.upn)),
    Column("", "Paper", text=_what),
    Column("", "Relied on", text=lambda line: line.paper.own),
    Column("", "Sessions", text=lambda line: line.paper.counts),
    Column("", "Changed", text=_once(_sessions)),
    Column("", "By and when", text=_once(_by_and_when)),
    Column("", "State", text=_once(_state)),
)


def _undercut_table(found: Sequence[UndercutCase]) -> Grid:
    lines = [_Line(row, paper) for row in found for paper in row.papers]
    fallen = sum(any(paper.effect == UNDERCUT for paper in row.papers) for row in found)
    title = f"{number_of(len(found), 'alert')} about papers, {fallen} of a case undercut"
    return Listing(_LINES, lines).grid(title, notes=[_COUNTED, _NEXT])
