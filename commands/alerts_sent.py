"""attendance alerts sent: record that the letter about an undercut alert went to the authority."""

from collections.abc import Iterable
from datetime import date

from commands import alert_rules, given
from commands.alert_rules import Settling
from commands.base import Command, Decision, Range, State, argument, option
from ledger.clock import local_date
from ledger.errors import Refused
from policies.rules import Rules


class SendAlert(Command):
    """The alert is settled: the authority, or whoever holds the paper, was told."""

    alert: int = argument("number of the alert, as attendance alerts shows it")
    to: str = option("to whom it was sent; kept sealed")
    on: date = option("the day on which it was sent")


def reads(command: SendAlert, state: State) -> Iterable[Range]:
    """Ask for the pupil's alerts and what became of them."""
    return alert_rules.reads(command.alert, state)


def decide(command: SendAlert, state: State, _rules: Rules, now: int) -> Decision:
    """Record to whom and when it was sent; not ahead of time, not twice."""
    to = given.required(command.to, "to")
    if command.on > local_date(now):
        raise Refused("future", f"{command.on} is in the future", "record it when it was sent")
    return alert_rules.settle(command.alert, state, now, Settling("sent", to, command.on))
