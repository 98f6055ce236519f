"""A pupil's figures kept step by step while marks become known: integers, never recounted.

Which sessions count is decided once: those met, by calendar and roll as known at the view's own
point in time. Only marks move.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from ledger.values import parse_session
from policies import threshold
from policies.codes import Codes
from policies.parameters import parameters
from policies.school_weeks import number_of, school_weeks
from policies.threshold import Measure
from projections.penalties_register import age_of, begun, countable, counted_from
from projections.query import percent
from projections.rectangle import Flags, Rectangle, rectangle
from projections.view import View

_RULE = "penalty_notices.threshold"
COUNTS = ("possible", "attended", "authorised", "unauthorised")


@dataclass(slots=True)
class Windows:
    """Relevant entries in windows of school weeks, kept up to date; ``peak``: of the fullest."""

    measure: Measure
    held: list[int]
    windows: list[int]
    peak: int = 0

    def add(self, week: int, step: int) -> None:
        """Add a relevant entry to a school week, or take one away."""
        self.held[week] += step
        for last in range(week, min(week + self.measure.weeks, len(self.windows))):
            self.windows[last] += step
        self.peak = max(self.windows)


@dataclass(slots=True)
class Figures:
    """What one pupil's known marks come to.

    ``counted``: the sessions that count in rates; ``weeks``: session -> its school week, of
    those in which an entry could be relevant; ``windows``: none before the law had the rule.
    """

    codes: Codes
    counted: frozenset[str]
    weeks: Mapping[str, int]
    windows: Windows | None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))

    def move(self, session: str, old: str | None, new: str | None) -> None:
        """Let a mark become another; none: no mark yet."""
        day = parse_session(session).date
        for code, step in ((old, -1), (new, 1)):
            if code is not None:
                self._add(session, code, day, step)

    def _add(self, session: str, code: str, day: date, step: int) -> None:
        rule = self.codes.find(code, day)
        if rule is None:
            return
        if rule.possible and session in self.counted:
            self.counts["possible"] += step
            kind = "unauthorised" if rule.unauthorised else "authorised"
            self.counts["attended" if rule.attended else kind] += step
        if rule.threshold and self.windows is not None and session in self.weeks:
            self.windows.add(self.weeks[session], step)

    def row(self) -> dict[str, Any]:
        """Return the figures as an answer has them."""
        rate = percent(self.counts["attended"], self.counts["possible"])
        peak = self.windows.peak if self.windows else None
        return {**self.counts, "attendance": rate, "fullest_window": peak}


class Counting:
    """Makes the figures of pupils, all from the same register, calendar and rule."""

    def __init__(self, view: View) -> None:
        self._view = view
        codes = view.rules.codes
        self.first = min(view.first, counted_from(codes))
        self.whole: Rectangle = rectangle(view, first=self.first)
        people = view.people.items()
        ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in people}
        self._relevant: Flags = countable(self.whole, ages)
        days = [session.date for session in self.whole.sessions]
        self._in_range = np.array([day >= view.first for day in days], np.bool_)
        self._names = [str(session) for session in self.whole.sessions]
        self._weeks: Sequence[date] = begun(school_weeks(view.calendar.school_days()), view.on)
        known = parameters().find(_RULE, view.on) is not None
        self._measure = threshold.measure(view.on) if known else None

    def figures(self, pupil: int) -> Figures:
        """Return the figures of a pupil before any mark is known."""
        counted = self._sessions(self.whole.counted, pupil, self._in_range)
        relevant = self._sessions(self._relevant, pupil, np.ones_like(self._in_range))
        weeks = {s: number_of(self._weeks, parse_session(s).date) for s in sorted(relevant)}
        windows = None
        if self._measure is not None and self._weeks:
            empty = [0] * len(self._weeks)
            windows = Windows(self._measure, empty, list(empty))
        return Figures(self._view.rules.codes, counted, weeks, windows)

    def _sessions(self, flags: Flags, pupil: int, chosen: Flags) -> frozenset[str]:
        return frozenset(self._names[at] for at in np.nonzero(flags[pupil] & chosen)[0])
