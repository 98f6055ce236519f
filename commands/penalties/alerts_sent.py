"""Record that the letter about an undercut went to the authority."""

from collections.abc import Iterable
from datetime import date

from commands.core import checks as given
from commands.core.command import Decision, Range, State, UseCase, argument, option
from commands.penalties import alerts as alert_rules
from commands.penalties.alerts import Settling
from ledger.clock import local_date
from ledger.errors import Refused
from policies.packs.rules import Rules


class SendAlert(UseCase):
    """attendance alerts sent: record that the letter about an undercut went to the authority.

    The alert is settled: the authority, or whoever holds the paper, was told.
    """

    alert: int = argument("number of the alert, as attendance alerts shows it")
    to: str = option("to whom it was sent; kept sealed")
    on: date = option("the day on which it was sent")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the pupil's alerts and what became of them."""
        return alert_rules.reads(self.alert, state)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record to whom and when it was sent; not ahead of time, not twice."""
        to = given.required(self.to, "to")
        if self.on > local_date(now):
            raise Refused("future", f"{self.on} is in the future", "record it when it was sent")
        return alert_rules.settle(self.alert, state, now, Settling("sent", to, self.on))
