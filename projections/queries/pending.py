"""Amendments that need a second person: those that wait, and every request and decision.

While one waits, nothing of it stands, and the mark may be changed meanwhile by who needs nobody's
approval: an answer that rests on it has to say that a change waits, and what stands is asked anew.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.english import number_of
from ledger.values import Session
from projections.queries import lags
from projections.queries.versions import Signatory, recorded_fields
from projections.queries.view import View
from projections.readmodel.accessors.marks import sessions_of, standing_marks
from projections.readmodel.records.amending import Request, RequestStep

if TYPE_CHECKING:
    from projections.queries.rectangle import Flags


Row = dict[str, Any]


def pending_amendments(view: View) -> list[Request]:
    """Return what waits, by session and then pupil, whatever the session's date."""
    return sorted(view.standing(Request, decision=None), key=lambda r: (r.session, r.pupil))


def code_that_stands(view: View, request: Request) -> str | None:
    """Return the code that stands where a change was asked for, none where no mark does."""
    marks = standing_marks(view, request.pupil, request.session)
    return next((mark.code for mark in marks), None)


def in_cells(view: View, sessions: Sequence[Session], cells: "Flags") -> list[Request]:
    """Return what waits on some cells of a register [pupils, sessions], such as those counted."""
    place = {session: n for n, session in enumerate(sessions)}
    return [
        each
        for each in pending_amendments(view)
        if each.pupil < len(cells) and each.at in place and cells[each.pupil, place[each.at]]
    ]


def field(found: Collection[Request]) -> dict[str, int]:
    """Return what a document says of changes that wait: nothing where none does."""
    return {"pending": len(found)} if found else {}


def notes(found: Collection[Request]) -> list[str]:
    """Say that changes wait, if any do: what is shown is without them."""
    if not found:
        return []
    waits = "waits" if len(found) == 1 else "wait"
    what = number_of(len(found), "requested amendment")
    unchanged = "what is asked for does not count yet"
    return [f"{what} {waits} for approval; {unchanged}: attendance approvals"]


class Approval(Struct, frozen=True):
    """A request for approval, or the decision on it, with its reason opened and its author."""

    request: Request
    step: RequestStep
    at: int
    reason: str | None
    by: Signatory


def approvals(view: View, requests: Iterable[Request]) -> Iterator[Approval]:
    """Yield each of some requests, and each decision on one."""
    for request in requests:
        for step in request.steps:
            by = Signatory(*view.author(step), view.authenticated(step.position))
            at = view.done_at(step.position, step.stated)
            yield Approval(request, step, at, view.open(step.reason), by)


def approval_steps(
    view: View, pupils: Collection[int], first: date, last: date
) -> Iterator[tuple[int, Row]]:
    """Yield each request and decision on the sessions of some days, with the pupil's row number.

    What was asked for stands in ``asked``; the mark itself is ``was`` and ``became``, alike:
    an approved amendment follows as an amendment of its own.
    """
    days = view.calendar.school_days()
    known = view.standing(Request, session=sessions_of(first, last))
    for each in approvals(view, (request for request in known if request.pupil in pupils)):
        request, at = each.request, each.at
        row = {
            "session": request.session,
            "was": request.original,
            "became": request.original,
            "asked": request.code,
            "batch": request.batch,
            "step": None,
            "kind": each.step.kind,
            "reason": each.reason,
            "by": each.by._asdict(),
            **recorded_fields(at),
            "stated_at": None,
            "source": None,
            **lags.fields(lags.school_days_after(days, request.at.date, at)),
            "position": each.step.position,
        }
        yield request.pupil, row
