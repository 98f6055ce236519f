"""Take back a closure or cancellation recorded in error."""

from datetime import date

from commands.core import checks as given
from commands.core.command import Decision, State, UseCase, argument, decided, option
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn
from ledger.store.store import Fact
from ledger.values import Half
from policies.packs.rules import Rules


class WithdrawClosure(UseCase):
    """attendance closures withdraw: take back a closure or cancellation recorded in error.

    The sessions are met after all; marks that a cancellation gave stay until amended.
    """

    day: date = argument("the date")
    session: tuple[Half, ...] = option("AM or PM; both when left out", default=())
    group: tuple[str, ...] = option("the groups that it was recorded for", default=())
    reason: str = option("why it is withdrawn")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Withdraw what was recorded for exactly these groups."""
        state.author(now)
        reason, groups = given.required(self.reason, "reason"), frozenset(self.group)
        found = {
            half: closure
            for half in given.halves(self.session)
            if (closure := state.school.closures.get((self.day, half, groups))) is not None
        }
        if not found:
            raise Refused(
                "no-closure",
                f"no closure for {', '.join(sorted(groups)) or 'everyone'} on {self.day}",
                _recorded(self.day, state),
            )
        withdrawn = ClosureWithdrawn(
            date=self.day, sessions=tuple(found), groups=tuple(sorted(groups)), reason=reason
        )
        says = [f"{self.day} {' and '.join(found)}: closure withdrawn"]
        if any(closure.cancelled for closure in found.values()):
            says.append("the marks that the cancellation gave still stand: attendance amend")
        return decided([Fact(streams.CALENDAR, withdrawn)], *says)


def _recorded(day: date, state: State) -> str:
    found = [
        f"{closure.half} for {', '.join(sorted(closure.groups)) or 'everyone'}"
        for closure in state.school.closures.values()
        if closure.date == day
    ]
    return f"recorded on that day: {'; '.join(found) or 'none'}"
