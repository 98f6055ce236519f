"""Who asked for leave, and when: what speaks against it (SI 2024/208 reg 11(11) and (12)).

The event of a request keeps the day. Where the time is known too, fixed words at the beginning of
the reason say so, sealed with it; they are read back here.
"""

import re
from collections.abc import Iterator
from datetime import date, time

from commands.core.command import State
from ledger.clock import local, local_date, parse_instant
from ledger.errors import Refused
from ledger.events.leave import LeaveRequested
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.values import HALVES, Session, parse_date
from policies.law import leave as law

RELATED = "record the relation first (attendance relation record), or leave out --parent"
_AT = re.compile(r"asked for at (\d\d:\d\d)(?:; |$)")


def read(text: str, now: int) -> tuple[date, str | None]:
    """Return the day that a text names, and the London time where it names an instant.

    Refused as ``asked-in-the-future`` where it has not come yet.
    """
    if re.search("[T ]", text):
        instant = parse_instant(text)
        day, at, ahead = local_date(instant), f"{local(instant):%H:%M}", instant > now
    else:
        day, at = parse_date(text), None
        ahead = day > local_date(now)
    if ahead:
        raise Refused(
            "asked-in-the-future",
            f"{text} has not come yet",
            "give the day on which it was asked for with --asked-on",
        )
    return day, at


def with_time(at: str | None, reason: str | None) -> str | None:
    """Return a reason that begins with the time of asking, where that is known."""
    return "; ".join(filter(None, (at and f"asked for at {at}", reason))) or None


def in_advance(calendar: Calendar, asked_on: date, reason: str | None, first: Session) -> bool:
    """Tell whether leave was asked for before its first session; ``reason``: its text, opened."""
    found = _AT.match(reason or "")
    at = time.fromisoformat(found[1]) if found else None
    return law.in_advance(asked_on, first.date, at, _opens(calendar, first))


def _opens(calendar: Calendar, session: Session) -> time | None:
    times = [each for each in calendar.times if each.since <= session.date]
    if not times:
        return None
    return (times[-1].am if session.half == HALVES[0] else times[-1].pm)[0]


def check_related(state: State, pupil: Pupil, parent: str | None) -> None:
    """Refuse a parent who is not on record, or not as one of this pupil; parents must be read."""
    if parent is None:
        return
    if parent not in state.school.parents:
        remedy = "record them with attendance parent record, or leave out --parent"
        raise Refused("parent-unknown", f"no parent has the id {parent!r}", remedy)
    if (parent, pupil.id) not in state.school.relations:
        what = f"parent {parent} is not recorded as a parent of {state.name_of(pupil)}"
        raise Refused("parent-not-related", what, RELATED)


def against_letter(state: State, pupil: Pupil, parent: str | None, name: str) -> Iterator[str]:
    """Yield why no letter can go to who asked; ``name``: who that is, in words."""
    if parent is not None and (parent, pupil.id) not in state.school.relations:
        yield f"parent {parent} is not recorded as a parent of this pupil: no letter goes to them"
    for barred in _without_contact(state, pupil):
        if barred == parent or (parent is None and _names(state, barred, name)):
            yield (
                f"no_contact is yes for parent {barred}: they may not be contacted, and no "
                "letter goes to them"
            )


def _without_contact(state: State, pupil: Pupil) -> Iterator[str]:
    for (parent, related), relation in state.school.relations.items():
        if related == pupil.id and relation.no_contact == "yes":
            yield parent


def _names(state: State, parent: str, text: str) -> bool:
    """Tell whether a text holds both names of a parent."""
    person = state.school.parents.get(parent)
    if person is None or person.forename is None:
        return False
    words = [state.open_text(person.forename), state.open_text(person.surname)]
    return all(word.casefold() in text.casefold() for word in words)


def against(state: State, pupil: Pupil, asked: LeaveRequested, name: str) -> Iterator[str]:
    """Yield what speaks against who asked; relations and parents must be in the state."""
    yield from against_letter(state, pupil, asked.parent, name)
    first = date.fromisoformat(asked.first.partition("/")[0])
    rule = law.asked_by(first)
    if rule is None:
        return
    who = f"leave is asked for by {rule.value} ({rule.reference})"
    if asked.parent is None:
        if law.age(first, pupil.compulsory_from, pupil.birth_cohort) != "above":
            yield f"no parent on record is named; {who}"
        return
    relation, day = state.school.relations[asked.parent, pupil.id], asked.asked_on
    if not (relation.since or day) <= day <= (relation.until or day):
        yield f"parent {asked.parent} was not on record for this pupil on {day}; {who}"
    elif relation.lives_with != "yes":
        lives = "does not live" if relation.lives_with == "no" else "is not known to live"
        yield f"parent {asked.parent} {lives} with the pupil; {who}"
