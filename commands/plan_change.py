"""Change what is expected before the register is taken."""

from commands import given, mark_rules, plan_rules, sessions
from commands.base import Decision, State, decided, option
from commands.mark_rules import Stated
from commands.plan_rules import Planning
from ledger import streams
from ledger.events.register import PlanChanged
from ledger.store import Fact
from policies.rules import Rules


class ChangePlan(Planning):
    """attendance plan change: change what is expected before the register is taken.

    Another code is expected now; what was planned before is kept.
    """

    code: str = option("the code that is expected now")
    reason: str = option("why the plan changes")
    nature: str | None = option(
        "nature of the activity, or the cause, where the code needs it", default=None
    )

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Change every plan of the span that can still change."""
        by, reason = state.author(now).staff_id, given.required(self.reason, "reason")
        pupil, stated = state.pupil(self.pupil), Stated(self.code, nature=self.nature)
        calendar, facts = state.school.calendar(), []
        for session, before in plan_rules.planned(state, pupil, sessions.span(self), now):
            mark_rules.check_entry(
                rules.codes, calendar, pupil=pupil, session=session, stated=stated
            )
            plan_rules.check_absence(rules.codes, stated, session)
            if before != stated:
                changed = PlanChanged(
                    original=before.code,
                    code=stated.code,
                    nature=stated.nature,
                    reason=reason,
                    by=by,
                )
                facts.append(Fact(streams.plan(pupil.id, session), changed))
        name = state.name_of(pupil)
        if not facts:
            return decided([], f"{name}: {stated.code} is already planned; nothing was recorded")
        return decided(facts, f"{name}: {stated.code} now planned for {len(facts)} sessions")
