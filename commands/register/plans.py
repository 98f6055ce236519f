"""Absences that are expected: added, changed, withdrawn before their registers are taken.

Only for sessions met, without a mark, whose register has not ended.
"""

from collections.abc import Iterable

from commands.core import checks, marks, sessions
from commands.core.command import Decision, State, decided, option
from commands.core.marks import StatedMark
from commands.core.ranges import CALENDAR, Range, one
from commands.core.sessions import PupilSpanCommand, Span
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.register import AbsencePlanned, PlanChanged, PlanWithdrawn
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.store.store import Fact
from ledger.values import Session
from policies.packs.codes import CodeRule, Rules

_NATURE = "nature of the activity, or the cause, where the code needs it"


class Planning(PupilSpanCommand):
    """A command about what is expected in sessions to come."""

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the pupil, the calendar; marks, plans and registers in the span."""
        span, pupil = sessions.span(self), state.pupil(self.pupil)
        yield from (state.own_row, CALENDAR, one(streams.pupil(pupil.id)))
        yield sessions.marks(pupil, span)
        yield sessions.plans(pupil, span)
        yield from marks.taking_ranges(state, pupil, span)


class PlanAbsence(Planning):
    """attendance plan add: record an absence that is expected.

    A code expected for sessions to come; it is entered when their registers are taken.
    """

    code: str = option("the code that is expected")
    reason: str | None = option("why", default=None)
    nature: str | None = option(_NATURE, default=None)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Plan one session, or every session of a range that the school meets for the pupil."""
        by, pupil = state.author(now).staff_id, state.pupil(self.pupil)
        calendar, stated = state.school.calendar(), StatedMark(self.code, nature=self.nature)
        facts = []
        for session in _planned_sessions(self, calendar, pupil):
            marks.check_entry(rules.codes, calendar, pupil=pupil, session=session, stated=stated)
            _check_absence(rules.codes.rule(stated.code, session.date))
            _check_open(state, calendar, pupil, session, now)
            before = marks.plan_of(state, pupil, session)
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
        planned = number_of(len(facts), "session")
        return _decided(state, pupil, facts, stated.code, f"planned for {planned}")


class ChangePlan(Planning):
    """attendance plan change: change what is expected before the register is taken.

    Another code is expected now; what was planned before is kept.
    """

    code: str = option("the code that is expected now")
    reason: str = option("why the plan changes")
    nature: str | None = option(_NATURE, default=None)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Change every plan of the span that can still change."""
        by, reason = state.author(now).staff_id, checks.required_text(self.reason, "reason")
        pupil, stated = state.pupil(self.pupil), StatedMark(self.code, nature=self.nature)
        calendar, facts = state.school.calendar(), []
        for session, before in _open_plans(state, pupil, sessions.span(self), now):
            marks.check_entry(rules.codes, calendar, pupil=pupil, session=session, stated=stated)
            _check_absence(rules.codes.rule(stated.code, session.date))
            if before != stated:
                changed = PlanChanged(
                    original=before.code,
                    code=stated.code,
                    nature=stated.nature,
                    reason=reason,
                    by=by,
                )
                facts.append(Fact(streams.plan(pupil.id, session), changed))
        says = f"now planned for {number_of(len(facts), 'session')}"
        return _decided(state, pupil, facts, stated.code, says)


class WithdrawPlan(Planning):
    """attendance plan withdraw: take back an absence that is no longer expected.

    Nothing is expected any more; what was planned is kept in the history.
    """

    reason: str = option("why the plan is withdrawn")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Withdraw every plan of the span that can still change."""
        by, reason = state.author(now).staff_id, checks.required_text(self.reason, "reason")
        pupil = state.pupil(self.pupil)
        facts = [
            Fact(
                streams.plan(pupil.id, session),
                PlanWithdrawn(original=plan.code, reason=reason, by=by),
            )
            for session, plan in _open_plans(state, pupil, sessions.span(self), now)
        ]
        return decided(facts, f"{state.name_of(pupil)}: {len(facts)} planned sessions withdrawn")


def _decided(state: State, pupil: Pupil, facts: list[Fact], code: str, says: str) -> Decision:
    if not facts:
        says = "is already planned; nothing was recorded"
    return decided(facts, f"{state.name_of(pupil)}: {code} {says}")


def _planned_sessions(command: PlanAbsence, calendar: Calendar, pupil: Pupil) -> list[Session]:
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


def _open_plans(
    state: State, pupil: Pupil, span: Span, now: int
) -> list[tuple[Session, StatedMark]]:
    """Return the plans that can still change; of a range, those without a register yet."""
    calendar = state.school.calendar()
    found = list(marks.plans_of(state, pupil))
    if span.single and found:
        _check_open(state, calendar, pupil, span.first, now)
    kept = [
        (session, plan)
        for session, plan in found
        if marks.mark_of(state, pupil, session) is None
        and not marks.has_ended(calendar, session, marks.takings(state, pupil, session), now)
    ]
    if not kept:
        where = f"{span.first}" if span.single else f"any session from {span.first} to {span.last}"
        raise Refused(
            "no-plan",
            f"nothing is planned for {where} that could still change",
            "plan an absence with attendance plan add, or amend what stands",
        )
    return kept


def _check_absence(rule: CodeRule) -> None:
    """Refuse to plan what is only known when the register is taken."""
    if rule.category == "present" or rule.provisional or rule.late:
        raise Refused(
            "code-not-planned",
            f"{rule.code} is only known when the register is taken: {rule.description}",
            "plan the absence that is expected, or leave the session without a plan",
        )


def _check_open(
    state: State, calendar: Calendar, pupil: Pupil, session: Session, now: int
) -> None:
    """Refuse a plan for a session that has a mark already or whose register has ended."""
    mark = marks.mark_of(state, pupil, session)
    if mark is not None:
        raise Refused(
            "already-marked",
            f"{mark.code} already stands for {session}: it is past planning",
            "change it with attendance amend, giving the reason",
        )
    if marks.has_ended(calendar, session, marks.takings(state, pupil, session), now):
        raise Refused(
            "register-ended",
            f"the register of {session} has ended: it is past planning",
            "record a late entry with attendance mark",
        )
