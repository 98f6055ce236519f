"""Approve requested amendments, which then apply."""

from collections.abc import Iterable, Iterator

from commands.amending import approvals as approvals_batch
from commands.amending.approvals import Waiting
from commands.core import marks as mark_rules
from commands.core.command import Author, Decision, Range, State, decided, one, option, starting
from commands.core.marks import Stated
from commands.core.standing import Amending
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentApproved
from ledger.events.register import MarkAmended
from ledger.store.store import Fact
from policies.packs.rules import Rules


class GiveApproval(approvals_batch.OfBatch):
    """attendance approvals give: approve requested amendments, which then apply.

    The amendments are of whoever asked for them; who approved stands beside them.
    """

    reason: str | None = option("a word on why it is approved", default=None)
    dry_run: bool = option("show what would be amended; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for all requests, and for the marks that those of the batch are about."""
        yield starting(streams.APPROVAL)
        for each in approvals_batch.waiting(self, state):
            yield one(streams.mark(each.pupil.id, each.session))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Approve all that waits of the batch and amend the marks, or refuse the whole of it."""
        approver, found = state.author(now), approvals_batch.waiting(self, state)
        approvals_batch.check_second_person(approver, state, now, found)
        facts: list[Fact] = []
        says = []
        for each in found:
            amending, after = _amending(state, each), _after(state, each)
            _check(state, rules, each, after)
            facts += _facts(self, approver, each, amending.mark(each.request.original, after))
            asked = f"asked for by {amending.author.name} ({amending.author.job_title})"
            says.append(f"{approvals_batch.told(state, each)}, {asked}: approved")
        says += ["dry run: nothing was recorded"] * self.dry_run
        return decided(facts, *says, dry_run=self.dry_run)


def _facts(
    command: GiveApproval, approver: Author, each: Waiting, amended: MarkAmended
) -> Iterator[Fact]:
    yield Fact(
        each.stream,
        AmendmentApproved(
            batch=command.batch,
            reason=command.reason,
            by=approver.staff_id,
            name=approver.name,
            job_title=approver.job_title,
        ),
    )
    yield Fact(streams.mark(each.pupil.id, each.session), amended)


def _amending(state: State, each: Waiting) -> Amending:
    request, read = each.request, state.open_text
    author = Author(request.by, read(request.name), request.job_title)
    return Amending(author, read(request.reason), request.batch)


def _after(state: State, each: Waiting) -> Stated:
    nature = each.request.nature
    return Stated(each.request.code, each.request.minutes_late, nature and state.open_text(nature))


def _check(state: State, rules: Rules, each: Waiting, after: Stated) -> None:
    """Refuse a change of a mark that is no longer what it was, or that cannot stand any more."""
    stands = state.mark(each.pupil, each.session).code
    told, remedy = approvals_batch.told(state, each), "decline it, and ask again"
    if stands != each.request.original:
        raise Refused(
            "mark-changed", f"{told}: the mark has changed since, {stands} stands now", remedy
        )
    try:
        mark_rules.check_entry(
            rules.codes,
            state.school.calendar(),
            pupil=each.pupil,
            session=each.session,
            stated=after,
        )
    except Refused as refused:
        raise Refused(refused.code, f"{told}: {refused.what}", remedy) from refused
