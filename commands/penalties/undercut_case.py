"""A pupil's case before and after a change: below the threshold now, or a session changed.

Pure: the register before and after a change in, the papers and sessions that it undercut out.
Counted as by SI 2007/1867 reg 9A; `penalties consider` counts by the same `Register`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from commands.core.papers import CitedPaper
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.values import Session
from policies.law.age import is_compulsory
from policies.law.calendar import week_number
from policies.law.papers import Paper
from policies.law.penalties import Measure
from policies.packs.codes import Codes

_TO_SUNDAY = timedelta(days=6)

_NOTHING = "-"


class Cell(NamedTuple):
    """A session: the code that stands, whether it was held for the pupil, whether it counts."""

    code: str | None
    held: bool
    counts: bool


@dataclass(frozen=True)
class Register:
    """One pupil's register at one moment: ``marks`` by session, ``weeks``: the school weeks."""

    pupil: Pupil
    calendar: Calendar
    weeks: Sequence[date]
    marks: Mapping[Session, str]
    codes: Codes
    today: date

    def cell(self, session: Session) -> Cell:
        """Return what the register says of a session."""
        on, pupil = session.date, self.pupil
        held = pupil.on_roll(on) and self.calendar.meets(session, pupil.groups(on))
        counts = (
            held
            and self._relevant(session)
            and on <= self.today
            and is_compulsory(on, pupil.compulsory_from, pupil.birth_cohort)
        )
        return Cell(self.marks.get(session), held, counts)

    def _relevant(self, session: Session) -> bool:
        code = self.marks.get(session)
        return code is not None and self.codes.relevant(code, session.date)

    @cached_property
    def counted(self) -> list[Session]:
        """The relevant entries up to today, in order."""
        relevant = filter(self._relevant, self.marks)
        return sorted(session for session in relevant if self.cell(session).counts)

    def fullest(self, paper: Paper, measure: Measure) -> int:
        """Return the entries in the fullest window that overlaps what the paper is about."""
        at = [week_number(self.weeks, session.date) for session in self.counted]
        windows = self.windows(paper, measure)
        return max(
            (bisect_left(at, w.stop) - bisect_left(at, w.start) for w in windows), default=0
        )

    def counted_of(self, paper: Paper) -> int:
        """Return how many of the sessions that a paper relied on count."""
        return sum(map(paper.relied_on, self.counted))

    def windows(self, paper: Paper, measure: Measure) -> Iterator[range]:
        """Yield the windows so far that overlap what a paper is about, by numbers of weeks."""
        begun = bisect_right(self.weeks, self.today)
        for start in range(max(min(begun, 1), begun - measure.weeks + 1)):
            window = range(start, min(start + measure.weeks, begun))
            first, last = self.weeks[window[0]], self.weeks[window[-1]] + _TO_SUNDAY
            if first <= paper.last and paper.first <= last:
                yield window


class PaperEffect(NamedTuple):
    """A paper that a change undercut, and the fullest counts before and after it.

    ``left``: how many of the sessions that it relied on count, before and after; none where
    nothing is counted. ``fell``: the case is below the threshold now, by what any window holds or
    by what is left of its own sessions; else a session that it relied on was changed.
    """

    cited: CitedPaper
    before: int
    after: int
    left: tuple[int, int] | None = None
    fell: bool = False


class Undercut(NamedTuple):
    """What one change undercut of one pupil: papers, and sessions with their cells."""

    papers: tuple[PaperEffect, ...]
    sessions: dict[Session, tuple[Cell, Cell]]

    def session_texts(self) -> tuple[str, ...]:
        """Return the sessions as an event keeps them: ``2026-11-20/AM O>I``."""
        return tuple(f"{s} {'>'.join(_code_pair(*cells))}" for s, cells in self.sessions.items())


def compare(
    papers: Sequence[CitedPaper], before: Register, after: Register, measure: Measure | None
) -> Undercut | None:
    """Return what the change from one register to the other undercut, none where nothing.

    ``measure``: of the threshold in force, none where the law has none; then only sessions that
    papers relied on can be changed.
    """
    sessions = {s for s in after.marks if any(each.paper.relied_on(s) for each in papers)}
    sessions |= set(_certificate_sessions(papers, before, after))
    sessions |= set(before.counted).symmetric_difference(after.counted)
    cells = {session: (before.cell(session), after.cell(session)) for session in sorted(sessions)}
    moved = {session: pair for session, pair in cells.items() if pair[0] != pair[1]}
    effects, concerned = [], set[Session]()
    for cited in papers:
        paper = cited.paper
        relied = {s for s, pair in moved.items() if _is_changed(paper, s, *pair, before.today)}
        effect, fell = PaperEffect(cited, 0, 0), False
        if measure is not None and paper.kind != "certificate":
            counts = (before.fullest(paper, measure), after.fullest(paper, measure))
            left = (before.counted_of(paper), after.counted_of(paper))
            effect = PaperEffect(cited, *counts, left)
            fell = counts[1] < measure.sessions <= counts[0]
            if fell:
                relied |= _lost_entries(paper, before, moved, measure)
            fell = fell or left[1] < measure.sessions <= left[0]
        if fell or relied:
            effects.append(effect._replace(fell=fell))
            concerned |= relied
    if not effects:
        return None
    return Undercut(tuple(effects), {s: moved[s] for s in sorted(concerned)})


def describe(session: Session, before: Cell, after: Cell) -> str:
    """Say of a session what changed: its entry, else whether the entry that stands counts."""
    if before.code != after.code:
        return f"{session} {before.code or _NOTHING} -> {after.code or _NOTHING}"
    entry = f"{after.code} stands" if after.code else "no mark was made"
    if (after.counts, after.held) < (before.counts, before.held):
        return f"{session} {entry} and no longer counts"
    return f"{session} {entry} and {'counts again' if after.counts else 'is held'}"


def _code_pair(before: Cell, after: Cell) -> tuple[str, str]:
    """Return how two cells are written: their codes, ``-`` for the one where nothing counts.

    Where the code is the same, it is the calendar, the roll or the age that changed.
    """
    first, then = before.code or _NOTHING, after.code or _NOTHING
    if first == then:
        gained = (after.counts, after.held) > (before.counts, before.held)
        return (_NOTHING, then) if gained else (first, _NOTHING)
    return first, then


def _certificate_sessions(papers: Sequence[CitedPaper], *registers: Register) -> Iterator[Session]:
    """Yield every session in a term that a certificate covers, marked or not."""
    for each in papers:
        if each.paper.kind == "certificate":
            for register in registers:
                yield from register.calendar.sessions(each.paper.first, each.paper.last)


def _is_changed(paper: Paper, session: Session, before: Cell, after: Cell, today: date) -> bool:
    """Tell whether a paper relied on a session that changed in what matters to it.

    A first entry on the day itself is the register being taken.
    """
    if not paper.relied_on(session):
        return False
    first_entry = before.code is None and after.code is not None and before.held == after.held
    if first_entry and session.date == today:
        return False
    if paper.kind == "certificate":
        return before[:2] != after[:2]
    return (before.code, before.counts) != (after.code, after.counts)


def _lost_entries(
    paper: Paper,
    before: Register,
    moved: Mapping[Session, tuple[Cell, Cell]],
    measure: Measure,
) -> set[Session]:
    """Return the entries around a paper that count no longer."""
    weeks = [number for window in before.windows(paper, measure) for number in window]
    first, last = before.weeks[min(weeks)], before.weeks[max(weeks)] + _TO_SUNDAY
    return {
        session
        for session, (was, now) in moved.items()
        if was.counts and not now.counts and first <= session.date <= last
    }
