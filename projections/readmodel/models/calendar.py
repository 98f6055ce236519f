"""The calendar: terms, closures, register times."""

from ledger.events.calendar import (
    ClosureWithdrawn,
    RegisterTimesSet,
    SessionCancelled,
    SessionsClosed,
    TermSet,
)
from ledger.values import school_year_number
from projections.readmodel.records.school import Closure, Term, Times
from projections.readmodel.tables import Handlers, Moment, Writer


def _put_term(writer: Writer, moment: Moment, _: str, e: TermSet) -> None:
    writer.put(Term, moment, e, year=school_year_number(e.first))


def _put_times(writer: Writer, moment: Moment, _: str, e: RegisterTimesSet) -> None:
    writer.put(Times, moment, e)


def _put_closure(
    writer: Writer, moment: Moment, _: str, e: SessionsClosed | SessionCancelled
) -> None:
    cancelled, groups = isinstance(e, SessionCancelled), sorted(set(e.groups))
    for half in e.sessions:
        writer.put(Closure, moment, e, half=half, groups=groups, cancelled=cancelled)


def _end_closure(writer: Writer, moment: Moment, _: str, e: ClosureWithdrawn) -> None:
    for half in e.sessions:
        writer.end(Closure, moment, date=e.date, half=half, groups=sorted(set(e.groups)))


HANDLERS: Handlers = {
    TermSet: _put_term,
    RegisterTimesSet: _put_times,
    SessionsClosed: _put_closure,
    SessionCancelled: _put_closure,
    ClosureWithdrawn: _end_closure,
}
