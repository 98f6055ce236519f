"""The leave is no longer asked for, or is taken back.

Plans of all its sessions without a mark are withdrawn; what was entered already stays.
"""

from collections.abc import Iterable

from commands.core import checks as given
from commands.core.command import Decision, Range, State, UseCase, argument, decided, option
from commands.leave import leave as leave_made
from commands.leave import leave_rules
from ledger.events import streams
from ledger.events.leave import LeaveWithdrawn
from ledger.store.store import Fact
from policies.packs.rules import Rules


class WithdrawLeave(UseCase):
    """attendance leave withdraw: the leave is no longer asked for, or is taken back.

    The request ends; a further one may be made.
    """

    leave_id: str = argument("the id of the request")
    reason: str = option("why; kept sealed")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the request, and for marks, plans and registers in its sessions."""
        return leave_rules.reads_of(state, self.leave_id)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the withdrawal, and withdraw the plans that rest on this leave alone."""
        author, reason = state.author(now), given.required(self.reason, "reason")
        leave = leave_made.find(state, self.leave_id)
        leave_rules.check_state(leave, ("asked", "granted"), "nothing is left to withdraw")
        plans = leave_rules.own_plans(state, leave)
        event = LeaveWithdrawn(
            reason=reason, by=author.staff_id, name=author.name, job_title=author.job_title
        )
        why = f"leave {leave.id} was withdrawn: {reason}"
        facts = [
            Fact(streams.leave(leave.pupil.id, leave.id), event),
            *leave_rules.withdrawn(leave.pupil, plans, why, author.staff_id),
        ]
        counted = leave_rules.number_of(len(plans), "planned session")
        return decided(
            facts, f"leave {leave.id} of {state.name_of(leave.pupil)} withdrawn, with {counted}"
        )
