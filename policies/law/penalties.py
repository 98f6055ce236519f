"""The penalty notice threshold: relevant entries in windows of school weeks (reg 9A).

SI 2007/1867 reg 9A(1): ten sessions in any given period of ten consecutive school weeks. Meeting
it makes a decision to consider due; it is no finding against anybody.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.errors import Refused
from ledger.values import Session
from policies.law.calendar import week_number
from policies.packs.values import parameters


class Measure(NamedTuple):
    """So many relevant entries in a window of so many consecutive school weeks."""

    sessions: int
    weeks: int


class Window(NamedTuple):
    """Consecutive school weeks, by the Mondays of the first and the last."""

    first_week: date
    last_week: date


class RelevantEntry(NamedTuple):
    """A relevant entry, from when to when it counted: positions or instants, the end excluded."""

    session: Session
    since: int
    until: int | None = None

    def stands_at(self, moment: int) -> bool:
        """Tell whether it stood at a moment."""
        return self.since <= moment and (self.until is None or moment < self.until)


class KnownWeeks(NamedTuple):
    """Mondays of the school's weeks, in order, as they were known from a moment on."""

    since: int
    weeks: Sequence[date]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the windows of one pupil hold.

    ``count`` and ``sessions`` of the latest window; ``peak``, ``peak_window`` and
    ``peak_sessions`` of the fullest so far, the latest such where several tie. ``first_met_on``:
    the day of the session that first filled a window ending with its own week. ``leaves_on``:
    the Monday of the school week with which the oldest session has left the latest window; None
    where the calendar does not reach so far, or the window is empty.
    """

    count: int
    window: Window | None
    sessions: tuple[Session, ...]
    peak: int
    peak_window: Window | None
    peak_sessions: tuple[Session, ...]
    first_met_on: date | None
    leaves_on: date | None

    @property
    def met(self) -> bool:
        """Whether any window so far held as many entries as the rule names."""
        return self.first_met_on is not None

    def at_least(self, number: int, *, current: bool = False) -> bool:
        """Tell whether any window so far, or only the latest, holds at least ``number``."""
        return (self.count if current else self.peak) >= number


def measure(on: date) -> Measure:
    """Return the measure in force on a day; refused as ``date-outside-rule`` before the first."""
    rules = parameters()
    rule = rules.find("penalty_notices.threshold", on)
    if rule is None:
        begun = min(each.since for each in rules.rows("penalty_notices.threshold"))
        raise Refused(
            "date-outside-rule",
            f"the national threshold for penalty notices began on {begun}; on {on} each local "
            "authority had a code of its own",
            f"ask about {begun} or later; for an earlier day ask the authority for its code",
        )
    return Measure(rule.table["sessions"], rule.table["weeks"])


def standing(
    weeks: Sequence[date], entries: Iterable[Session], on: date, measure: Measure
) -> Standing:
    """Return what the windows ending with a school week by ``on`` hold, counted up to ``on``.

    ``weeks``: the Mondays of the school's weeks in order, later ones included. ``entries``: the
    sessions with a relevant entry on which the pupil was of compulsory school age.
    """
    sessions = sorted(session for session in entries if session.date <= on)
    known = bisect_right(weeks, on)
    if not known:
        return Standing(0, None, (), 0, None, (), None, None)
    at = [week_number(weeks, session.date) for session in sessions]
    latest = _window(weeks, known - 1, measure)
    oldest = bisect_left(at, known - measure.weeks)
    first, stop = _fullest(at, measure)
    end = min(at[first] + measure.weeks, known) - 1 if at else known - 1
    return Standing(
        count=len(at) - oldest,
        window=latest,
        sessions=tuple(sessions[oldest:]),
        peak=stop - first,
        peak_window=_window(weeks, end, measure),
        peak_sessions=tuple(sessions[first:stop]),
        first_met_on=_first_met(sessions, at, measure),
        leaves_on=_leaves(weeks, at[oldest:], measure),
    )


def _window(weeks: Sequence[date], last: int, measure: Measure) -> Window:
    return Window(weeks[max(0, last - measure.weeks + 1)], weeks[last])


def _fullest(at: Sequence[int], measure: Measure) -> tuple[int, int]:
    """Return the slice of the entries in the fullest window, the latest where several tie.

    Only windows that end with the week of an entry need looking at: moved on from there, a
    window can lose entries and gain none before the next of them.
    """
    first, stop = 0, 0
    for last, week in enumerate(at):
        start = bisect_left(at, week - measure.weeks + 1)
        if last + 1 - start >= stop - first:
            first, stop = start, last + 1
    return first, stop


def _first_met(sessions: list[Session], at: list[int], measure: Measure) -> date | None:
    back = measure.sessions - 1
    for last in range(back, len(at)):
        if at[last] - at[last - back] < measure.weeks:
            return sessions[last].date
    return None


def _leaves(weeks: Sequence[date], inside: list[int], measure: Measure) -> date | None:
    if not inside or inside[0] + measure.weeks >= len(weeks):
        return None
    return weeks[inside[0] + measure.weeks]


def first_recorded(
    known: Sequence[KnownWeeks], counted: Iterable[RelevantEntry], measure: Measure
) -> int | None:
    """Return the position or instant at which a window first held enough recorded entries.

    Each moment is judged by what was known then (reg 9A(1): somebody becomes aware of what is
    recorded): ``known``: the school weeks, from moment to moment in order, the first from before
    all others; ``counted``: a session once for each stretch during which a relevant entry stood
    against it and counted. Where one stretch follows another at the same moment, nothing is
    gained or lost.
    """
    found = list(counted)
    ends = [*(each.since for each in known[1:]), None]
    for (since, weeks), end in zip(known, ends, strict=True):
        moment = _first_full(weeks, _within(found, since, end), measure)
        if moment is not None:
            return moment
    return None


def _within(
    counted: Iterable[RelevantEntry], since: int, end: int | None
) -> Iterator[RelevantEntry]:
    """Yield what of each stretch lies between two moments."""
    for entry in counted:
        session, first, until = entry
        begun = max(first, since)
        stop = end if until is None else until if end is None else min(until, end)
        if (begun, stop) == (first, until):
            yield entry
        elif stop is None or begun < stop:
            yield RelevantEntry(session, begun, stop)


def _first_full(
    weeks: Sequence[date], counted: Iterable[RelevantEntry], measure: Measure
) -> int | None:
    changed: dict[int, list[tuple[int, int]]] = {}
    for session, since, until in counted:
        week = week_number(weeks, session.date)
        changed.setdefault(since, []).append((week, 1))
        if until is not None:
            changed.setdefault(until, []).append((week, -1))
    held = [0] * len(weeks)
    for moment in sorted(changed):
        for week, step in changed[moment]:
            held[week] += step
        if any(step > 0 and _full(held, week, measure) for week, step in changed[moment]):
            return moment
    return None


def _full(held: list[int], week: int, measure: Measure) -> bool:
    starts = range(max(0, week - measure.weeks + 1), week + 1)
    return any(sum(held[start : start + measure.weeks]) >= measure.sessions for start in starts)
