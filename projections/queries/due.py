"""Which entries of a register were due: it has closed, or it was taken before."""

import numpy as np

from ledger.clock import end_of_day
from ledger.values import Session
from projections.queries.rectangle import Flags, Rectangle
from projections.queries.view import View
from projections.readmodel.accessors.marks import sessions_of, takings


def has_closed(view: View, session: Session) -> bool:
    """Tell whether a register was to be complete: past its closing time, else its day."""
    closes = view.calendar.closing(session)
    return (end_of_day(session.date) if closes is None else closes) <= view.known_at


def due_cells(view: View, whole: Rectangle) -> Flags:
    """Return the cells that count and were due: their register has closed, or was taken."""
    found = np.zeros(whole.codes.shape, np.bool_)
    if not whole.sessions:
        return found
    found[:, [has_closed(view, session) for session in whole.sessions]] = True
    columns = {str(session): at for at, session in enumerate(whole.sessions)}
    first, last = whole.sessions[0].date, whole.sessions[-1].date
    for taking in takings(view, session=sessions_of(first, last)):
        at = columns.get(taking.session)
        if at is not None and not found[:, at].all():
            members = (m for m in view.memberships if m.name == taking.grp)
            found[[m.pupil for m in members if m.covers(whole.sessions[at].date)], at] = True
    return found & whole.counted


def not_due(whole: Rectangle, due: Flags) -> list[Session]:
    """Return the sessions in which somebody without a mark is not due to have one yet."""
    waits = np.any(whole.counted & ~due & (whole.codes == 0), axis=0)
    return [session for session, does in zip(whole.sessions, waits, strict=True) if does]
