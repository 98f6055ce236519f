"""Record an absence that is expected."""

from commands.core import marks as mark_rules
from commands.core import sessions, standing
from commands.core.command import Decision, State, decided, option
from commands.core.marks import Stated
from commands.leave.leave_rules import number_of
from commands.register import plans as plan_rules
from commands.register.plans import Planning
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.register import AbsencePlanned
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.store.store import Fact
from ledger.values import Session
from policies.packs.rules import Rules


class PlanAbsence(Planning):
    """attendance plan add: record an absence that is expected.

    A code expected for sessions to come; it is entered when their registers are taken.
    """

    code: str = option("the code that is expected")
    reason: str | None = option("why", default=None)
    nature: str | None = option(
        "nature of the activity, or the cause, where the code needs it", default=None
    )

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Plan one session, or every session of a range that the school meets for the pupil."""
        by, pupil = state.author(now).staff_id, state.pupil(self.pupil)
        calendar, stated = state.school.calendar(), Stated(self.code, nature=self.nature)
        facts = []
        for session in _sessions(self, calendar, pupil):
            mark_rules.check_entry(
                rules.codes, calendar, pupil=pupil, session=session, stated=stated
            )
            plan_rules.check_absence(rules.codes, stated, session)
            plan_rules.check_open(state, calendar, pupil, session, now)
            before = standing.plan_of(state, pupil, session)
            if before is None:
                plan = AbsencePlanned(
                    code=stated.code, nature=stated.nature, reason=self.reason, by=by
                )
                facts.append(Fact(streams.plan(pupil.id, session), plan))
            elif before != stated:
                raise Refused(
                    "already-planned",
                    f"{before.code} is already planned for {session}",
                    "change it with attendance plan change",
                )
        name = state.name_of(pupil)
        if not facts:
            return decided([], f"{name}: {stated.code} is already planned; nothing was recorded")
        planned = number_of(len(facts), "session")
        return decided(facts, f"{name}: {stated.code} planned for {planned}")


def _sessions(command: PlanAbsence, calendar: Calendar, pupil: Pupil) -> list[Session]:
    span = sessions.span(command)
    if span.single:
        return [span.first]
    found = [
        session
        for session in calendar.sessions(span.first.date, span.last.date)
        if span.holds(session)
        and pupil.on_roll(session.date)
        and calendar.meets(session, pupil.groups(session.date))
    ]
    if not found:
        raise Refused(
            "nothing-to-plan",
            f"from {span.first} to {span.last} the school meets no session for the pupil",
            "check the dates",
        )
    return found
