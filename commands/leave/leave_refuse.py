"""Refuse leave that was asked for, with the reason.

A refusal is recorded, because a school must be able to show that it refused. It plans nothing.
"""

from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from commands.core import checks as given
from commands.core import roles
from commands.core.command import (
    Decision,
    Range,
    State,
    UseCase,
    argument,
    decided,
    option,
    starting,
)
from commands.leave import leave as leave_made
from commands.leave import leave_asker, leave_rules
from ledger.events import streams
from ledger.events.leave import LeaveDecided
from ledger.store.store import Fact
from policies.law import leave as law
from policies.packs.rules import Rules


class RefuseLeave(UseCase):
    """attendance leave refuse: refuse leave that was asked for, with the reason.

    The decision of a person whom the proprietor authorises, with its reason.
    """

    relies_on: ClassVar = (streams.RELATION, streams.PARENT)

    leave_id: str = argument("the id of the request")
    reason: str = option("why; kept sealed")
    letter_on: date | None = option("the date of the letter", default=None)

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for the request."""
        yield starting(streams.LEAVE)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the refusal."""
        author, reason = state.author(now), given.required(self.reason, "reason")
        roles.check(state, author, roles.DECIDERS, now, "decide on leave")
        leave = leave_made.find(state, self.leave_id)
        leave_rules.check_state(
            leave, ("asked",), "granted leave is taken back with attendance leave withdraw"
        )
        event = LeaveDecided(
            granted=False,
            reason=reason,
            letter_on=self.letter_on,
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
            f"the code for {purpose.text} without leave is {purpose.unauthorised}: "
            "nothing is planned",
            *(f"note: {note}" for note in notes),
        )
