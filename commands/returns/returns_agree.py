"""Record the figure agreed with the local authority.

The law gives no number for failing to attend regularly (SI 2024/208 reg 13(7)(a)).
"""

from collections.abc import Iterable
from datetime import date

from commands.core.command import Decision, Range, State, UseCase, decided, one, option
from ledger.events import streams
from ledger.events.penalties import ReturnAgreed
from ledger.store.store import Fact
from policies.packs.rules import Rules

KIND = "attendance"
"""The return that the figure is for."""


class AgreeReturn(UseCase):
    """attendance returns agree: record the figure agreed with the local authority.

    So many sessions of unauthorised absence within so many school weeks call for a return.
    """

    sessions: int = option("how many sessions of unauthorised absence", ge=1)
    weeks: int = option("within how many consecutive school weeks", ge=1)
    from_: date = option("the day from which it is agreed")

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for what was agreed before."""
        yield one(streams.returns(KIND))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the figure; it stands from its day until a later one's day."""
        by = state.author(now).staff_id
        agreed = ReturnAgreed(sessions=self.sessions, weeks=self.weeks, since=self.from_, by=by)
        figure = (agreed.sessions, agreed.weeks)
        what = f"{figure[0]} sessions in {figure[1]} school weeks from {agreed.since}"
        stream = streams.returns(KIND)
        same = [
            (e.sessions, e.weeks)
            for e in state.histories.get(stream, ())
            if isinstance(e, ReturnAgreed) and e.since == agreed.since
        ]
        if same and same[-1] == figure:
            return decided([], f"{what}: agreed already; nothing was recorded")
        return decided([Fact(stream, agreed)], f"{what}: recorded as agreed with the authority")
