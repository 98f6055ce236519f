"""Take back amendments that you requested."""

from collections.abc import Iterable

from commands.amending import approvals as approvals_batch
from commands.core import checks as given
from commands.core.command import Decision, Range, State, decided, option, starting
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import RequestWithdrawn
from ledger.store.store import Fact
from policies.packs.rules import Rules


class WithdrawRequest(approvals_batch.OfBatch):
    """attendance approvals withdraw: take back amendments that you requested.

    Only whoever asked takes a request back; that they asked is kept.
    """

    reason: str = option("why it is withdrawn")

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for all requests."""
        yield starting(streams.APPROVAL)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Withdraw all that waits of the batch."""
        author, reason = state.author(now), given.required(self.reason, "reason")
        found = approvals_batch.waiting(self, state)
        asked = next((e.request for e in found if e.request.by != author.staff_id), None)
        if asked is not None:
            raise Refused(
                "request-of-another",
                f"{state.open_text(asked.name)} asked for these changes, not {author.name}",
                "decline them instead: attendance approvals decline",
            )
        withdrawn = RequestWithdrawn(
            batch=self.batch,
            reason=reason,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        says = [f"{approvals_batch.told(state, each)}: withdrawn" for each in found]
        return decided([Fact(each.stream, withdrawn) for each in found], *says)
