"""End leave: it is no longer asked for or is taken back, or it was obtained falsely.

The plans that rest on the leave alone are withdrawn for every session without a mark. Of leave
that is withdrawn, what was entered already stays. Of leave that was obtained falsely, every mark
that rests on it becomes unauthorised by an amendment (SI 2024/208 reg 6(1)) that cites the leave;
where the school's policy asks for a second person, the amendments are recorded as requests. That
may be found again while marks or plans of the leave stand.
"""

from collections.abc import Collection, Iterable, Iterator

from commands.amending.changes import Judgement, Proposal, judge, policy_reads
from commands.core import checks, marks, sessions, told
from commands.core.command import Decision, State, decided, option
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import CALENDAR, Range, starting
from commands.leave.leave import (
    Grant,
    Leave,
    LeaveCommand,
    check_state,
    entry_reads,
    find_leave,
    leaves_of,
    sessions_in_words,
    sessions_met,
)
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.leave import LeaveFalsified, LeaveWithdrawn
from ledger.events.register import PlanWithdrawn
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.values import Session
from policies.law import leave as law
from policies.packs.codes import Codes, Rules


class EndLeave(LeaveCommand):
    """A command that ends leave."""

    def rests_on(self, _state: State, leave: Leave) -> Iterator[Range]:
        """Ask for the leave's marks and plans, and for the pupil's other leave."""
        yield from entry_reads(leave)
        yield starting(streams.leave(leave.pupil.id, ""))


class FalsifyLeave(EndLeave):
    """attendance leave falsified: leave was obtained falsely; its sessions become unauthorised.

    What was found, and the code that is to stand instead.
    """

    reason: str = option("what was found, and how; kept sealed")
    code: str | None = option(
        "the unauthorised code that is to stand [that of the purpose]", default=None
    )
    dry_run: bool = option("show what would be amended; record nothing", default=False)

    def rests_on(self, state: State, leave: Leave) -> Iterator[Range]:
        """Name the calendar, what rests on the leave, its registers, and what may be held."""
        yield CALENDAR
        yield from super().rests_on(state, leave)
        yield from marks.taking_ranges(state, leave.pupil, leave.covers)
        yield from policy_reads(state, [leave.pupil], leave.covers)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Amend what stands with the leave's code, withdraw what is only planned, and say why."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        leave = find_leave(state, self.leave_id)
        grant = _grant_of(leave)
        code = self.code or law.purpose(leave.request.purpose, grant.span.first.date).unauthorised
        proposals = _proposals(state, rules.codes, leave, grant, code)
        plans = _own_plans(state, leave)
        if leave.falsified and not (proposals or plans):
            check_state(leave, (), "amend what is left with attendance amend")
        judged = sorted(judge(state, rules, now, proposals), key=_effect)
        batch = state.new_id() if proposals else None
        amending = Amendment(author, _citation(leave, grant, reason), batch)
        event = LeaveFalsified(reason=reason, batch=batch, **author.fields)
        changes = [each.fact(amending) for each in judged]
        facts = [
            Fact(streams.leave(leave.pupil.id, leave.id), event),
            *changes,
            *_withdraw_plans(leave.pupil, plans, amending.reason, author.staff_id),
        ]
        says = [f"leave {leave.id} of {state.name_of(leave.pupil)}: {_heading(self, leave)}"]
        says += _changes_in_words(judged, None if self.dry_run else batch)
        if self.dry_run:
            says += told.summary(state, rules.codes, told.told(changes))
        if plans:
            which = sessions_in_words(session for session, _ in plans)
            done = "to be withdrawn" if self.dry_run else "withdrawn"
            says.append(f"{number_of(len(plans), 'planned session')} {done}: {which}")
        touched = {each.session for each in proposals} | {session for session, _ in plans}
        says += _left_out(state, leave, grant, touched)
        return decided(facts, *says, dry_run=self.dry_run)


class WithdrawLeave(EndLeave):
    """attendance leave withdraw: the leave is no longer asked for, or is taken back.

    The request ends; a further one may be made.
    """

    reason: str = option("why; kept sealed")
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Record the withdrawal, and withdraw the plans that rest on this leave alone."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        leave = find_leave(state, self.leave_id)
        check_state(leave, ("asked", "granted"), "nothing is left to withdraw")
        plans = _own_plans(state, leave)
        event = LeaveWithdrawn(reason=reason, **author.fields)
        why = f"leave {leave.id} was withdrawn: {reason}"
        facts = [
            Fact(streams.leave(leave.pupil.id, leave.id), event),
            *_withdraw_plans(leave.pupil, plans, why, author.staff_id),
        ]
        number = number_of(len(plans), "planned session")
        verb = "would be withdrawn" if self.dry_run else "withdrawn"
        says = [f"leave {leave.id} of {state.name_of(leave.pupil)} {verb}, with {number}"]
        left = {session for session, _ in _plans(state, leave)} - {session for session, _ in plans}
        says += sessions.left_out(left, "that other leave covers")
        if self.dry_run:
            says += told.in_words(state, rules.codes, facts, each=True)
        return decided(facts, *says, dry_run=self.dry_run)


def _own_plans(state: State, leave: Leave) -> list[tuple[Session, StatedMark]]:
    """Return the plans that rest on granted leave alone, of every session without a mark."""
    plans = _plans(state, leave)
    return [each for each in plans if not _rests_elsewhere(state, leave, each[0])]


def _plans(state: State, leave: Leave) -> list[tuple[Session, StatedMark]]:
    """Return the plans with the code of granted leave, of every session without a mark.

    Also of sessions begun or past: a register that is taken late would enter them.
    """
    grant = leave.grant
    if grant is None:
        return []
    return [
        (session, plan)
        for session, plan in marks.plans_of(state, leave.pupil)
        if grant.span.holds(session)
        and plan.code == grant.code
        and marks.mark_of(state, leave.pupil, session) is None
    ]


def _rests_elsewhere(state: State, leave: Leave, session: Session) -> bool:
    """Tell whether other leave of the pupil, which stands, gives a session the same code."""
    return any(
        other.id != leave.id
        and other.state == "granted"
        and other.grant is not None
        and leave.grant is not None
        and other.grant.code == leave.grant.code
        and other.grant.span.holds(session)
        for other in leaves_of(state, leave.pupil)
    )


def _withdraw_plans(
    pupil: Pupil, plans: Iterable[tuple[Session, StatedMark]], reason: str, by: str
) -> list[Fact]:
    return [
        Fact(
            streams.plan(pupil.id, session),
            PlanWithdrawn(original=plan.code, reason=reason, by=by),
        )
        for session, plan in plans
    ]


def _grant_of(leave: Leave) -> Grant:
    if leave.grant is None:
        raise Refused(
            "leave-not-granted",
            f"leave {leave.id} was never granted: nothing rests on it",
            "amend a mark with attendance amend",
        )
    return leave.grant


def _heading(command: FalsifyLeave, leave: Leave) -> str:
    if leave.falsified:
        verb = "would be" if command.dry_run else "is"
        return f"falsified already; what was left of it {verb} amended besides"
    return f"{'would be ' if command.dry_run else ''}recorded as falsified"


def _proposals(
    state: State, codes: Codes, leave: Leave, grant: Grant, code: str
) -> list[Proposal]:
    """Return what is to be amended: each mark with the leave's code, in the sessions granted.

    Sessions that are closed, or off roll, keep what they have; so do those that other leave of
    the pupil, which stands, gives the same code.
    """
    calendar, after = state.calendar(), StatedMark(code)
    proposals = []
    for session in sessions_met(calendar, leave.pupil, grant.span):
        _check_unauthorised(codes, code, session)
        before = marks.mark_of(state, leave.pupil, session)
        if before is None or before.code != grant.code:
            continue
        if not _rests_elsewhere(state, leave, session):
            marks.check_entry(codes, calendar, pupil=leave.pupil, session=session, stated=after)
            proposals.append(Proposal(leave.pupil, session, before, after))
    return proposals


def _left_out(
    state: State, leave: Leave, grant: Grant, touched: Collection[Session]
) -> Iterator[str]:
    """Yield which of the sessions granted stay as they are, and why."""
    met = sessions_met(state.calendar(), leave.pupil, grant.span)
    left = [session for session in met if session not in touched]
    codes = {session: state.mark(leave.pupil, session).code for session in left}
    shared = [session for session in left if _rests_elsewhere(state, leave, session)]
    other = [s for s in left if s not in shared and codes[s] is not None]
    blank = [s for s in left if s not in shared and codes[s] is None]
    yield from sessions.left_out(shared, "that other leave covers")
    yield from sessions.left_out(other, "with another mark", "attendance amend")
    yield from sessions.left_out(blank if touched else (), "without a mark")


def _check_unauthorised(codes: Codes, code: str, session: Session) -> None:
    rule = codes.rule(code, session.date)
    if not rule.unauthorised or rule.provisional:
        raise Refused(
            "code-not-unauthorised",
            f"{code} is no unauthorised absence: {rule.description}",
            "give an unauthorised code with --code, or leave it out; other changes are amendments",
        )


def _citation(leave: Leave, grant: Grant, reason: str) -> str:
    """Write the reason of the amendments, by which their readers find the leave."""
    letter = leave.decision and leave.decision.letter_on
    by = f"letter of {letter}" if letter else f"asked for on {leave.request.asked_on}"
    first, last, _ = grant.span
    return (
        f"leave {leave.id}, granted for {first} to {last} ({by}), was found to be falsified: "
        f"{reason}"
    )


def _effect(judged: Judgement) -> tuple[bool, bool]:
    """Put what applies at once first: amendments, then corrections; last what waits."""
    return bool(judged.grounds), judged.taking


def _changes_in_words(judged: list[Judgement], batch: str | None) -> list[str]:
    """List the changes of marks; ``batch``: by which those that wait are decided."""
    if not judged:
        return ["no mark stands on it: nothing is to amend"]
    says = []
    for proposal, grounds, _ in judged:
        waits = f" waits for a second person ({', '.join(grounds)})" if grounds else ""
        says.append(f"{proposal.session}: {proposal.codes}{waits}")
    number = sum(bool(each.grounds) for each in judged)
    held = f", {number} of them held" if number else ""
    tied = f"; batch {batch}" if held and batch else ""
    return [*says, f"{number_of(len(judged), 'mark')}{held}{tied}"]
