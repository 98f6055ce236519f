"""Which groups and pupils a closure concerns, and the entry that a cancelled session gives."""

from collections.abc import Iterable

from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events.register import SessionMarked
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil, School
from ledger.values import Session
from policies.packs.codes import Codes


def check_groups(school: School, groups: Iterable[str]) -> None:
    """Refuse the name of a group to which nobody ever belonged."""
    known = {name for p in school.pupils.values() for _, name, _ in p.memberships}
    for group in groups:
        if group not in known:
            raise Refused(
                "group-unknown",
                f"no pupil ever belonged to {group!r}",
                "check the name; pupils join groups with attendance pupil move",
            )


def check_in_term(calendar: Calendar, session: Session) -> None:
    """Refuse a day on which no session could be held."""
    if not calendar.in_term(session.date):
        raise Refused(
            "outside-term",
            f"no session is due on {session.date}: no term, or a weekend",
            "check the date, or set the term with attendance terms set",
        )


def concerned(school: School, session: Session, groups: Iterable[str]) -> list[Pupil]:
    """Return the pupils on roll who belong to one of the groups; all where none is named."""
    named, day = set(groups), session.date
    return [
        pupil
        for pupil in school.pupils.values()
        if pupil.on_roll(day) and (not named or not named.isdisjoint(pupil.groups(day)))
    ]


def cancelled_entry(
    codes: Codes, session: Session, reason: str, by: str, now: int
) -> SessionMarked:
    """Return the entry that a cancelled session gives (reg 10(10)); on a later day, a late one."""
    return SessionMarked(
        code=codes.cancelled(session.date),
        late=local_date(now) > session.date,
        reason=because(reason),
        by=by,
    )


def because(reason: str) -> str:
    """Return the reason that goes with the mark of a cancelled session."""
    return f"session cancelled: {reason}"
