"""Amendments that need a second person: those that wait, and every request and decision.

While one waits, what stands is the mark as it was; but an answer that rests on it has to say
that a change waits.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ledger.clock import iso, local_date
from ledger.english import number_of
from ledger.values import Session, parse_session
from policies.law.calendar import school_days_between
from projections.queries.versions import Describer
from projections.queries.view import View

if TYPE_CHECKING:
    from projections.queries.rectangle import Flags


_REQUEST_COLUMNS = (
    "pupil, session, batch, original, code, grounds, reason, "
    '"by", name, job_title, position, minutes_late, nature'
)
_STEP_COLUMNS = (
    "pupil, session, position, batch, original, code, reason, name, job_title, "
    "decision, decided, decided_reason, decided_name, decided_title"
)
_DECIDED = {"approved": "approved", "declined": "declined", "withdrawn": "request_withdrawn"}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PendingAmendment:
    """One requested amendment that nobody has decided; ``reason``, ``name``, ``nature`` sealed.

    ``pupil``: the row number; ``position``: of the request.
    """

    pupil: int
    session: str
    batch: str
    original: str
    code: str
    grounds: tuple[str, ...]
    reason: str
    by: str
    name: str
    job_title: str
    position: int
    minutes_late: int | None = None
    nature: str | None = None

    @property
    def at(self) -> Session:
        """The session, read."""
        return parse_session(self.session)


def pending_amendments(view: View) -> list[PendingAmendment]:
    """Return what waits, by session and then pupil, whatever the session's date."""
    rows = view.stood(_REQUEST_COLUMNS, "approvals", "decision IS NULL")
    found = [_pending(row) for row in rows]
    return sorted(found, key=lambda each: (each.session, each.pupil))


def _pending(row: Sequence[Any]) -> PendingAmendment:
    grounds = tuple(row[5].split())
    return PendingAmendment(*row[:5], grounds, *row[6:])  # type: ignore[call-arg]


def in_cells(view: View, sessions: Sequence[Session], cells: "Flags") -> list[PendingAmendment]:
    """Return what waits on some cells of a register [pupils, sessions], such as those counted."""
    place = {session: n for n, session in enumerate(sessions)}
    return [
        each
        for each in pending_amendments(view)
        if each.pupil < len(cells) and each.at in place and cells[each.pupil, place[each.at]]
    ]


def field(found: Collection[PendingAmendment]) -> dict[str, int]:
    """Return what a document says of changes that wait: nothing where none does."""
    return {"pending": len(found)} if found else {}


def notes(found: Collection[PendingAmendment]) -> list[str]:
    """Say that changes wait, if any do: what is shown is without them."""
    if not found:
        return []
    waits = "waits" if len(found) == 1 else "wait"
    what = number_of(len(found), "requested amendment")
    return [f"{what} {waits} for approval; the marks stand as they were: attendance approvals"]


def approval_steps(
    view: View, describer: Describer, pupils: Collection[int], first: date, last: date
) -> Iterator[tuple[int, Row]]:
    """Yield each request and decision on the sessions of some days, with the pupil's row number.

    What was asked for stands in ``asked``; the mark itself is ``was`` and ``became``, alike:
    an approved amendment follows as an amendment of its own.
    """
    days = view.calendar.school_days()
    where = "session BETWEEN :v0 AND :v1"
    span = (first.isoformat(), f"{last.isoformat()}~")
    for row in view.stood(_STEP_COLUMNS, "approvals", where, *span):
        pupil, session, position, batch, original, code, reason, name, title, *decided = row
        if pupil not in pupils:
            continue
        about = {"session": session, "was": original, "became": original, "asked": code,
                 "batch": batch, "step": None}  # fmt: skip
        said = [("requested", position, reason, name, title)]
        if decided[0] is not None:
            said.append((_DECIDED[decided[0]], *decided[1:]))
        for kind, at, why, who, job in said:
            commit = describer.commit(at)
            by = {"name": view.open(who), "job_title": job, "authenticated": commit.authenticated}
            lag = school_days_between(days, parse_session(session).date, local_date(commit.at))
            yield (
                pupil,
                about
                | {
                    "kind": kind,
                    "reason": view.open(why),
                    "by": by,
                    "recorded_at": iso(commit.at),
                    "stated_at": None,
                    "source": None,
                    "late_by_school_days": lag,
                    "position": at,
                },
            )
