"""Requested amendments: a second person approves or declines them, or whoever asked withdraws."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from commands.amending.policy import check_policy_role, policy_in_force
from commands.core import checks, marks
from commands.core.command import Author, Decision, State, UseCase, argument, decided, option
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import CALENDAR, POLICIES, Range, one, searched
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import (
    AmendmentApproved,
    AmendmentDeclined,
    AmendmentRequested,
    RequestWithdrawn,
)
from ledger.events.register import MarkAmended
from ledger.state.school import Pupil
from ledger.store.store import Fact
from ledger.values import Session
from policies.packs import school as school_packs
from policies.packs.codes import Rules


class BatchCommand(UseCase):
    """A command about the requests of one batch, or about some of them."""

    batch: str = argument("the batch, as attendance approvals shows it")
    pupil: str | None = option("only this pupil's, by UPN or local id", default=None)
    session: Session | None = option("only this session, 2026-11-20/AM", default=None)


class GiveApproval(BatchCommand):
    """attendance approvals give: approve requested amendments, which then apply.

    The amendments are of whoever asked for them; who approved stands beside them.
    """

    reason: str | None = option("a word on why it is approved", default=None)
    dry_run: bool = option("show what would be amended; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name what deciding rests on; the calendar, and the marks that are to be amended."""
        yield from _reads(self, state)
        yield CALENDAR
        for each in _waiting_requests(self, state):
            yield one(streams.mark(each.pupil.id, each.session))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Approve all that waits of the batch and amend the marks, or refuse the whole of it."""
        approver, requests = state.author(now), _waiting_requests(self, state)
        check_second_person(approver, state, now, requests)
        facts: list[Fact] = []
        says = []
        for each in requests:
            amendment, after = _amendment(state, each), _requested_mark(state, each)
            _check_stands(state, rules, each, after)
            facts += _facts(self, approver, each, amendment.mark(each.request.original, after))
            asked = f"asked for by {amendment.author.name} ({amendment.author.job_title})"
            says.append(f"{_change_in_words(state, each)}, {asked}: approved")
        if self.dry_run:
            says.append("dry run: nothing was recorded")
        return decided(facts, *says, dry_run=self.dry_run)


class DeclineApproval(BatchCommand):
    """attendance approvals decline: decline requested amendments; the marks stay as they are.

    Who declined, when and why is kept beside the request.
    """

    reason: str = option("why it is declined")

    def reads(self, state: State) -> Iterable[Range]:
        """Name what deciding rests on."""
        return _reads(self, state)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Decline all that waits of the batch."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        requests = _waiting_requests(self, state)
        check_second_person(author, state, now, requests)
        declined = AmendmentDeclined(batch=self.batch, reason=reason, **author.fields)
        says = [f"{_change_in_words(state, each)}: declined; the mark stays" for each in requests]
        return decided([Fact(each.stream, declined) for each in requests], *says)


class WithdrawRequest(BatchCommand):
    """attendance approvals withdraw: take back amendments that you requested.

    Only whoever asked takes a request back; that they asked is kept.
    """

    reason: str = option("why it is withdrawn")

    def reads(self, state: State) -> Iterable[Range]:
        """Name what deciding rests on."""
        return _reads(self, state)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Withdraw all that waits of the batch."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        requests = _waiting_requests(self, state)
        asked = next((e.request for e in requests if e.request.by != author.staff_id), None)
        if asked is not None:
            raise Refused(
                "request-of-another",
                f"{state.open_text(asked.name)} asked for these changes, not {author.name}",
                "decline them instead: attendance approvals decline",
            )
        withdrawn = RequestWithdrawn(batch=self.batch, reason=reason, **author.fields)
        says = [f"{_change_in_words(state, each)}: withdrawn" for each in requests]
        return decided([Fact(each.stream, withdrawn) for each in requests], *says)


class WaitingRequest(NamedTuple):
    """One request that nobody has decided."""

    pupil: Pupil
    session: Session
    request: AmendmentRequested

    @property
    def stream(self) -> str:
        """The stream of the request."""
        return streams.approval(self.pupil.id, self.session)


def _reads(command: BatchCommand, state: State) -> Iterator[Range]:
    """Look for the requests of a batch; name who decides, the policy, the requests and pupils."""
    yield from (state.own_row, POLICIES, searched(streams.APPROVAL))
    for each in _waiting_requests(command, state):
        yield one(each.stream)
        yield one(streams.pupil(each.pupil.id))


def _waiting_requests(command: BatchCommand, state: State) -> list[WaitingRequest]:
    """Return what of the batch waits, by pupil and session; refuse where nothing does."""
    named = None if command.pupil is None else state.pupil(command.pupil).id
    requests = [
        WaitingRequest(state.school.pupils[pupil_id], session, request)
        for pupil_id, session, request in sorted(marks.open_requests(state), key=_place)
        if request.batch == command.batch
        and named in (None, pupil_id)
        and command.session in (None, session)
    ]
    if not requests:
        raise _refusal(command, _known_batches(state))
    return requests


def check_second_person(
    author: Author, state: State, now: int, requests: Iterable[WaitingRequest]
) -> None:
    """Refuse whoever asked, and whoever the school's policy does not let decide."""
    if any(each.request.by == author.staff_id for each in requests):
        raise Refused(
            "approver-asked",
            f"{author.name} asked for these changes; a second person decides on them",
            "ask somebody else to decide, or take them back with attendance approvals withdraw",
        )
    policy = policy_in_force(state, local_date(now))
    if policy is not None:
        what = "decide on requested amendments"
        check_policy_role(state, policy, school_packs.APPROVERS, author, what)


def _change_in_words(state: State, each: WaitingRequest) -> str:
    """Name a request: ``Ada Quill 2026-11-20/AM: I -> O``."""
    change = f"{each.request.original} -> {each.request.code}"
    return f"{state.name_of(each.pupil)} {each.session}: {change}"


def _place(each: tuple[str, Session, AmendmentRequested]) -> tuple[str, Session]:
    return each[0], each[1]


def _known_batches(state: State) -> set[str]:
    return {
        event.batch
        for stream, events in state.histories.items()
        if stream.startswith(streams.APPROVAL)
        for event in events
        if isinstance(event, AmendmentRequested)
    }


def _refusal(command: BatchCommand, known: set[str]) -> Refused:
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


def _facts(
    command: GiveApproval, approver: Author, each: WaitingRequest, amended: MarkAmended
) -> Iterator[Fact]:
    yield Fact(
        each.stream,
        AmendmentApproved(batch=command.batch, reason=command.reason, **approver.fields),
    )
    yield Fact(streams.mark(each.pupil.id, each.session), amended)


def _amendment(state: State, each: WaitingRequest) -> Amendment:
    request, read = each.request, state.open_text
    author = Author(request.by, read(request.name), request.job_title)
    return Amendment(author, read(request.reason), request.batch)


def _requested_mark(state: State, each: WaitingRequest) -> StatedMark:
    nature = each.request.nature
    return StatedMark(
        each.request.code, each.request.minutes_late, nature and state.open_text(nature)
    )


def _check_stands(state: State, rules: Rules, each: WaitingRequest, after: StatedMark) -> None:
    """Refuse a change of a mark that is no longer what it was, or that cannot stand any more."""
    stands = state.mark(each.pupil, each.session).code
    change, remedy = _change_in_words(state, each), "decline it, and ask again"
    if stands != each.request.original:
        raise Refused(
            "mark-changed", f"{change}: the mark has changed since, {stands} stands now", remedy
        )
    try:
        marks.check_entry(
            rules.codes,
            state.school.calendar(),
            pupil=each.pupil,
            session=each.session,
            stated=after,
        )
    except Refused as refused:
        raise Refused(refused.code, f"{change}: {refused.what}", remedy) from refused
