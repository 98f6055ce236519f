"""Year groups, lowest pupils, one fortnight, and a figure known twice."""

from collections import Counter as Counts
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np

from ledger import clock as clocks
from ledger.values import HALVES, Session, parse_session
from policies.packs.codes import Codes
from projections.figures.rates import RateFindings, RateRow, Rates
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.columns import Column, Listing, share_of
from projections.queries.question import Answer, Inquiry, PointInTime, Selection, option
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.selection import selected_cells
from projections.queries.tally import Counter, Tally, tally_columns
from projections.queries.versions import Describer, with_numbers
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, versions_on
from projections.register import show

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


@dataclass(frozen=True, slots=True)
class OverviewFindings:
    """Attendance by year group, and three parts each as a document has it and as it is read."""

    years: RateFindings
    low: tuple[Any, Grid]
    fortnight: tuple[Any, Sequence[Block]]
    moved: tuple[Any, Grid]


@dataclass(frozen=True, kw_only=True)
class Overview(Selection, Inquiry[OverviewFindings]):
    """attendance overview: year groups, lowest pupils, one fortnight, and a figure known twice.

    A first look at a school: what an attendance lead asks on a Monday morning.
    """

    below: int = option("list pupils whose attendance is below this percentage", 90, minimum=1)
    lowest: int = option("list so many of them", 12, minimum=1)

    def find(self, view: View) -> OverviewFindings:
        """Find four things about the same register."""
        shared = {name: getattr(self, name) for name in _SELECTION}
        return OverviewFindings(
            Rates(by="year", **shared).find(view),
            _lowest_pupils(self, view, Rates(by="pupil", **shared).find(view)),
            _fortnight(self, view),
            _known_twice(self, view),
        )

    def present(self, found: OverviewFindings) -> Answer:
        """Show them one after another."""
        by_year = Rates(by="year")
        years, total = by_year.present(found.years), found.years.total.row()
        # Attendance has its counts beside it: with columns for them a screen is too narrow.
        table = by_year.table(found.years, without=("Possible", "Attended"))
        (low, lowest), (fortnight, weeks), (moved, causes) = (
            found.low,
            found.fortnight,
            found.moved,
        )
        fields = {
            "years": years.fields["rows"],
            "total": total,
            "below": low,
            "fortnight": fortnight,
            "moved": moved,
        }
        return Answer(fields, blocks=[table, lowest, *weeks, causes])

    def unknown(self) -> Answer:
        """Return nothing at all."""
        return Answer({})


def _lowest_pupils(question: Overview, view: View, found: RateFindings) -> tuple[Any, Grid]:
    counted = [row for row in found.rows if row.tally.possible]
    low = [r for r in counted if 100 * r.tally.attended < question.below * r.tally.possible]
    low.sort(key=lambda row: (Fraction(row.tally.attended, row.tally.possible), row.name))
    shown, groups = low[: question.lowest], _registration(view)
    columns: tuple[Column[RateRow], ...] = (
        Column("upn", value=lambda row: row.name),
        Column("", "Pupil", text=lambda row: row.person.name if row.person else ""),
        Column("", "Group", text=lambda r: groups.get(r.person.index, "") if r.person else ""),
        Column("", "Absent", text=lambda row: str(row.tally.absent), number=True),
        *tally_columns(lambda row: row.tally),
    )
    listing = Listing(columns, shown)
    title = (
        f"Attendance below {question.below} %: {len(low)} of {len(counted)} pupils; "
        f"the {len(shown)} lowest"
    )
    order = ("Pupil", "Group", "Absent", "Unauthorised", "Attendance")
    document = {"pupils": len(counted), "below": len(low), "lowest": listing}
    return document, listing.grid(title, order=order)


def _registration(view: View) -> dict[int, str]:
    """Return each pupil's registration group, for one who has left the last."""
    known = [m for m in view.memberships if m.kind == "registration" and m.first <= view.on]
    return {m.pupil: m.name for m in sorted(known, key=lambda m: m.first)}


def _fortnight(question: Overview, view: View) -> tuple[Any, Sequence[Block]]:
    """Show two weeks of school of the pupil with the most kinds of change, then the most."""
    weeks = _last_weeks(view)
    first, last = weeks[0], weeks[1] + _TO_FRIDAY
    whole = rectangle(view, first, last)
    here = _asked_pupils(question, view, whole) & np.any(whole.on_roll, axis=1)
    known = versions_on(view, first, last)
    found = [v for v in known if v.pupil < len(here) and here[v.pupil]]
    changed: dict[int, list[tuple[str, str | None, str | None]]] = {}
    for v in found:
        if v.kind in _CHANGES:
            changed.setdefault(v.pupil, []).append((v.kind, v.replaced, v.code))
    if not changed:
        return None, [Lines([f"No mark from {first} to {last} was changed.", ""])]
    pupil = max(changed, key=lambda p: (len(set(changed[p])), len(changed[p]), -p))
    own = [v for v in found if v.pupil == pupil]
    rows, grid = _weeks(view, own, whole, weeks)
    return rows, [grid, _changes_of(view, own)]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _last_weeks(view: View) -> tuple[date, date]:
    """Return the Mondays of the last two weeks of school, holidays left out, up to `on`.

    Where no school is known, the week of `on` and the one before are as good as any.
    """
    monday = _monday(view.on)
    known = sorted({_monday(day) for day in view.calendar.school_days() if day <= view.on})
    first, second = ([monday - _WEEK, monday] if len(known) <= 1 else known)[-2:]
    return first, second


def _weeks(
    view: View, own: Sequence[Version], whole: Rectangle, weeks: tuple[date, date]
) -> tuple[Any, Grid]:
    person = view.people[own[0].pupil]
    changed = {(v.pupil, v.session) for v in own if v.replaced is not None and v.kind != "plan"}
    rows, body = [], []
    for week in weeks:
        days = [week + timedelta(days=n) for n in range(len(_DAYS))]
        pairs = [
            [show.overview_cell(whole, person, Session(day, half), changed) for half in HALVES]
            for day in days
        ]
        rows += [cell for pair in pairs for cell in pair]
        body.append((f"{week:%d %b}", *map(_two_marks, pairs)))
    headings = ("Week of", *_DAYS)
    title = f"{person.name} ({_registration(view).get(person.index, '')}): a fortnight"
    return {"upn": person.upn, "cells": rows}, Grid(title, headings, body, notes=[show.LEGEND])


def _two_marks(pair: Sequence[Any]) -> str:
    """Write a day's marks side by side, as a paper register does."""
    morning, afternoon = map(show.overview_text, pair)
    return f"{morning:<2} {afternoon}"


def _changes_of(view: View, own: Sequence[Version]) -> Grid:
    describer = Describer(view)
    rows = [
        describer.row(n, version) for n, version in with_numbers(own) if version.kind in _CHANGES
    ]
    stated = sum(row["stated_at"] is not None for row in rows)
    times = f"{stated} of {len(rows)} times as stated by the source."
    notes = [f"Days: of school, after the session. {times}"]
    headings = ("Session", "Was", "Now", "Reason", "By", "When", "Days")
    title = "What was changed, by whom and why"
    return Grid(title, headings, [_change(row) for row in rows], frozenset({6}), notes=notes)


def _change(row: dict[str, Any]) -> tuple[str, ...]:
    """Write a change for a narrow screen; `history` has the job title and the whole time."""
    late, restated = row["late_by_school_days"], "changed_at" in row
    when = row["recorded_at"] if restated else row["stated_at"] or row["recorded_at"]
    session = parse_session(row["session"])
    return (
        f"{session.date:%d %b} {session.half}",
        row["replaced"] or "",
        row["code"] or "",
        row["reason"] or "",
        (row["by"] or {}).get("name") or "not stated",
        f"{clocks.local(clocks.parse_instant(when)):%d %b %H:%M}",
        "" if late is None else str(late),
    )


# -- a figure known twice ------------------------------------------------------------------
#
# Both times are laid over each other cell by cell: a cell that changed is one change of code (or
# of whether it counts at all), and each kind of change has its effect on the counts.


@dataclass(frozen=True, slots=True)
class Effect:
    """One kind of change: how many cells, and what they did to the counts of sessions."""

    before: str
    after: str
    cells: int
    attended: int
    authorised: int
    unauthorised: int
    possible: int


def effects(before: Rectangle, after: Rectangle, codes: Codes) -> list[Effect]:
    """Return the kinds of change from one rectangle to another, the most frequent first."""
    found: Counts[tuple[str, str, Worth]] = Counts()
    was, is_now = _cells(before), _cells(after)
    for place in was.keys() | is_now.keys():
        old, new = was.get(place, NOT_COUNTED), is_now.get(place, NOT_COUNTED)
        if old != new:
            before_after = zip(
                _worth(codes, old, place[1]), _worth(codes, new, place[1]), strict=True
            )
            found[old, new, tuple(b - a for a, b in before_after)] += 1
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


def _known_twice(question: Overview, view: View) -> tuple[Any, Grid]:
    """Compare the last whole week of school as it was known then and as it is known now."""
    monday = _last_week(view)
    friday = monday + _TO_FRIDAY
    then = min(clocks.end_of_day(friday), view.known_at)
    earlier = replace(view, stated=min(then, view.stated))
    after = rectangle(view, monday, friday)
    asked_for = _asked_pupils(question, view, after)
    after = _only(after, asked_for)
    before = _only(rectangle(earlier, monday, friday), asked_for)
    causes = effects(before, after, view.rules.codes)
    was, is_now = _tally(before, view), _tally(after, view)
    document = {
        "week": monday.isoformat(),
        "before": {"known_at": clocks.iso(then), **was.row()},
        "after": is_now.row(),
        "causes": [asdict(e) for e in causes],
    }
    return document, _causes(causes, was, is_now, monday)


def _last_week(view: View) -> date:
    """Return the Monday of the last week of school that was over before the one of `on`."""
    monday = _monday(view.on)
    before = [day for day in view.calendar.school_days() if day < monday]
    return _monday(before[-1]) if before else monday - _WEEK


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
    counts, undated = counter.by_pupil(counter.of_those_who_met(whole.on_roll))
    return counter.tally(counts.sum(axis=0), undated.sum())


def _causes(causes: list[Effect], was: Tally, is_now: Tally, monday: date) -> Grid:
    counts = [(e.attended, e.authorised, e.unauthorised, e.possible) for e in causes]
    moved = (
        is_now.attended - was.attended,
        is_now.authorised - was.authorised,
        is_now.unauthorised - was.unauthorised,
        is_now.possible - was.possible,
    )
    body = [
        (_change_in_words(e.before, e.after), str(e.cells), *(f"{n:+d}" for n in row))
        for e, row in zip(causes, counts, strict=True)
    ]
    cells = sum(e.cells for e in causes)
    body.append(("All causes together", str(cells), *(f"{n:+d}" for n in moved)))
    headings = ("Change", "Marks", "Attended", "Authorised", "Unauthorised", "Possible")
    title = f"The week of {monday}, as stated by that Friday midnight and as known now"
    notes = [
        (
            f"Attendance was {share_of(was.attended, was.possible)}, "
            f"is {share_of(is_now.attended, is_now.possible)}."
        ),
        (
            f"Unauthorised absence was {share_of(was.unauthorised, was.possible)}, "
            f"is {share_of(is_now.unauthorised, is_now.possible)}."
        ),
    ]
    return Grid(title, headings, body, frozenset(range(1, 6)), total=True, notes=notes)


def _change_in_words(before: str, after: str) -> str:
    if before == NOT_COUNTED:
        return f"counted since: {after}"
    if after == NOT_COUNTED:
        return f"no longer counted: {before}"
    if before == NO_MARK:
        return f"marked since: {after}"
    return f"{before} became {after}"
