"""Record how many notices the authority says that it holds.

The complete record is the local authority's (SI 2007/1867 reg 20): until it has confirmed, a
school can speak of its own records only.
"""

from datetime import date
from typing import ClassVar

from commands.core import checks as given
from commands.core.command import Decision, Range, State, UseCase, argument, decided, one, option
from commands.penalties.notices import check_parent
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.penalties import NoticesConfirmed
from ledger.store.store import Fact
from policies.packs.rules import Rules

_SAYS = ("la_ref", "confirmed_on", "notices")


class ConfirmNotices(UseCase):
    """attendance notices confirm: record how many notices the authority says that it holds.

    What the local authority answered about one parent and child.
    """

    relies_on: ClassVar = (streams.PARENT,)

    parent_id: str = argument("the school's id of the parent")
    pupil: str = argument("UPN or local id")
    la_ref: str = option("the authority's reference")
    on: date = option("the day on which it confirmed")
    notices: int = option("how many notices it holds", ge=0)

    def reads(self, state: State) -> tuple[Range, ...]:
        """Ask for what is recorded of notices to this parent for this child."""
        pupil = state.pupil(self.pupil)
        return (one(streams.notices(self.parent_id, pupil.id)),)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the confirmation; nothing where it is recorded already."""
        author, la_ref = state.author(now), given.required(self.la_ref, "la-ref")
        pupil = state.pupil(self.pupil)
        check_parent(state, self.parent_id)
        if self.on > local_date(now):
            raise Refused(
                "future", f"--on {self.on} is in the future", "record it when it has come"
            )
        stream = streams.notices(self.parent_id, pupil.id)
        event = NoticesConfirmed(
            la_ref=la_ref,
            confirmed_on=self.on,
            notices=self.notices,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        who = f"notices to {self.parent_id} for {state.name_of(pupil)}"
        if _held(state, stream, event):
            return decided([], f"{who}: confirmed so already; nothing was recorded")
        return decided([Fact(stream, event)], f"{who}: {self.notices} confirmed by the authority")


def _held(state: State, stream: str, event: NoticesConfirmed) -> bool:
    return any(
        isinstance(before, NoticesConfirmed)
        and all(getattr(before, name) == getattr(event, name) for name in _SAYS)
        for before in state.histories.get(stream, ())
    )
