"""The requested amendments of one batch, and who may decide them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from commands.amending import policy as school_policy
from commands.core import checks, marks
from commands.core.command import (
    Author,
    Decision,
    Range,
    State,
    UseCase,
    argument,
    decided,
    one,
    option,
    starting,
)
from commands.core.marks import Amending, Stated
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


class OfBatch(UseCase):
    """A command about the requests of one batch, or about some of them."""

    batch: str = argument("the batch, as attendance approvals shows it")
    pupil: str | None = option("only this pupil's, by UPN or local id", default=None)
    session: Session | None = option("only this session, 2026-11-20/AM", default=None)


class GiveApproval(OfBatch):
    """attendance approvals give: approve requested amendments, which then apply.

    The amendments are of whoever asked for them; who approved stands beside them.
    """

    reason: str | None = option("a word on why it is approved", default=None)
    dry_run: bool = option("show what would be amended; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for all requests, and for the marks that those of the batch are about."""
        yield starting(streams.APPROVAL)
        for each in waiting(self, state):
            yield one(streams.mark(each.pupil.id, each.session))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Approve all that waits of the batch and amend the marks, or refuse the whole of it."""
        approver, found = state.author(now), waiting(self, state)
        check_second_person(approver, state, now, found)
        facts: list[Fact] = []
        says = []
        for each in found:
            amending, after = _amending(state, each), _after(state, each)
            _check(state, rules, each, after)
            facts += _facts(self, approver, each, amending.mark(each.request.original, after))
            asked = f"asked for by {amending.author.name} ({amending.author.job_title})"
            says.append(f"{approvals_told(state, each)}, {asked}: approved")
        says += ["dry run: nothing was recorded"] * self.dry_run
        return decided(facts, *says, dry_run=self.dry_run)


class DeclineApproval(OfBatch):
    """attendance approvals decline: decline requested amendments; the marks stay as they are.

    Who declined, when and why is kept beside the request.
    """

    reason: str = option("why it is declined")

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for all requests."""
        yield starting(streams.APPROVAL)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Decline all that waits of the batch."""
        author, reason = state.author(now), checks.required(self.reason, "reason")
        found = waiting(self, state)
        check_second_person(author, state, now, found)
        declined = AmendmentDeclined(
            batch=self.batch,
            reason=reason,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        says = [f"{approvals_told(state, each)}: declined; the mark stays" for each in found]
        return decided([Fact(each.stream, declined) for each in found], *says)


class WithdrawRequest(OfBatch):
    """attendance approvals withdraw: take back amendments that you requested.

    Only whoever asked takes a request back; that they asked is kept.
    """

    reason: str = option("why it is withdrawn")

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for all requests."""
        yield starting(streams.APPROVAL)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Withdraw all that waits of the batch."""
        author, reason = state.author(now), checks.required(self.reason, "reason")
        found = waiting(self, state)
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
        says = [f"{approvals_told(state, each)}: withdrawn" for each in found]
        return decided([Fact(each.stream, withdrawn) for each in found], *says)


class Waiting(NamedTuple):
    """One request that nobody has decided."""

    pupil: Pupil
    session: Session
    request: AmendmentRequested

    @property
    def stream(self) -> str:
        """The stream of the request."""
        return streams.approval(self.pupil.id, self.session)


def waiting(command: OfBatch, state: State) -> list[Waiting]:
    """Return what of the batch waits, by pupil and session; refuse where nothing does."""
    named = None if command.pupil is None else state.pupil(command.pupil).id
    found = [
        Waiting(state.school.pupils[pupil_id], session, request)
        for pupil_id, session, request in sorted(marks.every(state), key=_place)
        if request.batch == command.batch
        and named in (None, pupil_id)
        and command.session in (None, session)
    ]
    if not found:
        raise _nothing(command, _known(state))
    return found


def check_second_person(author: Author, state: State, now: int, found: Iterable[Waiting]) -> None:
    """Refuse whoever asked, and whoever the school's policy does not let decide."""
    if any(each.request.by == author.staff_id for each in found):
        raise Refused(
            "approver-asked",
            f"{author.name} asked for these changes; a second person decides on them",
            "ask somebody else to decide, or take them back with attendance approvals withdraw",
        )
    policy = school_policy.in_force(state, local_date(now))
    if policy is not None:
        what = "decide on requested amendments"
        school_policy.check_role(state, policy, school_packs.APPROVERS, author, what)


def approvals_told(state: State, each: Waiting) -> str:
    """Name a request: ``Ada Quill 2026-11-20/AM: I -> O``."""
    change = f"{each.request.original} -> {each.request.code}"
    return f"{state.name_of(each.pupil)} {each.session}: {change}"


def _place(each: tuple[str, Session, AmendmentRequested]) -> tuple[str, Session]:
    return each[0], each[1]


def _known(state: State) -> set[str]:
    return {
        event.batch
        for stream, events in state.histories.items()
        if stream.startswith(streams.APPROVAL)
        for event in events
        if isinstance(event, AmendmentRequested)
    }


def _nothing(command: OfBatch, known: set[str]) -> Refused:
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
    told, remedy = approvals_told(state, each), "decline it, and ask again"
    if stands != each.request.original:
        raise Refused(
            "mark-changed", f"{told}: the mark has changed since, {stands} stands now", remedy
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
        raise Refused(refused.code, f"{told}: {refused.what}", remedy) from refused
