"""attendance alerts dismiss: record why nothing is to be sent about an undercut alert."""

from collections.abc import Iterable

from commands import alert_rules, given
from commands.alert_rules import Settling
from commands.base import Command, Decision, Range, State, argument, option
from policies.rules import Rules


class DismissAlert(Command):
    """The alert is settled without a letter; who decided so and why is kept."""

    alert: int = argument("number of the alert, as attendance alerts shows it")
    reason: str = option("why nothing is to be sent; kept sealed")


def reads(command: DismissAlert, state: State) -> Iterable[Range]:
    """Ask for the pupil's alerts and what became of them."""
    return alert_rules.reads(command.alert, state)


def decide(command: DismissAlert, state: State, _rules: Rules, now: int) -> Decision:
    """Record the reason, once."""
    reason = given.required(command.reason, "reason")
    return alert_rules.settle(command.alert, state, now, Settling("dismissed", reason=reason))
