"""The causes of what moved: which events did what to the counts of which pupil."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from projections.queries.rectangle import Flags
from projections.queries.tally import Counts
from projections.readmodel.accessors.changes import NewMark, new_marks, turns
from projections.readmodel.grid import column
from projections.readmodel.record import V
from projections.readmodel.records.roll import Details, Membership, Spell
from projections.readmodel.records.school import Closure, Term
from projections.why.cells import Cause, Cells, MarkChange, Move, days_of_new_marks
from projections.why.stages import Stage

Place = tuple[int, str]
"""A pupil's row number and a session."""
OfPupil = Spell | Membership | Details
_OF_PUPILS: tuple[type[OfPupil], ...] = (Spell, Membership, Details)
Causes = dict[tuple[int, str, int], Cause]
"""By the number of the stage, the kind and the pupil."""

JOINER, LEAVER, GROUP_MOVE = "joiner", "leaver", "group move"
ENTERING, LEAVING = "session entering the window", "session leaving the window"
CALENDAR, BIRTH_DATE, BOARDING = "calendar change", "corrected birth date", "changed boarding"
RULE = "rule change"
MARKS = {
    "entry": "new mark",
    "late_entry": "late entry",
    "taking": "corrected during taking",
    "amendment": "amendment",
    "restated": "restated",
}
KINDS = (
    *MARKS.values(), CALENDAR, GROUP_MOVE, BIRTH_DATE, BOARDING, JOINER, LEAVER, ENTERING, LEAVING,
    RULE,
)  # fmt: skip


class _Part(NamedTuple):
    """What a kind of cause has of a move: by which events, and which marks became which."""

    kind: str
    move: Move
    events: set[int]
    changes: list[MarkChange]


def _add_up(causes: Sequence[Cause], effects: Counts) -> None:
    """Give each cause the sum of its effects."""
    each = list({id(cause): cause for cause in causes}.values())
    places = {id(cause): n for n, cause in enumerate(each)}
    sums = np.zeros((len(each), effects.shape[1]), np.int64)
    np.add.at(sums, [places[id(cause)] for cause in causes], effects)
    for cause, total in zip(each, sums, strict=True):
        cause.effect = total


class Finder:
    """Finds the causes between the two ends of a way."""

    def __init__(self, cells: Cells, *, current: bool) -> None:
        self.cells, self.way, self._current = cells, cells.way, current

    def causes(self) -> Causes:
        """Return every cause; their effects add up to what moved."""
        found: Causes = defaultdict(Cause)
        for number, stage, moves in self.cells.stages():
            attributed = self._of_marks if stage.facts == "marks" else self._of_stage(stage)
            parts = [part for move in moves for part in attributed(move)]
            causes = [found[number, part.kind, part.move.pupil] for part in parts]
            effects = self.cells.effects([part.move for part in parts])
            moved = np.asarray(effects.any(axis=1)).tolist()
            for (_, move, events, changes), cause, any_ in zip(parts, causes, moved, strict=True):
                cause.events |= events
                cause.moves |= any_
                cause.sessions.add(move.session)
                cause.changes += changes
            _add_up(causes, effects)
        return dict(found)

    def _of_stage(self, stage: Stage) -> Callable[[Move], list[_Part]]:
        """Return what lets a move have its effect by the kind of fact a stage differs in."""

        def attributed(move: Move) -> list[_Part]:
            kind, changes = self._kind(stage, move), list[MarkChange]()
            if stage.facts == "calendar" and kind != CALENDAR:
                changes = [
                    MarkChange(each.session, each.kf, each.replaced, each.code)
                    for each in self._since(move)
                ]
            return [_Part(kind, move, self._events(stage, kind, move), changes)]

        return attributed

    def _since(self, move: Move) -> list[NewMark]:
        """Return the versions of the mark of a session that became known in between."""
        return self.marks.get((move.pupil, str(move.session)), [])

    def _of_marks(self, move: Move) -> list[_Part]:
        """Let each version of a mark that became known have its own effect."""
        found, standing = [], move.old
        for mark in self.marks[move.pupil, str(move.session)]:
            after = 1 + 2 * self._numbers[mark.code] + (mark.sf == 0)  # 0: nobody states a time
            change = MarkChange(mark.session, mark.kf, self._code(standing), mark.code)
            own = move._replace(old=standing, new=after)
            found.append(_Part(MARKS[mark.kind], own, {mark.kf}, [change]))
            standing = after
        return found

    def _code(self, standing: int) -> str | None:
        """Return the code of what stood; none where there was no mark, or it did not count."""
        return (self._book[(standing - 1) // 2] or None) if standing else None

    @cached_property
    def _book(self) -> list[str]:
        return self.way.later.grid.book

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {code: n for n, code in enumerate(self._book)}

    # -- what kind of cause -------------------------------------------------------------------

    def _kind(self, stage: Stage, move: Move) -> str:
        gained = move.old == 0
        match stage.facts:
            case "calendar":
                return self._put_back(move) or CALENDAR
            case "roll":
                return JOINER if gained else LEAVER
            case "window":
                entering = ENTERING if move.pupil in self._on_roll_before else JOINER
                return entering if gained else LEAVING
            case "selection" if self._current and move.pupil in self._joiners_and_leavers:
                return JOINER if gained else LEAVER
            case _:
                return GROUP_MOVE

    def _put_back(self, move: Move) -> str:
        """Return the kind of event that put back what a cancellation, withdrawn since, replaced.

        The calendar let the entry count again; that it says what it does is the amendment.
        """
        day, codes = move.session.date, self.way.later.rules.codes
        for mark in reversed(self._since(move) if move.old == 0 else []):
            if mark.replaced is not None and codes.cancels(mark.replaced, day):
                return MARKS[mark.kind]
        return ""

    @cached_property
    def _on_roll_before(self) -> set[int]:
        """Pupils whose first spell on roll had begun by the earlier date."""
        return {s.pupil for s in self.way.earlier.spells if s.first <= self.way.earlier.on}

    @cached_property
    def _joiners_and_leavers(self) -> set[int]:
        """Pupils on roll at one of the two dates only."""
        earlier, later = (
            {spell.pupil for spell in view.spells if spell.covers(view.on)}
            for view in (self.way.earlier, self.way.later)
        )
        return earlier ^ later

    # -- by which events ----------------------------------------------------------------------

    def _events(self, stage: Stage, kind: str, move: Move) -> set[int]:
        pupil, session = move.pupil, str(move.session)
        if self.way.of_dates:
            return self._events_by_date(kind, pupil, session)
        marks = {mark.kf for mark in self._since(move)}
        if stage.facts == "calendar":
            return marks | self._calendar[session]
        return marks | self.changed[Membership if kind == GROUP_MOVE else Spell][pupil]

    def _events_by_date(self, kind: str, pupil: int, session: str) -> set[int]:
        if kind == GROUP_MOVE:
            return self._standing[Membership][pupil] or self._standing[Spell][pupil]
        marks = self._mark(pupil, session)
        if kind in (JOINER, LEAVER) or not marks:
            return marks | self._standing[Spell][pupil]
        return marks

    def relevant_marks(self, cells: Flags) -> dict[int, set[int]]:
        """Return the positions of the marks that stand in some cells of the later view."""
        found: defaultdict[int, set[int]] = defaultdict(set)
        sessions = self.cells.counted[-1].counter.whole.sessions
        for row, at in zip(*cells.nonzero(), strict=True):
            found[int(row)] |= self._mark(int(row), str(sessions[at]))
        return found

    # -- what became known in between, and what stands at the end ------------------------------

    @cached_property
    def marks(self) -> Mapping[Place, list[NewMark]]:
        """Versions of marks that became known in between, by pupil and session, in order."""
        found: defaultdict[Place, list[NewMark]] = defaultdict(list)
        last = max(stage.last for stage in self.way.stages)
        pupils = days_of_new_marks(self.way.earlier, self.way.later, self._first, last)
        for mark in new_marks(self.way.earlier, self.way.later, pupils):
            found[mark.pupil, mark.session].append(mark)
        return found

    @property
    def _first(self) -> date:
        return min(stage.first for stage in self.way.stages)

    @cached_property
    def changed(self) -> Mapping[type[OfPupil], Mapping[int, set[int]]]:
        """The positions at which facts of pupils began or ended in between, by kind of fact."""
        found: dict[type[OfPupil], defaultdict[int, set[int]]] = {}
        for record in _OF_PUPILS:
            found[record] = defaultdict(set)
            for version, positions in self._turns(record):
                found[record][version.pupil] |= positions
        return found

    @cached_property
    def _calendar(self) -> dict[str, set[int]]:
        """The positions of the changes of terms and closures that concern each session.

        Where none does, those of every change of terms: they move the start of the year.
        """
        closures: defaultdict[tuple[date, str], set[int]] = defaultdict(set)
        for closure, positions in self._turns(Closure):
            closures[closure.date, closure.half] |= positions
        terms = list(self._turns(Term))
        every = {position for _, positions in terms for position in positions}
        found = {}
        for session in self.cells.sessions:
            here = [turned for term, turned in terms if term.first <= session.date <= term.last]
            concerned = closures[session.date, session.half].union(*here)
            found[str(session)] = concerned or every
        return found

    def _turns(self, record: type[V]) -> Iterator[tuple[V, set[int]]]:
        return turns(self.way.earlier, self.way.later, record)

    def _mark(self, pupil: int, session: str) -> set[int]:
        """Return the position of the mark that stands at the end; nothing where none does."""
        year, at = column(session)
        later, known = self.way.later, self.way.later.grid.partition(year)
        if year not in self._positions:
            self._positions[year] = known.positions(later.position, later.stated)
        place = known.place(pupil, at)
        position = int(self._positions[year][place]) if place else 0
        return {position} if position else set()

    @cached_property
    def _positions(self) -> dict[int, npt.NDArray[np.int64]]:
        """By year, the positions of the marks that stand at the end."""
        return {}

    @cached_property
    def _standing(self) -> Mapping[type[OfPupil], Mapping[int, set[int]]]:
        """The positions of the facts of pupils that stand at the end, by kind of fact."""
        found: dict[type[OfPupil], defaultdict[int, set[int]]] = {}
        for record in _OF_PUPILS[:2]:
            found[record] = defaultdict(set)
            for version in self.way.later.standing(record):
                found[record][version.pupil].add(version.kf)
        return found
