"""The requested amendments of one batch, and who may decide them."""

from collections.abc import Iterable
from typing import NamedTuple

from commands.amending import school_policy
from commands.core import pending_requests
from commands.core.command import Author, State, UseCase, argument, option
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.state.school import Pupil
from ledger.values import Session
from policies.packs import school as school_packs


class OfBatch(UseCase):
    """A command about the requests of one batch, or about some of them."""

    batch: str = argument("the batch, as attendance approvals shows it")
    pupil: str | None = option("only this pupil's, by UPN or local id", default=None)
    session: Session | None = option("only this session, 2026-11-20/AM", default=None)


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
        for pupil_id, session, request in sorted(pending_requests.every(state), key=_place)
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


def told(state: State, each: Waiting) -> str:
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
