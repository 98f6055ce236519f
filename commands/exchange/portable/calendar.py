"""The school, its calendar and its staff: what a folder states anew of them becomes facts."""

from collections import defaultdict
from datetime import date
from itertools import pairwise, starmap

from commands.exchange.portable.rows import StaffRow
from commands.exchange.portable.school_toml import Closed
from commands.exchange.portable.voices import (
    SCHOOL_DETAILS,
    STAFF_DETAILS,
    attributes,
    closure,
    days,
    times,
)
from commands.exchange.portable.work import Work
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import replace
from ledger.events.calendar import SessionCancelled, TermSet
from ledger.events.school import SchoolOpened, StaffChanged, StaffJoined
from ledger.formats import fields
from ledger.formats.portable import SCHOOL, STAFF
from ledger.state.school import ClosureKey, closure_keys
from ledger.values import school_year_number


def record_school(work: Work) -> None:
    """Record the school, register times, terms and closures that are new or differ."""
    if work.content.school.opened is not None:
        _school(work, work.content.school.opened)
    _times(work)
    _terms(work)
    _closures(work)


def _school(work: Work, stated: SchoolOpened) -> None:
    held = work.school.opened
    if held is not None and held.urn != stated.urn:
        why = Refused(
            "other-school",
            f"the folder is of the school with URN {stated.urn}, the ledger of {held.urn}",
            "one ledger is one school's register: name the right one with --ledger",
        )
        work.problems.refuse_file(SCHOOL, 1, why)
        return
    voice = work.voices.school()
    stated = replace(stated, **work.stands(SCHOOL, 1, voice, attributes(stated, SCHOOL_DETAILS)))
    if held is None or held != stated:
        work.record("school", streams.CALENDAR, stated)


def _times(work: Work) -> None:
    seen: set[date] = set()
    for line, stated in work.content.school.times:
        if stated.since in seen:
            _twice(work, line, f"register times from {stated.since}")
        seen.add(stated.since)
        held = work.school.times.get(stated.since)
        if work.stands(SCHOOL, line, work.voices.times(stated.since), times(stated)):
            continue
        if held is None or held != stated:
            work.record("register times", streams.CALENDAR, stated)
    left = work.school.times.keys() - seen
    work.missing("register times", map(work.voices.times, left))


def _terms(work: Work) -> None:
    lines: dict[tuple[str, int], int] = {}
    for line, stated in work.content.school.terms:
        key = (stated.name, school_year_number(stated.first))
        if key in lines:
            _twice(work, line, f"term {stated.name!r} of the school year from {key[1]}")
        lines[key] = line
        held = work.school.terms.get(key)
        if work.stands(SCHOOL, line, work.voices.term(key), days(stated)):
            continue
        if held is None or held != stated:
            work.record("terms", streams.CALENDAR, stated)
    _refuse_overlaps(work, lines)
    left = work.school.terms.keys() - lines.keys()
    work.missing("terms", map(work.voices.term, left))


def _refuse_overlaps(work: Work, lines: dict[tuple[str, int], int]) -> None:
    terms = sorted(work.school.terms.items(), key=lambda item: (item[1].first, item[1].last))
    for (key, term), (next_key, following) in pairwise(terms):
        if following.first <= term.last:
            why = Refused(
                "terms-overlap",
                f"term {_term_words(following)} begins before {_term_words(term)} ends",
                "correct the dates of one of them",
            )
            work.problems.refuse_file(SCHOOL, lines.get(next_key) or lines.get(key, 0), why)


def _term_words(term: TermSet) -> str:
    return f"{term.name!r} ({term.first} to {term.last})"


def _closures(work: Work) -> None:
    seen: set[ClosureKey] = set()
    for line, stated in work.content.school.closures:
        keys = closure_keys(stated)
        if not seen.isdisjoint(keys):
            _twice(work, line, f"a closure of {stated.date} for the same groups")
        seen.update(keys)
        _unknown_groups(work, line, stated)
        said = closure(stated)
        free = [k for k in keys if not work.stands(SCHOOL, line, work.voices.closure(k), said)]
        if any(_differs(work, key, stated) for key in free):
            halves = tuple(half for _, half, _ in free)
            work.record("closures", streams.CALENDAR, replace(stated, sessions=halves, row=line))
    left = work.school.closures.keys() - seen
    work.missing("closed sessions", map(work.voices.closure, left))


def _differs(work: Work, key: ClosureKey, stated: Closed) -> bool:
    held = work.school.closures.get(key)
    cancelled = isinstance(stated, SessionCancelled)
    return held is None or (held.cancelled, held.reason) != (cancelled, stated.reason)


def _unknown_groups(work: Work, line: int, stated: Closed) -> None:
    known = {row.name for row in work.content.groups.rows}
    known |= {name for p in work.school.pupils.values() for _, name, _ in p.memberships}
    if nobody := sorted(set(stated.groups) - known):
        work.notes.append(
            f"{SCHOOL}:{line}: this closure names groups without members: {', '.join(nobody)}"
        )


def _twice(work: Work, line: int, what: str) -> None:
    work.problems.refuse_file(SCHOOL, line, fields.twice(what))


# Members of staff: each dated row of ``staff.csv`` that is new or differs becomes a fact.


def record_staff(work: Work) -> None:
    """Record the staff who are new and the rows that differ; a title amended here stands."""
    people: dict[str, list[StaffRow]] = defaultdict(list)
    for row in work.content.staff.rows:
        if _post_in_order(work, row, people[row.staff_id]):
            people[row.staff_id].append(row)
    for staff_id, rows in people.items():
        for row in sorted(rows, key=lambda r: r.since or date.min):
            _record_post(work, staff_id, row)
    left = work.school.staff.keys() - people.keys()
    firsts = {staff_id: next(iter(work.school.staff[staff_id])) for staff_id in left}
    work.missing("staff", starmap(work.voices.staff, firsts.items()))


def _post_in_order(work: Work, row: StaffRow, others: list[StaffRow]) -> bool:
    again = any(row.since == other.since for other in others)
    what = f"{row.staff_id} from {row.since or 'the beginning'}"
    dates = fields.reversed_dates(row.since, row.until, ("from", "to"))
    return work.check(STAFF, row.line, [dates, fields.twice(what) if again else None])


def _record_post(work: Work, staff_id: str, row: StaffRow) -> None:
    voice = work.voices.staff(staff_id, row.since)
    row = row._replace(
        **work.stands(STAFF, row.line, voice, attributes(row, STAFF_DETAILS), {"until"})
    )
    rows = work.school.staff.get(staff_id)
    held = rows.get(row.since) if rows else None
    if held is not None:
        stands = (work.text(held.name), held.job_title, held.roles, held.until)
        if stands == (row.name, row.job_title, row.roles, row.until):
            return
    make = StaffChanged if rows else StaffJoined
    event = make(
        name=row.name,
        job_title=row.job_title,
        roles=row.roles,
        since=row.since,
        until=row.until,
    )
    work.record("staff", streams.staff(staff_id), event)


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
