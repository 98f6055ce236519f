"""Record that a return was made to the local authority."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from commands.core.command import Decision, Range, State, UseCase, decided, one, option
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.penalties import ReturnMade
from ledger.store.store import Fact
from policies.packs.rules import Rules

Kind = Literal["attendance", "sickness", "joiners", "leavers"]


class MakeReturn(UseCase):
    """attendance returns made: record that a return was made to the local authority.

    What SI 2024/208 reg 13 asks for was sent: about the pupils named, else everyone due.
    """

    kind: Kind = option("which return")
    on: date = option("the day on which it was made")
    pupil: tuple[str, ...] = option(
        "a pupil whom it was about, by UPN or local id; may be repeated [everyone due that day]",
        default=(),
    )

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for the returns of the kind made before."""
        yield one(streams.returns(self.kind))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the return; the same one again is no news."""
        author = state.author(now)
        if self.on > local_date(now):
            raise Refused(
                "return-future",
                f"{self.on} has not come yet",
                "record a return once it has been made",
            )
        pupils = tuple(sorted({state.pupil(named).id for named in self.pupil}))
        stream = streams.returns(self.kind)
        about = f"{len(pupils)} named" if pupils else "everyone due"
        what = f"{self.kind} return of {self.on}, {about}"
        before = state.histories.get(stream, ())
        if any(
            isinstance(e, ReturnMade) and (e.on, e.pupils) == (self.on, pupils) for e in before
        ):
            return decided([], f"{what}: recorded before; nothing was recorded")
        made = ReturnMade(
            on=self.on,
            pupils=pupils,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        return decided([Fact(stream, made)], f"{what}: recorded as made")
