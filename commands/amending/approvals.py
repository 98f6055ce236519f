"""Requested amendments: a second person approves or declines them, or whoever asked withdraws."""

from collections.abc import Iterable
from typing import NamedTuple

from commands.core import checks, marks, told
from commands.core.command import Author, Decision, State, UseCase, argument, decided, option
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import CALENDAR, POLICIES, Range, one, searched
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import (
    AmendmentApproved,
    AmendmentDeclined,
    AmendmentRequested,
    RequestDecided,
    RequestWithdrawn,
)
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.values import Session
from policies.packs.codes import Rules


class WaitingRequest(NamedTuple):
    """One request that nobody has decided."""

    pupil: Pupil
    session: Session
    request: AmendmentRequested

    @property
    def stream(self) -> str:
        """The stream of the request."""
        return streams.approval(self.pupil.id, self.session)

    def in_words(self, state: State) -> str:
        """Name the request: ``Ada Quill 2026-11-20/AM: I -> O``."""
        change = f"{self.request.original} -> {self.request.code}"
        return f"{state.name_of(self.pupil)} {self.session}: {change}"


class BatchCommand(UseCase):
    """A command about the requests of one batch, or about some of them."""

    batch: str = argument("the batch, as attendance approvals shows it")
    pupil: str | None = option("only this pupil's, by UPN or local id", default=None)
    session: Session | None = option("only this session, 2026-11-20/AM", default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Look for the batch; name who decides, the policy, the requests and their pupils."""
        yield from (state.own_row, POLICIES, searched(streams.APPROVAL))
        for each in self.waiting(state):
            yield one(each.stream)
            yield one(streams.pupil(each.pupil.id))

    def waiting(self, state: State) -> list[WaitingRequest]:
        """Return what of the batch waits, by pupil and session; refuse where nothing does."""
        named = None if self.pupil is None else state.pupil(self.pupil).id
        requests = [
            WaitingRequest(state.school.pupils[pupil_id], session, request)
            for pupil_id, session, request in sorted(marks.open_requests(state))
            if request.batch == self.batch
            and named in (None, pupil_id)
            and self.session in (None, session)
        ]
        if not requests:
            raise _refusal(self, state)
        return requests


class GiveApproval(BatchCommand):
    """attendance approvals give: approve requested amendments, which then apply.

    The amendments are of whoever asked for them; who approved stands beside them.
    """

    reason: str | None = option("a word on why it is approved", default=None)
    dry_run: bool = option("show what would be amended; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name what deciding rests on; the calendar, and the marks that are to be amended."""
        yield from super().reads(state)
        yield CALENDAR
        for each in self.waiting(state):
            yield one(streams.mark(each.pupil.id, each.session))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Approve all that waits of the batch and amend the marks, or refuse the whole of it."""
        approver, requests = state.author(now), self.waiting(state)
        check_second_person(approver, requests)
        approved = AmendmentApproved(batch=self.batch, reason=self.reason, **approver.fields)
        facts: list[Fact] = []
        says = []
        verb = "would be approved" if self.dry_run else "approved"
        for each in requests:
            amending, after = _amendment(state, each.request), _requested_mark(state, each.request)
            _check_stands(state, rules, each, after)
            amended = amending.mark(each.request.original, after)
            mark = streams.mark(each.pupil.id, each.session)
            facts += [Fact(each.stream, approved), Fact(mark, amended)]
            asked = f"asked for by {amending.author.name} ({amending.author.job_title})"
            says.append(f"{each.in_words(state)}, {asked}: {verb}")
        if self.dry_run:
            says += told.summary(state, rules.codes, told.told(facts))
        return decided(facts, *says, dry_run=self.dry_run)


class DeclineApproval(BatchCommand):
    """attendance approvals decline: decline requested amendments; the marks stay as they are.

    Who declined, when and why is kept beside the request.
    """

    reason: str = option("why it is declined")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Decline all that waits of the batch."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        requests = self.waiting(state)
        check_second_person(author, requests)
        declined = AmendmentDeclined(batch=self.batch, reason=reason, **author.fields)
        return _decided(state, requests, declined, "declined; the mark stays")


class WithdrawRequest(BatchCommand):
    """attendance approvals withdraw: take back amendments that you requested.

    Only whoever asked takes a request back; that they asked is kept.
    """

    reason: str = option("why it is withdrawn")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Withdraw all that waits of the batch."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        requests = self.waiting(state)
        asked = next((e.request for e in requests if e.request.by != author.staff_id), None)
        if asked is not None:
            raise Refused(
                "request-of-another",
                f"{state.open_text(asked.name)} asked for these changes, not {author.name}",
                "decline them instead: attendance approvals decline",
            )
        withdrawn = RequestWithdrawn(batch=self.batch, reason=reason, **author.fields)
        return _decided(state, requests, withdrawn, "withdrawn")


def _decided(
    state: State, requests: list[WaitingRequest], event: RequestDecided, what: str
) -> Decision:
    facts = [Fact(each.stream, event) for each in requests]
    return decided(facts, *(f"{each.in_words(state)}: {what}" for each in requests))


def check_second_person(author: Author, requests: Iterable[WaitingRequest]) -> None:
    """Refuse whoever asked for what waits."""
    if any(each.request.by == author.staff_id for each in requests):
        raise Refused(
            "approver-asked",
            f"{author.name} asked for these changes; a second person decides on them",
            "ask somebody else to decide, or take them back with attendance approvals withdraw",
        )


def _refusal(command: BatchCommand, state: State) -> Refused:
    known = {
        event.batch
        for stream, events in state.histories.items()
        if stream.startswith(streams.APPROVAL)
        for event in events
        if isinstance(event, AmendmentRequested)
    }
    if command.batch not in known:
        return Refused(
            "batch-unknown",
            f"no amendment was requested with the batch {command.batch!r}",
            "attendance approvals shows what waits",
        )
    part = command.pupil is not None or command.session is not None
    of_it = "what you name of it" if part else "it"
    return Refused(
        "approval-none",
        f"batch {command.batch}: nothing of {of_it} waits for approval",
        "attendance approvals --all shows what was decided, by whom and when",
    )


def _amendment(state: State, request: AmendmentRequested) -> Amendment:
    author = Author(request.by, state.open_text(request.name), state.open_text(request.job_title))
    return Amendment(author, state.open_text(request.reason), request.batch)


def _requested_mark(state: State, request: AmendmentRequested) -> StatedMark:
    nature = request.nature and state.open_text(request.nature)
    return StatedMark(request.code, request.minutes_late, nature)


def _check_stands(state: State, rules: Rules, each: WaitingRequest, after: StatedMark) -> None:
    """Refuse a change of a mark that is no longer what it was, or that cannot stand any more."""
    stands = state.mark(each.pupil, each.session).code
    change, remedy = each.in_words(state), "decline it, and ask again"
    if stands != each.request.original:
        raise Refused(
            "mark-changed", f"{change}: the mark has changed since, {stands} stands now", remedy
        )
    try:
        marks.check_entry(
            rules.codes,
            state.calendar(),
            pupil=each.pupil,
            session=each.session,
            stated=after,
        )
    except Refused as refused:
        raise Refused(refused.code, f"{change}: {refused.what}", remedy) from refused
