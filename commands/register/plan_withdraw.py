"""Take back an absence that is no longer expected."""

from commands.core import checks as given
from commands.core import sessions
from commands.core.command import Decision, State, decided, option
from commands.register import plans as plan_rules
from commands.register.plans import Planning
from ledger.events import streams
from ledger.events.register import PlanWithdrawn
from ledger.store.store import Fact
from policies.packs.rules import Rules


class WithdrawPlan(Planning):
    """attendance plan withdraw: take back an absence that is no longer expected.

    Nothing is expected any more; what was planned is kept in the history.
    """

    reason: str = option("why the plan is withdrawn")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Withdraw every plan of the span that can still change."""
        by, reason = state.author(now).staff_id, given.required(self.reason, "reason")
        pupil = state.pupil(self.pupil)
        facts = [
            Fact(
                streams.plan(pupil.id, session),
                PlanWithdrawn(original=plan.code, reason=reason, by=by),
            )
            for session, plan in plan_rules.planned(state, pupil, sessions.span(self), now)
        ]
        return decided(facts, f"{state.name_of(pupil)}: {len(facts)} planned sessions withdrawn")
