"""Alerts that marks which stand stopped counting: open until somebody has looked at them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ledger.clock import iso, local
from ledger.english import number_of
from projections.penalties.undercut_alerts import person, settlement
from projections.queries.authors import author_in_words
from projections.queries.blocks import Grid
from projections.queries.columns import Column, Listing
from projections.queries.people import Person
from projections.queries.stopped import Stopped, stopped
from projections.queries.view import View
from projections.queries.wording import command_in_words
from projections.readmodel.records.penalties import AlertSettlement

_COUNTED = (
    "Sessions: recorded sessions of unauthorised or unexplained absence in the fullest window, "
    "before and after the change. It is no finding about anybody."
)
_NEXT = (
    "Next: look at the change (attendance history PUPIL), then alerts dismiss ALERT with a reason."
)


class StoppedAlert(NamedTuple):
    """Marks of a pupil that stopped counting; ``settled``: who looked, as the document has it."""

    stopped: Stopped
    person: Person
    settled: Mapping[str, Any] | None

    @property
    def state(self) -> str:
        """``open`` or ``dismissed``."""
        return self.settled["outcome"] if self.settled else "open"


def stopped_alerts(view: View) -> list[StoppedAlert]:
    """Return every such alert known, those first that took a pupil below the threshold."""
    looked = {each.alert: settlement(view, each) for each in view.standing(AlertSettlement)}
    return [
        StoppedAlert(each, person(view, each.stored.pupil), looked.get(each.stored.alert))
        for each in stopped(view)
    ]


def _by_and_when(row: StoppedAlert) -> str:
    by = author_in_words(row.stopped.by, row.stopped.cause.source)
    return f"{by}, {local(row.stopped.at):%Y-%m-%d %H:%M}"


def _state(row: StoppedAlert) -> str:
    state = f"dismissed: {row.settled['reason']}" if row.settled else "open"
    return "; ".join(filter(None, (state, row.stopped.again)))


def _cause(row: StoppedAlert) -> dict[str, Any]:
    cause = row.stopped.cause
    return {
        "command": command_in_words(cause.command),
        "by": row.stopped.by,
        "source": cause.source,
        "at": iso(row.stopped.at),
    }


STOPPED: tuple[Column[StoppedAlert], ...] = (
    Column("kind", value=lambda _: "uncounted"),
    Column("alert", "Alert", lambda row: row.stopped.stored.alert),
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("sessions", "Marks",
           lambda row: [f"{mark.session} {mark.code}" for mark in row.stopped.marks],
           lambda row: row.stopped.in_words),
    Column("peak_before", value=lambda row: row.stopped.stored.peak_before),
    Column("peak_after", value=lambda row: row.stopped.stored.peak_after),
    Column("", "Sessions", text=lambda row: row.stopped.counts),
    Column("count_again", value=lambda row: sum(m.counts_again for m in row.stopped.marks)),
    Column("reason", "Why", lambda row: row.stopped.reason),
    Column("cause", value=_cause, csv=False),
    Column("command", value=lambda row: command_in_words(row.stopped.cause.command), json=False),
    Column("by", value=lambda row: row.stopped.by and row.stopped.by.name, json=False),
    Column("at", value=lambda row: iso(row.stopped.at), json=False),
    Column("", "By and when", text=_by_and_when),
    Column("state", "State", lambda row: row.state, _state),
    Column("settled", csv=False),
    Column("position", value=lambda row: row.stopped.stored.alert),
)  # fmt: skip


def stopped_table(found: Sequence[StoppedAlert]) -> Grid:
    """Return them for reading."""
    fallen = sum(row.stopped.fell for row in found)
    alerts = number_of(len(found), "alert")
    title = f"{alerts} about marks that stopped counting, {fallen} of a pupil below the threshold"
    order = ("Alert", "UPN", "Marks", "Sessions", "Why", "By and when", "State")
    return Listing(STOPPED, found).grid(title, order=order, notes=[_COUNTED, _NEXT])
