"""Marks that the ledger holds and that an import would take out of every figure.

A register is not undone by its calendar: a closure, a moved term, an earlier last day or another
group over sessions that were marked is a finding. So is a session said to be cancelled that the
ledger holds marks of: the entry which the law gives it takes their place (SI 2024/208 reg 10(10)).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import NamedTuple

from commands.core import told
from commands.core.places import place
from commands.exchange.portable.work import Work
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.roll import GroupJoined, GroupLeft, PupilRemoved
from ledger.formats.portable import GROUPS, PUPILS, SCHOOL
from ledger.state.calendar import Calendar
from ledger.state.school import ClosureKey, Pupil, closure_keys
from ledger.values import Session, school_year_number


class _Cause(NamedTuple):
    """A row that takes marks out; ``code`` names the finding."""

    file: str
    line: int
    code: str


_WORDS = {
    "closure-over-marks": (
        "this closure",
        'correct the date, or write kind = "cancelled" if it was cancelled on the day',
    ),
    "cancelled-over-marks": (
        "this cancelled session",
        "correct the date if the session was held",
    ),
    "term-over-marks": ("this term", "correct its first or last day"),
    "leaver-over-marks": (
        "this last day on roll",
        "correct leaves_on: a deletion from the roll cannot be backdated",
    ),
    "group-over-marks": ("this group, closed then,", "correct the group's dates, or the closure"),
}
"""What takes the marks out, and what to do."""


def find_uncounted(work: Work) -> None:
    """Find, row by row, how many marks held would no longer count, of how many pupils.

    Only sessions and pupils that the import changes are looked at; the marks were all asked for.
    """
    found: dict[_Cause, list[tuple[Session, str]]] = defaultdict(list)
    comparison = _Comparison(work)
    for pupil_id, session in comparison.lost():
        cause = comparison.cause(pupil_id, session)
        found[cause].append((session, pupil_id))
    for cause, lost in found.items():
        pupils = {pupil_id for _, pupil_id in lost}
        what, remedy = _WORDS[cause.code]
        count = f"{number_of(len(lost), 'mark')} of {number_of(len(pupils), 'pupil')}"
        why = Refused(
            cause.code,
            f"{what} takes out of every figure {count} that the ledger holds "
            f"({_figures(work, lost)}), the first for {min(lost)[0]}",
            remedy,
        )
        work.problems.find(cause.file, cause.line, why)


def _figures(work: Work, found: Iterable[tuple[Session, str]]) -> str:
    """Say by how much each figure falls."""
    moves = Counter[str]()
    for session, pupil_id in found:
        code = work.state.mark(work.state.school.pupils[pupil_id], session).code
        moves[told.figure_of(work.rules.codes, code, session)] -= 1
    return told.figures_in_words(moves)


class _Comparison:
    """The ledger's school before the import and as it will be."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._old, self._new = work.state.school, work.school
        self._was: Calendar = self._old.calendar()
        self._is: Calendar = self._new.calendar()

    def lost(self) -> Iterator[tuple[str, Session]]:
        """Yield each mark held, by pupil and session, that counted and will not."""
        everyone, held = self._sessions_changed(), self._work.state.histories
        for pupil_id, old in self._old.pupils.items():
            new = self._new.pupils[pupil_id]
            for session in self._sessions_of(old, new, everyone):
                if streams.mark(pupil_id, session) in held and self._is_lost(old, new, session):
                    yield pupil_id, session

    def _is_lost(self, old: Pupil, new: Pupil, session: Session) -> bool:
        codes, code = self._work.rules.codes, self._work.state.mark(old, session).code
        was, now = place(self._was, old, session), place(self._is, new, session)
        return was.counts(session, code, codes) and not now.counts(session, code, codes)

    def cause(self, pupil_id: str, session: Session) -> _Cause:
        """Return the row of the import that takes a mark out."""
        pupil, day = self._new.pupils[pupil_id], session.date
        if not pupil.on_roll(day):
            return _Cause(PUPILS, self._removal(pupil, day), "leaver-over-marks")
        if not self._is.in_term(day):
            return _Cause(SCHOOL, self._term(day), "term-over-marks")
        closure = self._is.closure(session, pupil.groups(day))
        assert closure is not None  # noqa: S101 - nothing else takes a mark out
        key = (closure.date, closure.half, closure.groups)
        held = self._old.closures.get(key)
        if held is None or held.cancelled != closure.cancelled:
            code = "cancelled-over-marks" if closure.cancelled else "closure-over-marks"
            return _Cause(SCHOOL, self._closures[key], code)
        return _Cause(GROUPS, self._membership(pupil, day, closure.groups), "group-over-marks")

    @cached_property
    def _sessions(self) -> list[Session]:
        return list(self._was.sessions(date.min, date.max))

    @cached_property
    def _closed_for_some(self) -> list[Session]:
        """The sessions that are closed for some groups: only there does it matter which."""
        return [s for s in self._sessions if any(c.groups for c in self._is.closures_on(s))]

    def _sessions_of(self, old: Pupil, new: Pupil, everyone: list[Session]) -> Iterable[Session]:
        """Return the sessions to look at for a pupil."""
        if old.days_on_roll != new.days_on_roll:
            return self._sessions
        if old.memberships != new.memberships:
            return dict.fromkeys([*everyone, *self._closed_for_some])
        return everyone

    def _sessions_changed(self) -> list[Session]:
        """Return the sessions of which terms or closures say otherwise than before."""
        if (self._was.terms, self._was.closures) == (self._is.terms, self._is.closures):
            return []
        return [
            session
            for session in self._sessions
            if not self._is.in_term(session.date)
            or self._was.closures_on(session) != self._is.closures_on(session)
        ]

    # The row that each finding is about.

    @cached_property
    def _closures(self) -> Mapping[ClosureKey, int]:
        """The line of each closure."""
        stated = self._work.content.school.closures
        return {key: line for line, closure in stated for key in closure_keys(closure)}

    @cached_property
    def _of_pupils(self) -> Mapping[str, list[Event]]:
        """What the import records of each pupil."""
        found: dict[str, list[Event]] = defaultdict(list)
        for stream, event in self._work.facts:
            found[stream].append(event)
        return found

    def _term(self, day: date) -> int:
        """Return the line of the term that held a day."""
        keys = {key for key, term in self._old.terms.items() if term.first <= day <= term.last}
        stated = self._work.content.school.terms
        lines = (t.row or 0 for t in stated if (t.name, school_year_number(t.first)) in keys)
        return next(lines, 0)

    def _removal(self, pupil: Pupil, day: date) -> int:
        """Return the line that ends the spell on roll which held a day."""
        ended = [
            (event.starts_on, event.row or 0)
            for event in self._of_pupils[streams.pupil(pupil.id)]
            if isinstance(event, PupilRemoved) and event.starts_on <= day
        ]
        return max(ended, default=(day, 0))[1]

    def _membership(self, pupil: Pupil, day: date, groups: Collection[str]) -> int:
        """Return the line by which a pupil belongs to one of the groups on a day."""
        lines = (
            event.row or 0
            for event in self._of_pupils[streams.pupil(pupil.id)]
            if isinstance(event, GroupJoined | GroupLeft)
            and event.name in groups
            and (event.since or day) <= day <= (event.until or day)
        )
        return next(lines, 0)
