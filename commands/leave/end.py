"""Leave was obtained falsely; its sessions become unauthorised.

Every mark that rests on the leave is amended (SI 2024/208 reg 6(1)) and cites it; plans of
sessions without a mark are withdrawn. Where the school's policy asks for a second person, the
amendments are recorded as requests. It may be given again while marks or plans of the leave stand.
"""

from collections.abc import Iterable

from commands.amending import changes as approval_rules
from commands.amending.changes import Proposed, Split
from commands.core import checks, marks
from commands.core.command import Decision, Range, State, UseCase, argument, decided, option
from commands.core.marks import Amending, Stated
from commands.leave import leave as leave_made
from commands.leave.leave import Granted, Leave
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.leave import LeaveFalsified, LeaveWithdrawn
from ledger.events.register import MarkCorrected
from ledger.store.store import Fact
from ledger.values import Session
from policies.law import leave as law
from policies.packs.codes import Codes, Rules

# -- end -----------------------------------------------------------------------------------
# Leave was obtained falsely; its sessions become unauthorised.
#
# Every mark that rests on the leave is amended (SI 2024/208 reg 6(1)) and cites it; plans of
# sessions without a mark are withdrawn. Where the school's policy asks for a second person, the
# amendments are recorded as requests. It may be given again while marks or plans of the leave
# stand.


class FalsifyLeave(UseCase):
    """attendance leave falsified: leave was obtained falsely; its sessions become unauthorised.

    What was found, and the code that is to stand instead.
    """

    leave_id: str = argument("the id of the request")
    reason: str = option("what was found, and how; kept sealed")
    code: str | None = option(
        "the unauthorised code that is to stand [that of the purpose]", default=None
    )
    dry_run: bool = option("show what would be amended; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the request, all that is recorded of its sessions, and what may be held."""
        yield from leave_made.reads_of(state, self.leave_id)
        leave = leave_made.known(state, self.leave_id)
        if leave is None:
            return
        yield from approval_rules.needed(state, [leave.pupil], leave.covers)

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Amend what stands with the leave's code, withdraw what is only planned, and say why."""
        author, reason = state.author(now), checks.required(self.reason, "reason")
        leave = leave_made.find(state, self.leave_id)
        granted = _granted(leave)
        changes = _changes(self, state, rules.codes, (leave, granted))
        plans = leave_made.own_plans(state, leave)
        if leave.falsified and not (changes or plans):
            leave_made.check_state(leave, (), "amend what is left with attendance amend")
        ended = {c.session: leave_made.ended(state, leave.pupil, c.session, now) for c in changes}
        split = approval_rules.split(
            state, rules, now, author, [change for change in changes if ended[change.session]]
        )
        early = [change for change in changes if not ended[change.session]]
        batch = state.new_pupil_id() if changes else None
        amending = Amending(author, _citing(leave, granted, reason), batch)
        event = LeaveFalsified(
            reason=reason,
            batch=batch,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        facts = [
            Fact(streams.leave(leave.pupil.id, leave.id), event),
            *(_amended(amending, change) for change in split.direct),
            *(_corrected(amending, change) for change in early),
            *(approval_rules.requested(split.held, amending) if split.held else ()),
            *leave_made.withdrawn(leave.pupil, plans, amending.reason, author.staff_id),
        ]
        says = [f"leave {leave.id} of {state.name_of(leave.pupil)}: {_heading(self, leave)}"]
        said = batch and ("one batch" if self.dry_run else f"batch {batch}")
        says += _told(Split([*split.direct, *early], split.held), said)
        if plans:
            which = leave_made.in_words(session for session, _ in plans)
            done = "to be withdrawn" if self.dry_run else "withdrawn"
            says.append(f"{number_of(len(plans), 'planned session')} {done}: {which}")
        says += ["dry run: nothing was recorded"] * self.dry_run
        return decided(facts, *says, dry_run=self.dry_run)


def _granted(leave: Leave) -> Granted:
    """Return what was granted; refuse leave that never was."""
    granted = leave.granted
    if granted is None:
        raise Refused(
            "leave-not-granted",
            f"leave {leave.id} was never granted: nothing rests on it",
            "amend a mark with attendance amend",
        )
    return granted


def _heading(command: FalsifyLeave, leave: Leave) -> str:
    would_be = "would be " * command.dry_run
    if leave.falsified:
        return f"falsified already; what was left of it {would_be or 'is '}amended besides"
    return f"{would_be}recorded as falsified"


def _changes(
    command: FalsifyLeave, state: State, codes: Codes, found: tuple[Leave, Granted]
) -> list[Proposed]:
    """Return what is to be amended: each mark with the leave's code, in the sessions granted.

    Sessions that are closed, or off roll, keep what they have; so do those that other leave of
    the pupil, which stands, gives the same code.
    """
    (leave, granted), calendar = found, state.school.calendar()
    first = granted.span.first.date
    after = Stated(command.code or law.purpose(leave.asked.purpose, first).unauthorised)
    changes = []
    for session in leave_made.met(calendar, leave.pupil, granted.span):
        _check_unauthorised(codes, after.code, session)
        before = marks.mark_of(state, leave.pupil, session)
        if before is None or before.code != granted.code:
            continue
        if not leave_made.rests_elsewhere(state, leave, session):
            marks.check_entry(codes, calendar, pupil=leave.pupil, session=session, stated=after)
            changes.append(Proposed(leave.pupil, session, before, after))
    return changes


def _check_unauthorised(codes: Codes, code: str, session: Session) -> None:
    rule = codes.rule(code, session.date)
    if not rule.unauthorised or rule.provisional:
        raise Refused(
            "code-not-unauthorised",
            f"{code} is no unauthorised absence: {rule.description}",
            "give an unauthorised code with --code, or leave it out; other changes are amendments",
        )


def _citing(leave: Leave, granted: Granted, reason: str) -> str:
    letter = leave.decision and leave.decision.letter_on
    by = f"letter of {letter}" if letter else f"asked for on {leave.asked.asked_on}"
    first, last, _ = granted.span
    return (
        f"leave {leave.id}, granted for {first} to {last} ({by}), was found to be falsified: "
        f"{reason}"
    )


def _amended(amending: Amending, change: Proposed) -> Fact:
    stream = streams.mark(change.pupil.id, change.session)
    return Fact(stream, amending.mark(change.before.code, change.after))


def _corrected(amending: Amending, change: Proposed) -> Fact:
    event = MarkCorrected(
        original=change.before.code,
        **change.after._asdict(),
        reason=amending.reason,
        by=amending.author.staff_id,
    )
    return Fact(streams.mark(change.pupil.id, change.session), event)


def _told(split: Split, batch: str | None) -> list[str]:
    if batch is None:
        return ["no mark stands on it: nothing is to amend"]
    says = [f"{c.session}: {c.before.code} -> {c.after.code}" for c in split.direct]
    says += [
        f"{c.session}: {c.before.code} -> {c.after.code} waits for a second person "
        f"({', '.join(grounds)})"
        for c, grounds in split.held
    ]
    held = f", {len(split.held)} of them held" if split.held else ""
    total = number_of(len(split.direct) + len(split.held), "mark")
    return [*says, f"{batch}: {total}{held}"]


# -- leave_withdraw ------------------------------------------------------------------------
# The leave is no longer asked for, or is taken back.
#
# Plans of all its sessions without a mark are withdrawn; what was entered already stays.


class WithdrawLeave(UseCase):
    """attendance leave withdraw: the leave is no longer asked for, or is taken back.

    The request ends; a further one may be made.
    """

    leave_id: str = argument("the id of the request")
    reason: str = option("why; kept sealed")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for the request, and for marks, plans and registers in its sessions."""
        return leave_made.reads_of(state, self.leave_id)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the withdrawal, and withdraw the plans that rest on this leave alone."""
        author, reason = state.author(now), checks.required(self.reason, "reason")
        leave = leave_made.find(state, self.leave_id)
        leave_made.check_state(leave, ("asked", "granted"), "nothing is left to withdraw")
        plans = leave_made.own_plans(state, leave)
        event = LeaveWithdrawn(
            reason=reason, by=author.staff_id, name=author.name, job_title=author.job_title
        )
        why = f"leave {leave.id} was withdrawn: {reason}"
        facts = [
            Fact(streams.leave(leave.pupil.id, leave.id), event),
            *leave_made.withdrawn(leave.pupil, plans, why, author.staff_id),
        ]
        counted = number_of(len(plans), "planned session")
        return decided(
            facts, f"leave {leave.id} of {state.name_of(leave.pupil)} withdrawn, with {counted}"
        )
