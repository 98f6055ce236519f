"""A pupil's history as steps in the order in which they became known, with figures around each."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import local_date, parse_instant
from ledger.values import parse_session
from policies.law.calendar import monday
from projections.queries.pending import approval_steps
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, versions_of
from projections.register.week import PLAN
from projections.replay.changes import Change, Changes, Order
from projections.replay.figures import CountingCells, Figures
from projections.roll.admission_rows import amendments

ENTRIES = "entries"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that became known: a version of a mark or plan, or (``row``) something else."""

    order: Order
    version: Version | None = None
    row: Row | None = None

    @property
    def is_entry(self) -> bool:
        """Whether it is a first mark at the taking."""
        return self.version is not None and self.version.kind == "entry"


class OrderedRow(NamedTuple):
    """A row, and its place in the order in which things became known."""

    order: Order
    row: Row


class Replayer:
    """Replays pupils, all as known at the same point in time."""

    def __init__(self, view: View, pupils: Collection[int], *, every: bool = False) -> None:
        self._view, self._every = view, every
        self._describer = Describer(view)
        self._by_source = view.question.clock == "source"
        self._changes = Changes(view, self._describer, pupils)
        self._cells, self._pupils = CountingCells(view), pupils
        self._asked: dict[int, list[Row]] = {}
        for pupil, row in approval_steps(view, pupils, view.first, view.on):
            self._asked.setdefault(pupil, []).append(row)

    def rows(self, pupil: int) -> list[OrderedRow]:
        """Return the rows of one pupil in order; the figures after one are those before the next.

        Calendar, roll and ages are as known at each step; where one of them moves the figures,
        that is a row. Marks of sessions before the first day counted move only the fullest
        window, and are no rows.
        """
        figures, found = self._cells.figures(), list[OrderedRow]()
        steps, changes = self._in_order(pupil), self._changes.of(pupil)
        due: Change | None = None
        for order in sorted(steps.keys() | changes.keys()):
            here, change = steps.get(order, []), changes.get(order)
            before = figures.row()
            due = change or due
            moved: list[str] = []
            # Before any mark stands there is nothing to count.
            if due is not None and (figures.stood or any(map(_is_mark, here))):
                moved, due = self._turn(figures, due, pupil), None
            after = figures.row()
            # The amendment of a birth date tells of itself.
            if change is not None and after != before and not (here and change.of_ages):
                row_of_change = self._changes.row(change, moved) | {
                    "before": before,
                    "after": after,
                }
                found.append(OrderedRow(order, row_of_change))
                before = after
            for step in here:
                self._take(found, step, figures, before)
                before = figures.row()
        return found

    def _turn(self, figures: Figures, change: Change, pupil: int) -> list[str]:
        among = self._pupils if change.of_all else [pupil]
        return figures.turn(self._cells.cells(change.moment, pupil, among))

    def _take(self, found: list[OrderedRow], step: Step, figures: Figures, before: Row) -> None:
        if step.version is not None and _is_mark(step):
            figures.move(step.version.session, step.version.code or "")
        if self._is_in_period(step):
            row = self._row(step) | {"before": before, "after": figures.row()}
            _add(found, OrderedRow(step.order, row), folds=step.is_entry and not self._every)

    def _in_order(self, pupil: int) -> dict[Order, list[Step]]:
        found: dict[Order, list[Step]] = {}
        for step in self._steps(pupil):
            found.setdefault(step.order, []).append(step)
        return found

    def _steps(self, pupil: int) -> Iterator[Step]:
        view = self._view
        for version in versions_of(view, [pupil], self._cells.first, view.on):
            yield Step(self._order(version.position, version.known_by_source), version)
        # One pupil at a time: UPNs that are beyond use are all alike.
        about = map(_admission, amendments(view, self._describer, {pupil}))
        made = [row for row in about if _made_on(row) >= view.first]
        for row in (*self._asked.get(pupil, ()), *made):
            known = parse_instant(row["stated_at"] or row["recorded_at"])
            yield Step(self._order(row["position"], known), row=row)

    def _order(self, position: int, stated: int) -> Order:
        return (stated, position) if self._by_source else (position, 0)

    def _is_in_period(self, step: Step) -> bool:
        version = step.version
        return version is None or parse_session(version.session).date >= self._view.first

    def _row(self, step: Step) -> Row:
        if step.version is None:
            return dict(step.row or {})
        version = step.version
        if step.is_entry and not self._every:
            return {"kind": ENTRIES, "session": version.session, "became": version.code,
                    "position": version.position,
                    "source": self._describer.source(version)}  # fmt: skip
        row = self._describer.row(0, version)
        kept = ("session", "kind", "step", "minutes_late", "nature", "reason", "by",
                "recorded_at", "stated_at", "late_by_school_days", "position",
                "changed_at")  # fmt: skip
        about = {"was": version.replaced, "became": version.code, "batch": version.batch}
        return about | {name: row[name] for name in kept if name in row} | {
            "source": self._describer.source(version)
        }  # fmt: skip


def _admission(row: Row) -> Row:
    """Return an amendment of the admission register as a row; it has no session."""
    kept = ("field", "about", "parent_id", "reason", "by", "recorded_at", "stated_at", "source",
            "position")  # fmt: skip
    return {"kind": "admission", "admission": row["kind"], "session": None, "step": None,
            "was": row["original"], "became": row["amended"], "late_by_school_days": None,
            **{name: row[name] for name in kept}}  # fmt: skip


def _made_on(row: Row) -> date:
    return local_date(parse_instant(row["stated_at"] or row["recorded_at"]))


def _is_mark(step: Step) -> bool:
    return step.version is not None and step.version.kind != PLAN


def _add(found: list[OrderedRow], new: OrderedRow, *, folds: bool) -> None:
    """Add a row; first entries at the taking, one after another, are one row a week."""
    row = new.row
    if not folds:
        found.append(new)
    elif not found or not _same_week(found[-1].row, row):
        found.append(OrderedRow(new.order, _week_of_entries(row)))
    else:
        last = found.pop().row
        last["entries"] += 1
        last["first"] = min(last["first"], row["session"])
        last["last"] = max(last["last"], row["session"])
        last["codes"] = _one_more(last["codes"], row["became"])
        last["position"], last["after"] = row["position"], row["after"]
        found.append(OrderedRow(new.order, last))


def _same_week(last: Mapping[str, Any], row: Row) -> bool:
    if last["kind"] != ENTRIES or last["source"] != row["source"]:
        return False
    return _monday(last["first"]) == _monday(row["session"])


def _monday(session: str) -> date:
    return monday(parse_session(session).date)


def _week_of_entries(row: Row) -> Row:
    return {
        "kind": ENTRIES,
        "entries": 1,
        "first": row["session"],
        "last": row["session"],
        "codes": {row["became"]: 1},
        "source": row["source"],
        "from_position": row["position"],
        "position": row["position"],
        "before": row["before"],
        "after": row["after"],
    }


def _one_more(codes: Mapping[str, int], code: str) -> dict[str, int]:
    found = Counter(codes)
    found[code] += 1
    return dict(sorted(found.items()))
