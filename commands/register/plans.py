"""Absences that are expected: added, changed, withdrawn before their registers are taken.

Only for sessions met, without a mark, whose register has not ended.
"""

from collections.abc import Iterable, Iterator

from commands.core import checks, marks, sessions, told
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
from ledger.store.facts import Fact
from ledger.values import Session
from policies.packs.codes import CodeRule, Rules

_NATURE = "nature of the activity, or the cause, where the code needs it"


class Planning(PupilSpanCommand):
    """A command about what is expected in sessions to come."""

    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks, the pupil, the calendar; marks, plans and registers in the span."""
        span, pupil = sessions.span(self), state.pupil(self.pupil)
        yield from (state.own_row, CALENDAR, one(streams.pupil(pupil.id)))
        yield sessions.marks(pupil, span)
        yield sessions.plans(pupil, span)
        yield from marks.taking_ranges(state, pupil, span)

    def _decided(
        self, state: State, rules: Rules, facts: list[Fact], says: str, *left: str
    ) -> Decision:
        name = state.name_of(state.pupil(self.pupil))
        if not facts and isinstance(self, PlanAbsence | ChangePlan):
            says = f"{self.code} is already planned; nothing was recorded"
        lines = told.in_words(state, rules.codes, facts, each=True) if self.dry_run else []
        return decided(facts, f"{name}: {says}", *lines, *left, dry_run=self.dry_run)


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
        calendar, stated = state.calendar(), StatedMark(self.code, nature=self.nature)
        facts, same = [], []
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
            elif before == stated:
                same.append(session)
            else:
                raise Refused(
                    "already-planned",
                    f"{before.code} is already planned for {session}",
                    "change it with attendance plan change",
                )
        would = "would be " if self.dry_run else ""
        planned = f"{stated.code} {would}planned for {number_of(len(facts), 'session')}"
        left = sessions.left_out(same, "planned so already") if facts else ()
        closed = _not_met(self, calendar, pupil)
        return self._decided(state, rules, facts, planned, *left, *closed)


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
        calendar, facts, span = state.calendar(), [], sessions.span(self)
        plans, same = _open_plans(state, pupil, span, now), []
        for session, before in plans:
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
            else:
                same.append(session)
        verb = "would be" if self.dry_run else "now"
        says = f"{stated.code} {verb} planned for {number_of(len(facts), 'session')}"
        left = [
            *(sessions.left_out(same, "planned so already") if facts else ()),
            *_past_planning(state, pupil, plans),
            *_unplanned(state, pupil, span),
        ]
        return self._decided(state, rules, facts, says, *left)


class WithdrawPlan(Planning):
    """attendance plan withdraw: take back an absence that is no longer expected.

    Nothing is expected any more; what was planned is kept in the history.
    """

    reason: str = option("why the plan is withdrawn")

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Withdraw every plan of the span that can still change."""
        by, reason = state.author(now).staff_id, checks.required_text(self.reason, "reason")
        pupil, span = state.pupil(self.pupil), sessions.span(self)
        plans = _open_plans(state, pupil, span, now)
        facts = [
            Fact(
                streams.plan(pupil.id, session),
                PlanWithdrawn(original=plan.code, reason=reason, by=by),
            )
            for session, plan in plans
        ]
        would = "would be " if self.dry_run else ""
        says = f"{number_of(len(facts), 'planned session')} {would}withdrawn"
        return self._decided(state, rules, facts, says, *_past_planning(state, pupil, plans))


def _not_met(command: PlanAbsence, calendar: Calendar, pupil: Pupil) -> Iterator[str]:
    """Yield the days of terms in a range on which the school does not meet for the pupil."""
    span = sessions.span(command)
    met = set(_planned_sessions(command, calendar, pupil))
    within = calendar.sessions(span.first.date, span.last.date)
    away = [session for session in within if span.holds(session) and session not in met]
    yield from sessions.left_out(away, "that the school does not meet for the pupil")


def _past_planning(
    state: State, pupil: Pupil, open_: Iterable[tuple[Session, StatedMark]]
) -> Iterator[str]:
    """Yield the plans in a range that can no longer change."""
    kept = {session for session, _ in open_}
    past = [session for session, _ in marks.plans_of(state, pupil) if session not in kept]
    yield from sessions.left_out(
        past, "with a mark, or whose register has ended,", "attendance amend, or mark"
    )


def _unplanned(state: State, pupil: Pupil, span: Span) -> Iterator[str]:
    """Yield the sessions of a range for which nothing is planned."""
    calendar = state.calendar()
    planned = {session for session, _ in marks.plans_of(state, pupil)}
    without = [each for each in _met(calendar, pupil, span) if each not in planned]
    yield from sessions.left_out(without, "without a plan", "attendance plan add")


def _planned_sessions(command: PlanAbsence, calendar: Calendar, pupil: Pupil) -> list[Session]:
    span = sessions.span(command)
    if span.single:
        return [span.first]
    found = _met(calendar, pupil, span)
    if not found:
        raise Refused(
            "nothing-to-plan",
            f"from {span.first} to {span.last} the school meets no session for the pupil",
            "check the dates",
        )
    return found


def _met(calendar: Calendar, pupil: Pupil, span: Span) -> list[Session]:
    return [
        session
        for session in calendar.sessions(span.first.date, span.last.date)
        if span.holds(session)
        and pupil.on_roll(session.date)
        and calendar.meets(session, pupil.groups(session.date))
    ]


def _open_plans(
    state: State, pupil: Pupil, span: Span, now: int
) -> list[tuple[Session, StatedMark]]:
    """Return the plans that can still change; of a range, those without a register yet."""
    calendar = state.calendar()
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
