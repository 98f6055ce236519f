"""Which sessions of some pupils counted, as known at one moment after another."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ledger.values import Session
from policies.law import penalties as threshold
from policies.law.school_weeks import monday, school_weeks
from policies.packs.values import parameters
from projections.penalties.penalties_register import age_of, begun, countable, counted_from
from projections.queries.rectangle import rectangle
from projections.queries.view import Interval, Person, View
from projections.readmodel.grid import Grid
from projections.replay.figures import Cells, Figures

_RULE = "penalty_notices.threshold"


class Moment(NamedTuple):
    """A moment of knowledge: up to a position of the log and a time that sources stated."""

    position: int
    stated: int


class Known:
    """Tells which sessions count, by the same rectangle as `rates` and `penalties`."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._found: dict[tuple[Moment, int], Cells] = {}
        # Whether a session counts never goes by its mark.
        self._no_marks = Grid(view.folder.views / "no such grid")

    def figures(self) -> Figures:
        """Return the figures of a pupil before anything is known."""
        on = self._view.on
        known = parameters().find(_RULE, on) is not None
        return Figures(self._view.rules.codes, threshold.measure(on) if known else None)

    @cached_property
    def first(self) -> date:
        """The first day that figures go by."""
        return min(self._view.first, counted_from(self._view.rules.codes))

    def cells(self, moment: Moment, pupil: int, among: Collection[int]) -> Cells:
        """Return which sessions of a pupil counted; ``among``: all who will be asked about."""
        if (moment, pupil) not in self._found:
            numbers = sorted({*among, pupil})
            for number, cells in zip(numbers, self._cells(moment, numbers), strict=True):
                self._found[moment, number] = cells
        return self._found[moment, pupil]

    def _at(self, moment: Moment) -> View:
        view = replace(self._view, position=moment.position, stated=moment.stated)
        # The range is the one that the answer names, also where the school year began otherwise.
        view.first = self._view.first
        return view

    def _cells(self, moment: Moment, pupils: list[int]) -> list[Cells]:
        """Return the cells of pupils: a small school of them alone, numbered from 0."""
        view = self._at(moment)
        rows = {pupil: n for n, pupil in enumerate(pupils)}
        view.grid = self._no_marks
        view.people = {rows[pupil]: _aged(view, pupil) for pupil in pupils}
        view.spells = [
            Interval(rows[p], date.fromisoformat(s), _day(e))
            for p, s, e in _theirs(view, "pupil, starts_on, leaves_on", "roll", pupils)
        ]
        view.memberships = [
            Interval(rows[p], _day(s) or date.min, _day(e), k, n)
            for p, s, e, k, n in _theirs(
                view, "pupil, since, until, kind, name", "memberships", pupils
            )
        ]
        whole = rectangle(view, first=self.first)
        people = view.people.items()
        ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in people}
        relevant = countable(whole, ages)
        names = [str(session) for session in whole.sessions]
        in_range = np.array([s.date >= view.first for s in whole.sessions], np.bool_)
        weeks = begun(school_weeks(view.calendar.school_days()), view.on)
        numbers = _numbers(whole.sessions, weeks)
        return [
            Cells(
                frozenset(names[at] for at in np.nonzero(whole.counted[row] & in_range)[0]),
                {names[at]: numbers[at] for at in np.nonzero(relevant[row])[0]},
                weeks,
            )
            for row in range(len(pupils))
        ]


def _theirs(view: View, columns: str, table: str, pupils: Iterable[int]) -> list[tuple[Any, ...]]:
    return view.stood(columns, table, f"pupil IN ({', '.join(map(str, pupils))})")


def _aged(view: View, pupil: int) -> Person:
    """Return a pupil without a name; with the details first recorded where none are known yet."""
    columns = "birth_cohort, compulsory_from"
    rows = (
        view.stood(columns, "details", "pupil = :v0", pupil)
        or view.db.execute(
            f"SELECT {columns} FROM details WHERE pupil = ? ORDER BY kf LIMIT 1",  # noqa: S608 - our own names
            [pupil],
        ).fetchall()
    )
    cohort, since = rows[0]
    return Person(pupil, "", "", "", "", "", cohort, date.fromisoformat(since))


def _numbers(sessions: Iterable[Session], weeks: Sequence[date]) -> list[int]:
    """Return the number of each session's school week; any number where it lies in none."""
    number = {first: n for n, first in enumerate(weeks)}
    return [number.get(monday(session.date), -1) for session in sessions]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
