"""The school and its calendar: what ``school.toml`` states anew becomes facts."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

from commands.exchange.portable.school_toml import Closed
from commands.exchange.portable.stated import SCHOOL as DETAILS
from commands.exchange.portable.stated import closure, days, of, times
from commands.exchange.portable.work import Work
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import SchoolOpened, SessionCancelled, TermSet
from ledger.formats import fields
from ledger.formats.portable import SCHOOL
from ledger.state.school import ClosureKey, closure_keys
from ledger.values import school_year_number


def record(work: Work) -> None:
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
    stated = replace(stated, **work.stands(SCHOOL, 1, voice, of(stated, DETAILS)))
    if held is None or replace(held, nonce="") != stated:
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
        if held is None or replace(held, nonce="") != stated:
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
        if held is None or replace(held, nonce="") != stated:
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
                f"term {_named(following)} begins before {_named(term)} ends",
                "correct the dates of one of them",
            )
            work.problems.refuse_file(SCHOOL, lines.get(next_key) or lines.get(key, 0), why)


def _named(term: TermSet) -> str:
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
