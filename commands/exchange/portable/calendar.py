"""The school, its calendar and its staff: what a folder states anew of them becomes facts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import TypeVar, cast

from commands.exchange.portable.rows import StaffRow, event_of
from commands.exchange.portable.school_toml import Closed
from commands.exchange.portable.voices import (
    SCHOOL_DETAILS,
    STAFF_DETAILS,
    TERM_DETAILS,
    TIMES_DETAILS,
    Details,
    attributes,
    differing,
    statements,
)
from commands.exchange.portable.work import Work, is_again, new_versions
from ledger import names
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import replace
from ledger.events.calendar import (
    ClosureWithdrawn,
    RegisterTimesSet,
    SessionCancelled,
    SessionsClosed,
    TermSet,
)
from ledger.events.school import SchoolOpened, StaffChanged, StaffJoined
from ledger.formats import fields
from ledger.formats.portable import GROUPS, PUPILS, SCHOOL, STAFF
from ledger.state.school import ClosureKey, closure_keys
from ledger.state.school import StaffRow as StaffHeld
from ledger.values import Session, school_year_number

_K = TypeVar("_K")
_E = TypeVar("_E", RegisterTimesSet, TermSet)
_CLOSING = (SessionsClosed, SessionCancelled, ClosureWithdrawn)


def record_school(work: Work) -> None:
    """Record the school, register times, terms and closures that are new or differ."""
    file = work.content.school
    _school(work, file.schools)
    _dated(work, "register times", file.times, work.school.times, _times_words)
    lines = _dated(work, "terms", file.terms, work.school.terms, _term_words)
    _refuse_overlaps(work, lines)
    _withdrawn_closures(work)
    _closures(work)


def _school(work: Work, versions: list[SchoolOpened]) -> None:
    held = work.school.opened
    holds = None if held is None else _school_details(held)
    for stated in new_versions(versions, holds, _school_details):
        _state_school(work, stated)


def _school_details(stated: SchoolOpened) -> Details:
    return attributes(stated, SCHOOL_DETAILS)


def _state_school(work: Work, stated: SchoolOpened) -> None:
    held, place = work.school.opened, (SCHOOL, stated.row or 0)
    if held is not None and held.urn != stated.urn:
        why = Refused(
            "other-school",
            f"the folder is of the school with URN {stated.urn}, the ledger of {held.urn}",
            "one ledger is one school's register: name the right one with --ledger",
        )
        work.problems.refuse_file(*place, why)
        return
    ((key, said),) = statements(stated)
    stated = replace(stated, **work.stands(*place, (streams.CALENDAR, key), said))
    said, holds = _school_details(stated), None if held is None else _school_details(held)
    if holds is None or differing(said, holds):
        if holds is not None and work.state.school.opened is not None:
            work.amends(place, "the school", said, holds)
        work.record("school", streams.CALENDAR, stated)


def _dated(
    work: Work, what: str, stated: list[_E], held: Mapping[_K, _E], words: Callable[[_E], str]
) -> Mapping[_K, int]:
    """Record the register times or terms that are new or differ; return the line of each.

    Those of one key are versions, each recorded at a time of its own.
    """
    versions: dict[_K, list[_E]] = defaultdict(list)
    for event in stated:
        ((key, _),) = cast("Iterable[tuple[_K, Details]]", statements(event))
        if is_again(event, versions[key]):
            _twice(work, event.row or 0, words(event))
        versions[key].append(event)
    for key, found in versions.items():
        stands = _says(held[key]) if key in held else None
        for event in new_versions(found, stands, _says):
            before = held.get(key)
            if _is_new(work, event, before):
                if before is not None and stands is not None:
                    place = (SCHOOL, event.row or 0)
                    work.amends(place, words(event), _says(event), _says(before))
                work.record(what, streams.CALENDAR, event)
    work.missing(what, ((streams.CALENDAR, key) for key in held.keys() - versions.keys()))
    return {key: found[-1].row or 0 for key, found in versions.items()}


def _is_new(work: Work, event: _E, held: _E | None) -> bool:
    """Tell whether register times or a term are said anew, and nobody here said otherwise."""
    ((key, said),) = statements(event)
    kept = work.stands(SCHOOL, event.row or 0, (streams.CALENDAR, key), said)
    return not kept and (held is None or bool(differing(_says(event), _says(held))))


def _says(event: RegisterTimesSet | TermSet) -> Details:
    """Return what register times or a term state, besides when that was recorded."""
    return attributes(
        event, TIMES_DETAILS if isinstance(event, RegisterTimesSet) else TERM_DETAILS
    )


def _times_words(times: RegisterTimesSet) -> str:
    return f"register times from {times.since}"


def _term_words(term: TermSet) -> str:
    return f"term {term.name!r} of the school year from {school_year_number(term.first)}"


def _refuse_overlaps(work: Work, lines: Mapping[tuple[str, int], int]) -> None:
    terms = sorted(work.school.terms.items(), key=lambda item: (item[1].first, item[1].last))
    for (key, term), (next_key, following) in pairwise(terms):
        if following.first <= term.last:
            why = Refused(
                "terms-overlap",
                f"term {_days(following)} begins before {_days(term)} ends",
                "correct the dates of one of them",
            )
            work.problems.refuse_file(SCHOOL, lines.get(next_key) or lines.get(key, 0), why)


def _days(term: TermSet) -> str:
    return f"{term.name!r} ({term.first} to {term.last})"


def _withdrawn_closures(work: Work) -> None:
    """Record what was closed once, and that this was withdrawn.

    Of sessions that the ledger has heard of, only that what stands there was withdrawn.
    """
    events = work.state.histories.get(streams.CALENDAR, ())
    heard = {key for event in events if isinstance(event, _CLOSING) for key in closure_keys(event)}
    for line, closed, withdrawn in sorted(
        work.content.school.withdrawn, key=lambda each: each[2].stated or 0
    ):
        for key, (_, said) in zip(closure_keys(closed), statements(closed), strict=True):
            half = (key[1],)
            if key not in heard:
                work.record("closures", streams.CALENDAR, replace(closed, sessions=half, row=line))
            elif _differs(work, key, closed) or work.voices[streams.CALENDAR, key].kept(said):
                continue
            work.record("closures", streams.CALENDAR, replace(withdrawn, sessions=half, row=line))


def _closures(work: Work) -> None:
    seen: set[ClosureKey] = set()
    for line, stated in work.content.school.closures:
        keys = closure_keys(stated)
        if not seen.isdisjoint(keys):
            _twice(work, line, f"a closure of {stated.date} for the same groups")
        seen.update(keys)
        _unknown_groups(work, line, stated)
        free = [
            key
            for key, (_, said) in zip(keys, statements(stated), strict=True)
            if not work.stands(SCHOOL, line, (streams.CALENDAR, key), said)
        ]
        for key in free:
            _tell_closure(work, line, key, stated)
        if any(_differs(work, key, stated) for key in free):
            halves = tuple(half for _, half, _ in free)
            work.record("closures", streams.CALENDAR, replace(stated, sessions=halves, row=line))
    left = work.school.closures.keys() - seen
    work.missing("closed sessions", ((streams.CALENDAR, key) for key in left))


def _tell_closure(work: Work, line: int, key: ClosureKey, stated: Closed) -> None:
    held = work.school.closures.get(key)
    if held is not None:
        cancelled = isinstance(stated, SessionCancelled)
        said = {"cancelled": cancelled, "reason": stated.reason}
        holds = {"cancelled": held.cancelled, "reason": work.text(held.reason)}
        work.amends((SCHOOL, line), f"closure of {key[0]} {key[1]}", said, holds)


def _differs(work: Work, key: ClosureKey, stated: Closed) -> bool:
    held = work.school.closures.get(key)
    cancelled = isinstance(stated, SessionCancelled)
    return (
        held is None
        or held.cancelled != cancelled
        or not names.alike(work.text(held.reason), stated.reason)
    )


def _unknown_groups(work: Work, line: int, stated: Closed) -> None:
    known = {row.name for row in work.content.groups.rows}
    known |= {name for p in work.school.pupils.values() for _, name, _ in p.memberships}
    if nobody := sorted(set(stated.groups) - known):
        work.notes.append(
            f"{SCHOOL}:{line}: this closure names groups without members: {', '.join(nobody)}"
        )


def find_closed_piecemeal(work: Work) -> None:
    """Find each closure for groups, stated anew, that leaves nobody on roll a session."""
    if not work.problems.unread.isdisjoint({SCHOOL, PUPILS, GROUPS}):
        return
    held = work.state.school.closures
    for line, stated in work.content.school.closures:
        fresh = [key for key in closure_keys(stated) if stated.groups and key not in held]
        if any(work.school.closed_piecemeal(Session(*key[:2])) for key in fresh):
            why = Refused(
                "closed-for-everyone",
                f"everybody on roll on {stated.date} belongs to the groups closed then: "
                "that closes the whole school",
                "leave out its groups: only a closure of the whole school makes it no school day",
            )
            work.problems.find(SCHOOL, line, why)


def _twice(work: Work, line: int, what: str) -> None:
    work.problems.refuse_file(SCHOOL, line, fields.twice(what))


# Members of staff: each dated row of ``staff.csv`` that is new or differs becomes a fact.


def record_staff(work: Work) -> None:
    """Record the staff who are new and the rows that differ; a title amended here stands."""
    people: dict[str, dict[date | None, list[StaffRow]]] = defaultdict(dict)
    for row in work.content.staff.rows:
        versions = people[row.staff_id].setdefault(row.since, [])
        what = f"{row.staff_id} from {row.since or 'the beginning'}"
        if work.in_order(STAFF, row, what, again=is_again(row, versions)):
            versions.append(row)
    for staff_id, posts in people.items():
        for _, rows in sorted(posts.items(), key=lambda each: each[0] or date.min):
            _record_posts(work, staff_id, rows)
    left = {s: next(iter(held)) for s, held in work.school.staff.items() if s not in people}
    work.missing("staff", ((streams.staff(s), since) for s, since in left.items()))


def _record_posts(work: Work, staff_id: str, rows: list[StaffRow]) -> None:
    """Record the versions of a post that the ledger does not hold."""
    held = work.school.staff.get(staff_id, {}).get(rows[0].since) if rows else None
    stands = None if held is None else work.opened(held, STAFF_DETAILS)
    for row in new_versions(rows, stands, lambda row: attributes(row, STAFF_DETAILS)):
        _record_post(work, staff_id, row)


def _record_post(work: Work, staff_id: str, row: StaffRow) -> None:
    stream = streams.staff(staff_id)
    row = work.standing(STAFF, row, (stream, row.since), STAFF_DETAILS, {"until"})
    rows = work.school.staff.get(staff_id, {})
    post = rows.get(row.since)
    texts = {"name": work.text(post.name), "job_title": work.text(post.job_title)} if post else {}
    held, stated = work.opened(post, STAFF_DETAILS) | texts, attributes(row, STAFF_DETAILS)
    if not differing(stated, held):
        return
    if row.since in work.state.school.staff.get(staff_id, {}):
        work.amends((STAFF, row.line), staff_id, stated, held)
    _find_namesake(work, staff_id, row)
    work.record("staff", stream, event_of(StaffChanged if rows else StaffJoined, row))


def _find_namesake(work: Work, staff_id: str, row: StaffRow) -> None:
    """Find whom a row gives the name of somebody else on record."""
    known, name = work.state.school.staff, names.key(row.name)
    own = {names.key(work.text(each.name) or "") for each in known.get(staff_id, {}).values()}
    others = (s for s, rows in known.items() if s != staff_id and _is_called(work, rows, name))
    if name not in own and (other := next(others, None)):
        why = Refused(
            "staff-namesake",
            f"{staff_id} is given the name of {other}, who is on record under it",
            "correct staff_id or name: amendments are shown under the name",
        )
        work.problems.find(STAFF, row.line, why)


def _is_called(work: Work, rows: Mapping[date | None, StaffHeld], name: str) -> bool:
    return any(names.key(work.text(each.name) or "") == name for each in rows.values())


def fault(work: Work, staff_id: str, day: date) -> Refused | None:
    """Return why a member of staff may not have recorded something on a day, if so."""
    if staff_id not in work.school.staff:
        if STAFF in work.problems.unread or staff_id in work.content.staff.named:
            return None  # the row or the file is faulty, and was said to be
        return Refused(
            "staff-unknown",
            f"{staff_id!r} is not on the staff",
            "add the person to staff.csv, or correct the id",
        )
    if work.school.staff_on(staff_id, day) is None:
        return Refused(
            "staff-not-there",
            f"{staff_id!r} is not on the staff on {day}",
            "correct the person's dates in staff.csv, or the id",
        )
    return None
