"""Record why nothing is to be sent about an undercut alert."""

from collections.abc import Iterable

from commands.core import checks as given
from commands.core.command import Decision, Range, State, UseCase, argument, option
from commands.penalties import alerts as alert_rules
from commands.penalties.alerts import Settling
from policies.packs.rules import Rules


class DismissAlert(UseCase):
    """attendance alerts dismiss: record why nothing is to be sent about an undercut alert.

    The alert is settled without a letter; who decided so and why is kept.
    """

    alert: int = argument("number of the alert, as attendance alerts shows it")
    reason: str = option("why nothing is to be sent; kept sealed")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the pupil's alerts and what became of them."""
        return alert_rules.reads(self.alert, state)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the reason, once."""
        reason = given.required(self.reason, "reason")
        return alert_rules.settle(self.alert, state, now, Settling("dismissed", reason=reason))
