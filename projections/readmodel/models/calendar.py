"""The calendar: terms, closures, register times."""

from ledger.events.calendar import (
    ClosureWithdrawn,
    RegisterTimesSet,
    SessionCancelled,
    SessionsClosed,
    TermSet,
)
from ledger.values import school_year_number
from projections.readmodel.tables import GROUP_SEPARATOR, Handlers, Moment, Table, Writer

TABLES = {
    "terms": Table(
        key=("name", "year"), columns={"name": str, "year": int, "first": str, "last": str}
    ),
    "register_times": Table(
        key=("since",),
        columns={
            "since": str,
            "am_opens": str,
            "am_closes": str,
            "pm_opens": str,
            "pm_closes": str,
        },
    ),
    "closures": Table(
        key=("date", "half", "groups"),
        columns={
            "date": str,
            "half": str,
            "groups": str,
            "cancelled": int,
            "reason": str,
            "stated": int,
        },
    ),
}


def _put_term(writer: Writer, moment: Moment, _: str, e: TermSet) -> None:
    key = (e.name, school_year_number(e.first))
    writer.put("terms", key, (e.first.isoformat(), e.last.isoformat()), moment)


def _put_times(writer: Writer, moment: Moment, _: str, e: RegisterTimesSet) -> None:
    times = (e.am_opens, e.am_closes, e.pm_opens, e.pm_closes)
    writer.put("register_times", (e.since.isoformat(),), times, moment)


def _put_closure(
    writer: Writer, moment: Moment, _: str, e: SessionsClosed | SessionCancelled
) -> None:
    for key in _keys(e):
        cancelled = int(isinstance(e, SessionCancelled))
        writer.put("closures", key, (cancelled, e.reason, e.stated), moment)


def _end_closure(writer: Writer, moment: Moment, _: str, e: ClosureWithdrawn) -> None:
    for key in _keys(e):
        writer.end("closures", key, moment)


def _keys(e: SessionsClosed | SessionCancelled | ClosureWithdrawn) -> list[tuple[str, str, str]]:
    groups = GROUP_SEPARATOR.join(sorted(set(e.groups)))
    return [(e.date.isoformat(), half, groups) for half in e.sessions]


HANDLERS: Handlers = {
    TermSet: _put_term,
    RegisterTimesSet: _put_times,
    SessionsClosed: _put_closure,
    SessionCancelled: _put_closure,
    ClosureWithdrawn: _end_closure,
}
