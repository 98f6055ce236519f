"""Amendments that were requested, and what a second person decided: one row an event."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from ledger.clock import iso, local_date
from ledger.values import parse_session
from policies.law.calendar import school_days_between
from projections.queries.versions import Describer
from projections.queries.view import View

_COLUMNS = (
    "pupil, session, position, batch, original, code, reason, name, job_title, "
    "decision, decided, decided_reason, decided_name, decided_title"
)
_DECIDED = {"approved": "approved", "declined": "declined", "withdrawn": "request_withdrawn"}
Row = dict[str, Any]


def requests(
    view: View, describer: Describer, pupils: Collection[int], first: date, last: date
) -> Iterator[tuple[int, Row]]:
    """Yield each request and decision on the sessions of some days, with the pupil's row number.

    What was asked for stands in ``asked``; the mark itself is ``was`` and ``became``, alike:
    an approved amendment follows as an amendment of its own.
    """
    days = view.calendar.school_days()
    where = "session BETWEEN :v0 AND :v1"
    span = (first.isoformat(), f"{last.isoformat()}~")
    for row in view.stood(_COLUMNS, "approvals", where, *span):
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
