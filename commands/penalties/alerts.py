"""Alerts settled: the letter about one was sent, or none is to be sent, and why.

An alert is settled once, by whoever may consider a penalty notice.
"""

from collections.abc import Iterable
from datetime import date

from commands.core import checks
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import Range, one
from commands.core.standing import standing_events
from ledger import names
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.penalties import AlertSettled, CaseUndercut
from ledger.events.register import MarksUncounted
from ledger.store.facts import Fact, Recorded
from policies.packs.codes import Rules

_LIST_THEM = "attendance alerts shows the alerts that are open, with their numbers"


class SettleAlert(UseCase):
    """A command that settles an open alert."""

    alert: int = argument("number of the alert, as attendance alerts shows it")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who settles it, and the pupil; ask for what became of their alerts."""
        stream = _stream(self.alert, state)
        return state.own_row, one(streams.pupil(streams.subject(stream))), one(stream)


class DismissAlert(SettleAlert):
    """attendance alerts dismiss: record why nothing more is to be done about an alert.

    The alert is settled without a letter; who looked at it and why it may rest is kept.
    """

    reason: str = option("why nothing more is to be done; kept sealed")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the reason, once."""
        reason, author = checks.required_text(self.reason, "reason"), state.author(now)
        settled = AlertSettled(
            alert=self.alert, outcome="dismissed", reason=reason, **author.fields
        )
        return _settle(settled, state)


class SendAlert(SettleAlert):
    """attendance alerts sent: record that the letter about an undercut went to the authority.

    The alert is settled: the authority, or whoever holds the paper, was told.
    """

    to: str = option("to whom it was sent; kept sealed", kept=names.name)
    on: date = option("the day on which it was sent")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record to whom and when it was sent; not ahead of time, not twice."""
        to = checks.required_text(self.to, "to")
        if self.on > local_date(now):
            raise Refused("future", f"{self.on} is in the future", "record it when it was sent")
        if _stream(self.alert, state).startswith(streams.UNCOUNTED):
            raise Refused(
                "not-to-send",
                f"alert {self.alert} is about marks that stopped counting: no paper rests on them",
                "look at it, then settle it with attendance alerts dismiss, saying what you found",
            )
        author = state.author(now)
        settled = AlertSettled(
            alert=self.alert, outcome="sent", to=to, on=self.on, **author.fields
        )
        return _settle(settled, state)


def _stream(alert: int, state: State) -> str:
    found = state.recorded(alert)
    if found is None or not isinstance(found.event, CaseUndercut | MarksUncounted):
        what = f"{alert} is not the number of an alert that can be settled"
        raise Refused("alert-unknown", what, _LIST_THEM)
    return found.stream


def _is_about(settled: AlertSettled, alert: int, raised: Recorded | None) -> bool:
    """Tell whether an alert was settled, here or by the system that states both."""
    if settled.alert:
        return settled.alert == alert
    event = raised and raised.event
    return isinstance(event, MarksUncounted) and event.stated == settled.raised


def _settle(settled: AlertSettled, state: State) -> Decision:
    alert, stream = settled.alert, _stream(settled.alert, state)
    raised = state.recorded(alert)
    for before in standing_events(state, stream):
        if isinstance(before, AlertSettled) and _is_about(before, alert, raised):
            raise Refused(
                "alert-settled",
                f"alert {alert} is settled already: {before.outcome}",
                "attendance alerts --all shows by whom; a later change raises a new alert",
            )
    name = state.name_of(state.school.pupils[streams.subject(stream)])
    says = f"alert {alert} ({name}): recorded as {settled.outcome}"
    return decided([Fact(stream, settled)], says)
