"""Decline requested amendments; the marks stay as they are."""

from collections.abc import Iterable

from commands.amending import approvals as approvals_batch
from commands.core import checks as given
from commands.core.command import Decision, Range, State, decided, option, starting
from ledger.events import streams
from ledger.events.amending import AmendmentDeclined
from ledger.store.store import Fact
from policies.packs.rules import Rules


class DeclineApproval(approvals_batch.OfBatch):
    """attendance approvals decline: decline requested amendments; the marks stay as they are.

    Who declined, when and why is kept beside the request.
    """

    reason: str = option("why it is declined")

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for all requests."""
        yield starting(streams.APPROVAL)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Decline all that waits of the batch."""
        author, reason = state.author(now), given.required(self.reason, "reason")
        found = approvals_batch.waiting(self, state)
        approvals_batch.check_second_person(author, state, now, found)
        declined = AmendmentDeclined(
            batch=self.batch,
            reason=reason,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        says = [f"{approvals_batch.told(state, each)}: declined; the mark stays" for each in found]
        return decided([Fact(each.stream, declined) for each in found], *says)
