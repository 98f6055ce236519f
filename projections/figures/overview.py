"""Year groups, lowest pupils, one fortnight, and a figure known twice."""

from collections import Counter as Counts
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from ledger import clock as clocks
from ledger.values import HALVES, Session, parse_session
from policies.law.calendar import monday
from policies.packs.codes import Codes
from projections.figures.rates import RateFindings, RateRow, Rates
from projections.queries import lags
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.columns import Column, Listing, share_of
from projections.queries.people import Person
from projections.queries.question import (
    Answer,
    Membership,
    PointInTime,
    Question,
    Selection,
    option,
)
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.selection import CountedCells, selected_cells
from projections.queries.tally import Counter, Tally, tally_columns
from projections.queries.versions import Describer, with_numbers
from projections.queries.view import View
from projections.queries.wording import mark_by_in_words
from projections.readmodel.accessors.marks import Version, versions_on
from projections.register import signs
from projections.register.week import CellState, cell_standing

Worth = tuple[int, ...]
NOT_COUNTED = "not counted"
NO_MARK = "no mark"
_WEEK = timedelta(days=7)
_TO_FRIDAY = timedelta(days=4)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
_SELECTION = [
    f.name for f in fields(Selection) if f.name not in {g.name for g in fields(PointInTime)}
]
_CHANGES = ("amendment", "taking", "late_entry", "restated")
_CHANGED = "*"
LEGEND = (
    f"{_CHANGED} changed since it was first entered   {signs.NO_MARK} no mark   "
    f"{signs.NOT_MET} school closed, or not on roll   [..] stands and does not count"
)


@dataclass(frozen=True, slots=True)
class LowPupils:
    """The pupils below a percentage, the lowest of them, of how many; groups by pupil."""

    counted: int
    below: int
    lowest: Sequence[RateRow]
    groups: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Fortnight:
    """Two weeks of a pupil's register, and the accounts of what was changed in them."""

    person: Person
    group: str
    weeks: Sequence[tuple[date, Sequence[CellState]]]
    changes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Effect:
    """One kind of change: how many cells, and what they did to the counts of sessions.

    ``before`` empty: all kinds together.
    """

    before: str
    after: str
    cells: int
    attended: int
    authorised: int
    unauthorised: int
    possible: int

    @property
    def words(self) -> str:
        """What changed, for a reader."""
        if self.before == NOT_COUNTED:
            return f"counted since: {self.after}"
        if self.after == NOT_COUNTED:
            return f"no longer counted: {self.before}"
        if self.before == NO_MARK:
            return f"marked since: {self.after}"
        return f"{self.before} became {self.after}" if self.before else "All causes together"


@dataclass(frozen=True, slots=True)
class KnownTwice:
    """The week of a Monday as it was known ``then``, as it is known now, and the causes."""

    monday: date
    then: int
    before: Tally
    after: Tally
    causes: Sequence[Effect]


@dataclass(frozen=True, slots=True)
class OverviewFindings:
    """Attendance by year group, and three parts; ``days``: the first and last of the fortnight."""

    years: RateFindings
    low: LowPupils
    days: tuple[date, date]
    fortnight: Fortnight | None
    moved: KnownTwice


@dataclass(frozen=True, kw_only=True)
class Overview(Selection, Question[OverviewFindings]):
    """attendance overview: year groups, lowest pupils, one fortnight, and a figure known twice.

    A first look at a school: what an attendance lead asks on a Monday morning.
    """

    below: int = option("list pupils whose attendance is below this percentage", 90, minimum=1)
    lowest: int = option("list so many of them", 12, minimum=1)

    @property
    def groups_counted(self) -> Membership | None:
        """Which membership decides whom the answer is about: it is by year group."""
        return self.membership

    def find(self, view: View) -> OverviewFindings:
        """Find four things about the same register."""
        shared = {name: getattr(self, name) for name in _SELECTION}
        weeks = _last_weeks(view)
        return OverviewFindings(
            Rates(by="year", **shared).find(view),
            _lowest_pupils(self, view, Rates(by="pupil", **shared).find(view)),
            (weeks[0], weeks[1] + _TO_FRIDAY),
            _fortnight(self, view, weeks),
            _known_twice(self, view),
        )

    def present(self, found: OverviewFindings) -> Answer:
        """Show them one after another."""
        by_year, low, moved = Rates(by="year"), found.low, found.moved
        # Attendance has its counts beside it: with columns for them a screen is too narrow.
        table = by_year.table(found.years, without=("Possible", "Attended"))
        lowest, causes = (
            Listing(_lowest_columns(low, self.below), low.lowest),
            Listing(_CAUSES, moved.causes),
        )
        before = {"known_at": clocks.iso(moved.then), **moved.before.row()}
        fields = {
            "years": by_year.present(found.years).fields["rows"],
            "total": found.years.total.row(),
            "below": {"pupils": low.counted, "below": low.below, "lowest": lowest},
            "fortnight": _document(found.fortnight) if found.fortnight else None,
            "moved": {
                "week": moved.monday,
                "before": before,
                "after": moved.after.row(),
                "causes": causes,
            },
        }
        title = (
            f"Attendance below {self.below} %: {low.below} of {low.counted} pupils; "
            f"the {len(lowest)} lowest"
        )
        order = ("Pupil", "Group", "Absent", "Unauthorised", "Attendance")
        weeks = _weeks(found.days, found.fortnight)
        blocks = [table, lowest.grid(title, order=order), *weeks, _moved(moved, causes)]
        return Answer(fields, blocks=blocks)

    def unknown(self) -> Answer:
        """Return nothing at all."""
        return Answer({})


# -- the lowest pupils -----------------------------------------------------------------------


def _lowest_pupils(question: Overview, view: View, found: RateFindings) -> LowPupils:
    counted = [row for row in found.rows if row.tally.possible]
    low = [r for r in counted if 100 * r.tally.attended < question.below * r.tally.possible]
    low.sort(key=lambda row: (Fraction(row.tally.attended, row.tally.possible), row.name))
    return LowPupils(len(counted), len(low), low[: question.lowest], _registration(view))


def _lowest_columns(found: LowPupils, below: int) -> tuple[Column[RateRow], ...]:
    groups = found.groups
    return (
        Column("upn", value=lambda row: row.name),
        Column("", "Pupil", text=lambda row: row.person.name if row.person else ""),
        Column("", "Group", text=lambda r: groups.get(r.person.index, "") if r.person else ""),
        Column("", "Absent", text=lambda row: str(row.tally.absent), number=True),
        *tally_columns(below),
    )


def _registration(view: View) -> dict[int, str]:
    """Return each pupil's registration group, for one who has left the last."""
    known = [m for m in view.memberships if m.kind == "registration" and m.first <= view.on]
    return {m.pupil: m.name for m in sorted(known, key=lambda m: m.first)}


# -- two weeks of the pupil with the most kinds of change, then the most ---------------------


def _fortnight(question: Overview, view: View, weeks: Sequence[date]) -> Fortnight | None:
    first, last = weeks[0], weeks[-1] + _TO_FRIDAY
    whole = rectangle(view, first, last)
    here = _asked_pupils(question, view, whole) & np.any(whole.on_roll, axis=1)
    known = versions_on(view, first, last)
    found = [v for v in known if v.pupil < len(here) and here[v.pupil]]
    changed: dict[int, list[tuple[str, str | None, str | None]]] = {}
    for v in found:
        if v.kind in _CHANGES:
            changed.setdefault(v.pupil, []).append((v.kind, v.replaced, v.code))
    if not changed:
        return None
    pupil = max(changed, key=lambda p: (len(set(changed[p])), len(changed[p]), -p))
    own = [v for v in found if v.pupil == pupil]
    describer = Describer(view)
    return Fortnight(
        view.people[pupil],
        _registration(view).get(pupil, ""),
        [(week, list(_cells_of(whole, own, week))) for week in weeks],
        [describer.row(n, v) for n, v in with_numbers(view, own) if v.kind in _CHANGES],
    )


def _cells_of(whole: Rectangle, own: Sequence[Version], week: date) -> Iterator[CellState]:
    changed = {v.session for v in own if v.replaced is not None and v.kind != "plan"}
    places = {session: at for at, session in enumerate(whole.sessions)}
    for n, half in product(range(len(_DAYS)), HALVES):
        session = Session(week + timedelta(days=n), half)
        cell = cell_standing(whole, own[0].pupil, session, places.get(session))
        yield cell._replace(changed=cell.session in changed)


def _last_weeks(view: View) -> tuple[date, date]:
    """Return the Mondays of the last two weeks of school, holidays left out, up to `on`.

    Where no school is known, the week of `on` and the one before are as good as any.
    """
    this = monday(view.on)
    known = sorted({monday(day) for day in view.calendar.school_days() if day <= view.on})
    first, second = ([this - _WEEK, this] if len(known) <= 1 else known)[-2:]
    return first, second


_CELL: tuple[Column[CellState], ...] = tuple(
    Column(name) for name in ("session", "code", "met", "cancelled", "changed")
)


def _document(found: Fortnight) -> dict[str, Any]:
    cells = [cell for _, week in found.weeks for cell in week]
    return {"upn": found.person.upn, "cells": Listing(_CELL, cells)}


def _weeks(days: tuple[date, date], found: Fortnight | None) -> list[Block]:
    if found is None:
        return [Lines([f"No mark from {days[0]} to {days[1]} was changed.", ""])]
    body = [(f"{week:%d %b}", *_two_marks(cells)) for week, cells in found.weeks]
    title = f"{found.person.name} ({found.group}): a fortnight"
    stated = sum(change["stated_at"] is not None for change in found.changes)
    times = f"{stated} of {len(found.changes)} times as stated by the source."
    notes = [f"Days: of school, after the session. {times}"]
    changes = Listing(_CHANGE, found.changes)
    return [
        Grid(title, ("Week of", *_DAYS), body, notes=[LEGEND]),
        changes.grid("What was changed, by whom and why", notes=notes),
    ]


def _two_marks(cells: Sequence[CellState]) -> Iterator[str]:
    """Write each day's marks side by side, as a paper register does."""
    written = [
        signs.code_text(cell) + (_CHANGED if cell.changed and cell.code else "") for cell in cells
    ]
    for morning, afternoon in zip(written[::2], written[1::2], strict=True):
        yield f"{morning:<2} {afternoon}"


def _session(change: Mapping[str, Any]) -> str:
    session = parse_session(change["session"])
    return f"{session.date:%d %b} {session.half}"


def _when(change: Mapping[str, Any]) -> str:
    restated = "changed_at" in change
    when = change["recorded_at"] if restated else change["stated_at"] or change["recorded_at"]
    return f"{clocks.local(clocks.parse_instant(when)):%d %b %H:%M}"


def _by(change: Mapping[str, Any]) -> str:
    return mark_by_in_words((change["by"] or {}).get("name"), change["kind"])


# For a narrow screen; `history` has the job title and the whole time.
_CHANGE: tuple[Column[Mapping[str, Any]], ...] = (
    Column("", "Session", text=_session),
    Column("", "Was", text=lambda change: change["replaced"] or ""),
    Column("", "Now", text=lambda change: change["code"] or ""),
    Column("", "Reason", text=lambda change: change["reason"] or ""),
    Column("", "By", text=_by),
    Column("", "When", text=_when),
    Column("", "Days", text=lambda change: lags.in_words(change["late_by_school_days"]),
           number=True),
)  # fmt: skip


# -- a figure known twice ------------------------------------------------------------------
#
# Both times are laid over each other cell by cell: a cell that changed is one change of code (or
# of whether it counts at all), and each kind of change has its effect on the counts.


def effects(before: Rectangle, after: Rectangle, codes: Codes) -> list[Effect]:
    """Return the kinds of change from one rectangle to another, the most frequent first."""
    found: Counts[tuple[str, str, Worth]] = Counts()
    was, is_now = _cells(before), _cells(after)
    for place in was.keys() | is_now.keys():
        old, new = was.get(place, NOT_COUNTED), is_now.get(place, NOT_COUNTED)
        if old != new:
            worths = (_worth(codes, code, place[1]) for code in (old, new))
            found[old, new, tuple(b - a for a, b in zip(*worths, strict=True))] += 1
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [Effect(old, new, n, *(n * each for each in worth)) for (old, new, worth), n in ordered]


def _cells(whole: Rectangle) -> dict[tuple[int, Session], str]:
    rows, columns = whole.counted.nonzero()
    return {
        (int(row), whole.sessions[column]): whole.book[whole.codes[row, column]] or NO_MARK
        for row, column in zip(rows, columns, strict=True)
    }


def _worth(codes: Codes, code: str, session: Session) -> Worth:
    """Return what one mark adds to attended, authorised, unauthorised and possible."""
    rule = codes.find(code, session.date)
    if rule is None or not rule.possible:
        return (0, 0, 0, 0)
    authorised = not (rule.attended or rule.unauthorised)
    return (int(rule.attended), int(authorised), int(rule.unauthorised), 1)


def _known_twice(question: Overview, view: View) -> KnownTwice:
    """Compare the last whole week of school as it was known then and as it is known now."""
    first = _last_week(view)
    friday = first + _TO_FRIDAY
    then = min(clocks.end_of_day(friday), view.known_at)
    after = rectangle(view, first, friday)
    asked_for = _asked_pupils(question, view, after)
    earlier = replace(view, stated=min(then, view.stated))
    before, after = (_only(w, asked_for) for w in (rectangle(earlier, first, friday), after))
    causes = effects(before, after, view.rules.codes)
    return KnownTwice(first, then, _tally(before, view), _tally(after, view), causes)


def _last_week(view: View) -> date:
    """Return the Monday of the last week of school that was over before the one of `on`."""
    this = monday(view.on)
    before = [day for day in view.calendar.school_days() if day < this]
    return monday(before[-1]) if before else this - _WEEK


def _asked_pupils(question: Overview, view: View, whole: Rectangle) -> Flags:
    """Return the pupils that the question is about, also where there is no session."""
    columns = max(1, len(whole.sessions))
    wide = replace(whole, codes=np.zeros((len(whole.codes), columns), np.uint8))
    found: Flags = np.any(selected_cells(view, question, wide), axis=1)
    return found


def _only(whole: Rectangle, asked_for: Flags) -> Rectangle:
    """Return a rectangle in which the pupils asked for alone are on roll.

    Pupils of whom nothing is known any more count where everybody is asked for.
    """
    kept = np.full(len(whole.on_roll), asked_for.all())
    both = min(len(kept), len(asked_for))
    kept[:both] = asked_for[:both]
    return replace(whole, on_roll=whole.on_roll & kept[:, None])


def _tally(whole: Rectangle, view: View) -> Tally:
    counter = Counter(whole, view.rules.codes)
    return CountedCells(counter, counter.of_those_who_met(whole.on_roll)).total()


def _effect(key: str) -> Column[Effect]:
    return Column(key, key.capitalize(), text=lambda each: f"{getattr(each, key):+d}", number=True)


_EFFECTS = ("attended", "authorised", "unauthorised", "possible")
_CAUSES: tuple[Column[Effect], ...] = (
    Column("before"),
    Column("after"),
    Column("", "Change", text=lambda each: each.words),
    Column("cells", "Marks", number=True),
    *map(_effect, _EFFECTS),
)


def _moved(found: KnownTwice, causes: Listing[Effect]) -> Grid:
    was, is_now = found.before, found.after
    moved = (getattr(is_now, name) - getattr(was, name) for name in _EFFECTS)
    attendance = [share_of(each.attended, each.possible) for each in (was, is_now)]
    unauthorised = [share_of(each.unauthorised, each.possible) for each in (was, is_now)]
    return causes.grid(
        f"The week of {found.monday}, as stated by that Friday midnight and as known now",
        total=Effect("", "", sum(each.cells for each in found.causes), *moved),
        notes=[
            f"Attendance was {attendance[0]}, is {attendance[1]}.",
            f"Unauthorised absence was {unauthorised[0]}, is {unauthorised[1]}.",
        ],
    )
