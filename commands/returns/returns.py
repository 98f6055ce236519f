"""Returns to the local authority: one that was made, and the figure agreed for one.

SI 2024/208 reg 13 asks for them; it gives no number for failing to attend regularly
(reg 13(7)(a)), so school and authority agree one.
"""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from commands.core.command import Decision, State, UseCase, decided, option
from commands.core.ranges import Range, one
from commands.core.standing import standing_events
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.returns import ReturnAgreed, ReturnMade
from ledger.store.facts import Fact
from policies.packs.codes import Rules

ReturnKind = Literal["attendance", "sickness", "joiners", "leavers"]

_AGREED = "attendance"
"""The kind of return that the agreed figure is for."""


class MakeReturn(UseCase):
    """attendance returns made: record that a return was made to the local authority.

    What SI 2024/208 reg 13 asks for was sent: about the pupils named, else everyone due.
    """

    kind: ReturnKind = option("which return")
    on: date = option("the day on which it was made")
    pupil: tuple[str, ...] = option(
        "a pupil whom it was about, by UPN or local id; may be repeated [everyone due that day]",
        default=(),
    )

    def reads(self, state: State) -> Iterable[Range]:
        """Name who made it and the pupils; ask for the returns of the kind made before."""
        yield state.own_row
        for named in self.pupil:
            yield one(streams.pupil(state.pupil(named).id))
        yield one(streams.returns(self.kind))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the return; the same one again is no news."""
        author = state.author(now)
        if self.on > local_date(now):
            what = f"{self.on} has not come yet"
            raise Refused("return-future", what, "record a return once it has been made")
        pupils = tuple(sorted({state.pupil(named).id for named in self.pupil}))
        stream = streams.returns(self.kind)
        about = f"{len(pupils)} named" if pupils else "everyone due"
        what = f"{self.kind} return of {self.on}, {about}"
        before = standing_events(state, stream)
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


class AgreeReturn(UseCase):
    """attendance returns agree: record the figure agreed with the local authority.

    So many sessions of unauthorised absence within so many school weeks call for a return.
    """

    sessions: int = option("how many sessions of unauthorised absence", minimum=1)
    weeks: int = option("within how many consecutive school weeks", minimum=1)
    from_: date = option("the day from which it is agreed")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who agreed it; ask for what was agreed before."""
        return state.own_row, one(streams.returns(_AGREED))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the figure; it stands from its day until a later one's day."""
        by = state.author(now).staff_id
        agreed = ReturnAgreed(sessions=self.sessions, weeks=self.weeks, since=self.from_, by=by)
        figure = (agreed.sessions, agreed.weeks)
        what = f"{figure[0]} sessions in {figure[1]} school weeks from {agreed.since}"
        stream = streams.returns(_AGREED)
        same = [
            (e.sessions, e.weeks)
            for e in state.histories.get(stream, ())
            if isinstance(e, ReturnAgreed) and e.since == agreed.since
        ]
        if same and same[-1] == figure:
            return decided([], f"{what}: agreed already; nothing was recorded")
        return decided([Fact(stream, agreed)], f"{what}: recorded as agreed with the authority")
