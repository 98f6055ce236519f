"""What settling an alert needs, sent or dismissed: somebody authorised, and an open alert."""

from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple

from commands.core import checks
from commands.core.command import Decision, Range, State, UseCase, argument, decided, one, option
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.penalties import AlertSettled, CaseUndercut
from ledger.store.store import Fact
from policies.packs.codes import Rules

# -- alerts --------------------------------------------------------------------------------
# What settling an alert needs, sent or dismissed: somebody authorised, and an open alert.


_ALERTS = "attendance alerts shows the alerts that are open, with their numbers"


class Settling(NamedTuple):
    """What was done: sent, to whom and when; or dismissed, and why."""

    outcome: Literal["sent", "dismissed"]
    to: str | None = None
    on: date | None = None
    reason: str | None = None


def reads(number: int, state: State) -> Iterable[Range]:
    """Ask for the alerts of the pupil that an alert is about."""
    yield one(stream_of(number, state))


def stream_of(number: int, state: State) -> str:
    """Return the stream that an alert is on, or refuse a number that is of none."""
    found = state.event_at(number) if 0 < number <= state.position else None
    if found is None or not isinstance(found.event, CaseUndercut):
        raise Refused("alert-unknown", f"{number} is not the number of an undercut alert", _ALERTS)
    return found.stream


def settle(number: int, state: State, now: int, settling: Settling) -> Decision:
    """Record what was done about an open alert, by somebody who may."""
    author, stream = state.author(now), stream_of(number, state)
    checks.check(state, author, checks.DECIDERS, now, "settle an alert")
    for before in state.histories.get(stream, ()):
        if isinstance(before, AlertSettled) and before.alert == number:
            raise Refused(
                "alert-settled",
                f"alert {number} is settled already: {before.outcome}",
                "attendance alerts --all shows by whom; a later change raises a new alert",
            )
    event = AlertSettled(
        alert=number,
        **settling._asdict(),
        by=author.staff_id,
        name=author.name,
        job_title=author.job_title,
    )
    name = state.name_of(state.school.pupils[streams.subject(stream)])
    return decided(
        [Fact(stream, event)], f"alert {number} ({name}): recorded as {settling.outcome}"
    )


# -- alerts_dismiss ------------------------------------------------------------------------
# Record why nothing is to be sent about an undercut alert.


class DismissAlert(UseCase):
    """attendance alerts dismiss: record why nothing is to be sent about an undercut alert.

    The alert is settled without a letter; who decided so and why is kept.
    """

    alert: int = argument("number of the alert, as attendance alerts shows it")
    reason: str = option("why nothing is to be sent; kept sealed")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the pupil's alerts and what became of them."""
        return reads(self.alert, state)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the reason, once."""
        reason = checks.required(self.reason, "reason")
        return settle(self.alert, state, now, Settling("dismissed", reason=reason))


# -- alerts_sent ---------------------------------------------------------------------------
# Record that the letter about an undercut went to the authority.


class SendAlert(UseCase):
    """attendance alerts sent: record that the letter about an undercut went to the authority.

    The alert is settled: the authority, or whoever holds the paper, was told.
    """

    alert: int = argument("number of the alert, as attendance alerts shows it")
    to: str = option("to whom it was sent; kept sealed")
    on: date = option("the day on which it was sent")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the pupil's alerts and what became of them."""
        return reads(self.alert, state)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record to whom and when it was sent; not ahead of time, not twice."""
        to = checks.required(self.to, "to")
        if self.on > local_date(now):
            raise Refused("future", f"{self.on} is in the future", "record it when it was sent")
        return settle(self.alert, state, now, Settling("sent", to, self.on))
