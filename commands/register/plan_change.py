"""Change what is expected before the register is taken."""

from commands.core import checks as given
from commands.core import marks as mark_rules
from commands.core import sessions
from commands.core.command import Decision, State, decided, option
from commands.core.marks import Stated
from commands.register import plans as plan_rules
from commands.register.plans import Planning
from ledger.events import streams
from ledger.events.register import PlanChanged
from ledger.store.store import Fact
from policies.packs.rules import Rules


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
