"""attendance overview: year groups, the lowest pupils, one fortnight, and a figure known twice."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from ledger import clock as clocks
from ledger.values import HALVES, Session
from projections import history, rates, register_show
from projections.moved import NO_MARK, NOT_COUNTED, Effect, effects
from projections.query import Answer, Block, Grid, Lines, Selection, of, option
from projections.rectangle import rectangle
from projections.tally import Tally
from projections.versions import Describer, Version, numbered, versions
from projections.view import View

_FORTNIGHT = timedelta(days=13)
_CHANGES = ("amendment", "taking", "late_entry", "restated")


@dataclass(frozen=True, kw_only=True)
class Overview(Selection):
    """A first look at a school: what an attendance lead asks on a Monday morning."""

    below: int = option("list pupils whose attendance is below this percentage", 90, minimum=1)
    lowest: int = option("list so many of them", 12, minimum=1)


def answer(question: Overview, view: View) -> Answer:
    """Answer with four views of the same register."""
    if view.knows_nothing:
        document = {"as_of": view.as_of(), "knows_nothing": True}
        return Answer(document, (), [Lines([view.ignorance()])])
    shared = {k: getattr(question, k) for k in ("group", "cohort", "year", "pupil", "current")}
    by_year = rates.answer(rates.Rates(by="year", **shared), view)
    low, low_block = _lowest(question, view, shared)
    fortnight, fortnight_blocks = _fortnight(view)
    moved, moved_block = _moved(view)
    document = {
        "as_of": view.as_of(),
        "years": by_year.document["rows"],
        "total": by_year.document["total"],
        "below": low,
        "fortnight": fortnight,
        "moved": moved,
    }
    blocks: list[Block] = [*by_year.blocks, low_block, *fortnight_blocks, moved_block]
    return Answer(document, (), blocks)


def _lowest(question: Overview, view: View, shared: dict[str, Any]) -> tuple[Any, Grid]:
    rows, _ = rates.tallies(rates.Rates(by="pupil", **shared), view)
    counted = [(upn, t) for upn, t in rows if t.possible]
    low = [(upn, t) for upn, t in counted if 100 * t.attended < question.below * t.possible]
    low.sort(key=lambda row: (row[1].attended / row[1].possible, row[0]))
    shown = low[: question.lowest]
    people = {p.upn: p for p in view.people.values()}
    groups = _registration(view)
    body = [
        (
            people[upn].name,
            groups.get(people[upn].index, ""),
            str(t.absent),
            str(t.unauthorised),
            str(t.late),
            of(t.attended, t.possible),
        )
        for upn, t in shown
    ]
    title = (
        f"Attendance below {question.below} %: {len(low)} of {len(counted)} pupils; "
        f"the {len(shown)} lowest"
    )
    headings = ("Pupil", "Group", "Absent", "of these unauthorised", "Late", "Attendance")
    grid = Grid(title, headings, body, frozenset({2, 3, 4, 5}))
    return {
        "pupils": len(counted),
        "below": len(low),
        "lowest": [_low_row(*r) for r in shown],
    }, grid


def _low_row(upn: str, tally: Tally) -> dict[str, Any]:
    return {"upn": upn, **tally.row()}


def _registration(view: View) -> dict[int, str]:
    return {
        m.pupil: m.name for m in view.memberships if m.kind == "registration" and m.covers(view.on)
    }


def _fortnight(view: View) -> tuple[Any, Sequence[Block]]:
    """Show the fortnight of the pupil with the most kinds of change in it, then the most."""
    last = view.on + timedelta(days=4 - view.on.weekday())
    first = last - timedelta(days=11)
    found = versions(view, "m.session BETWEEN :v0 AND :v1", f"{first}", f"{last}~")
    changed: dict[int, list[tuple[str, str | None, str | None]]] = {}
    for v in found:
        if v.kind in _CHANGES:
            changed.setdefault(v.pupil, []).append((v.kind, v.replaced, v.code))
    if not changed:
        return None, [Lines([f"No mark from {first} to {last} was changed.", ""])]
    pupil = max(changed, key=lambda p: (len(set(changed[p])), len(changed[p]), -p))
    rows, grid = _weeks(view, pupil, first)
    own = [v for v in found if v.pupil == pupil and v.kind in _CHANGES]
    return rows, [grid, _told(view, own)]


def _weeks(view: View, pupil: int, first: date) -> tuple[Any, Grid]:
    person = view.people[pupil]
    whole = rectangle(view, first, first + _FORTNIGHT)
    changed = {(v.pupil, v.session) for v in _amended(view, pupil, first)}
    rows, body = [], []
    for week in (first, first + timedelta(days=7)):
        days = [week + timedelta(days=n) for n in range(5)]
        cells = [
            register_show.cell(whole, person, Session(day, half), changed)
            for day in days
            for half in HALVES
        ]
        rows += cells
        body.append((f"{week:%d %b}", *map(register_show.shown, cells)))
    headings = (
        "Week of",
        *(f"{d} {h}" for d in ("Mon", "Tue", "Wed", "Thu", "Fri") for h in HALVES),
    )
    title = f"{person.name} ({_registration(view).get(pupil, '')}): a fortnight"
    return {"upn": person.upn, "cells": rows}, Grid(
        title, headings, body, notes=[register_show.LEGEND]
    )


def _amended(view: View, pupil: int, first: date) -> list[Version]:
    where = "m.pupil = :v0 AND m.session BETWEEN :v1 AND :v2"
    found = versions(view, where, pupil, f"{first}", f"{first + _FORTNIGHT}~")
    return [v for v in found if v.replaced is not None and v.kind != "plan"]


def _told(view: View, own: list[Version]) -> Grid:
    describer = Describer(view)
    rows = [describer.row(number, version) for number, version in numbered(own)]
    grid = history.table("What was changed, by whom and why", rows, view)
    return replace(grid, notes=())


def _moved(view: View) -> tuple[Any, Grid]:
    """Compare the week before last as it was known then and as it is known now."""
    friday = view.on - timedelta(days=view.on.weekday() + 3)
    monday = friday - timedelta(days=4)
    then = clocks.end_of_day(friday)
    earlier = replace(view, position=view.position, stated=then)
    before, after = rectangle(earlier, monday, friday), rectangle(view, monday, friday)
    causes = effects(before, after, view.rules.codes)
    was, is_now = _figure(earlier, monday, friday), _figure(view, monday, friday)
    document = {
        "week": monday.isoformat(),
        "before": {"known_at": clocks.iso(then), **was.row()},
        "after": is_now.row(),
        "causes": [asdict(e) for e in causes],
    }
    return document, _causes(causes, was, is_now, monday)


def _causes(causes: list[Effect], was: Tally, is_now: Tally, monday: date) -> Grid:
    counts = [(e.attended, e.authorised, e.unauthorised, e.possible) for e in causes]
    moved = (
        is_now.attended - was.attended,
        is_now.authorised - was.authorised,
        is_now.unauthorised - was.unauthorised,
        is_now.possible - was.possible,
    )
    body = [
        (_worded(e.before, e.after), str(e.cells), *(f"{n:+d}" for n in row))
        for e, row in zip(causes, counts, strict=True)
    ]
    cells = sum(e.cells for e in causes)
    body.append(("All causes together", str(cells), *(f"{n:+d}" for n in moved)))
    headings = ("Change", "Marks", "Attended", "Authorised", "Unauthorised", "Possible")
    title = f"The week of {monday}, as stated by that Friday midnight and as known now"
    notes = [
        (
            f"Attendance was {of(was.attended, was.possible)}, "
            f"is {of(is_now.attended, is_now.possible)}."
        ),
        (
            f"Unauthorised absence was {of(was.unauthorised, was.possible)}, "
            f"is {of(is_now.unauthorised, is_now.possible)}."
        ),
    ]
    return Grid(title, headings, body, frozenset(range(1, 6)), total=True, notes=notes)


def _figure(view: View, first: date, last: date) -> Tally:
    asked = replace(view, question=replace(view.question, from_=first, on=last))
    _, total = rates.tallies(rates.Rates(by="school"), asked)
    return total


def _worded(before: str, after: str) -> str:
    if before == NOT_COUNTED:
        return f"counted since: {after}"
    if after == NOT_COUNTED:
        return f"no longer counted: {before}"
    if before == NO_MARK:
        return f"marked since: {after}"
    return f"{before} became {after}"
