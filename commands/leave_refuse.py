"""attendance leave refuse: refuse leave that was asked for, with the reason.

A refusal is recorded, because a school must be able to show that it refused. It plans nothing.
"""

from collections.abc import Iterable
from datetime import date

from commands import given, leave_asker, leave_made, leave_rules, roles
from commands.base import Command, Decision, Range, State, argument, decided, option, starting
from ledger import streams
from ledger.events.leave import LeaveDecided
from ledger.store import Fact
from policies import leave as law
from policies.rules import Rules

RELIES_ON = (streams.RELATION, streams.PARENT)


class RefuseLeave(Command):
    """The decision of a person whom the proprietor authorises, with its reason."""

    leave_id: str = argument("the id of the request")
    reason: str = option("why; kept sealed")
    letter_on: date | None = option("the date of the letter", default=None)


def reads(_command: RefuseLeave, _state: State) -> Iterable[Range]:
    """Ask for the request."""
    yield starting(streams.LEAVE)


def decide(command: RefuseLeave, state: State, _rules: Rules, now: int) -> Decision:
    """Record the refusal."""
    author, reason = state.author(now), given.required(command.reason, "reason")
    roles.check(state, author, roles.DECIDERS, now, "decide on leave")
    leave = leave_made.find(state, command.leave_id)
    leave_rules.check_state(
        leave, ("asked",), "granted leave is taken back with attendance leave withdraw"
    )
    event = LeaveDecided(
        granted=False,
        reason=reason,
        letter_on=command.letter_on,
        by=author.staff_id,
        name=author.name,
        job_title=author.job_title,
    )
    asked = leave.asked_for
    purpose = law.purpose(leave.asked.purpose, asked.first.date)
    name = state.open_text(leave.asked.asked_by)
    notes = leave_asker.against_letter(state, leave.pupil, leave.asked.parent, name)
    return decided(
        [Fact(streams.leave(leave.pupil.id, leave.id), event)],
        f"leave {leave.id}: refused to {state.name_of(leave.pupil)}, {asked.first} to "
        f"{asked.last} ({purpose.text})",
        f"the code for {purpose.text} without leave is {purpose.unauthorised}: nothing is planned",
        *(f"note: {note}" for note in notes),
    )
