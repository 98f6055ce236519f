"""The causes of what moved: which events did what to the counts of which pupil.

`NewFacts` reads what became known between two times; `Finder` attributes every move to it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from ledger.values import Session
from projections.queries.rectangle import Flags
from projections.queries.tally import Counts
from projections.queries.view import View
from projections.readmodel.accessors.changes import mark_places, new_marks, turns
from projections.readmodel.record import V
from projections.readmodel.records.roll import Details, Membership, Spell
from projections.readmodel.records.school import Closure, Term
from projections.why.cells import Cause, Cells, Move
from projections.why.stages import Stage

Place = tuple[int, str]
"""A pupil's row number and a session."""
OfPupil = Spell | Membership | Details
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
    *MARKS.values(),
    CALENDAR,
    GROUP_MOVE,
    BIRTH_DATE,
    BOARDING,
    JOINER,
    LEAVER,
    ENTERING,
    LEAVING,
    RULE,
)


# -- what became known in between ----------------------------------------------------------


class NewVersion(NamedTuple):
    """A version of a mark that became known in between; ``undated``: nobody states a time."""

    kind: str
    code: str
    undated: bool
    position: int


@dataclass(frozen=True, slots=True)
class NewFacts:
    """What became known after the earlier view, up to the later one."""

    earlier: View
    later: View

    def marks(self, first: date, last: date) -> dict[Place, list[NewVersion]]:
        """Return the versions of marks on sessions of a range of dates, in order."""
        found: defaultdict[Place, list[NewVersion]] = defaultdict(list)
        for mark in new_marks(self.earlier, self.later, first, last):
            version = NewVersion(mark.kind, mark.code, mark.sf == 0, mark.kf)
            found[mark.pupil, mark.session].append(version)
        return found

    def by_pupil(self, record: type[OfPupil]) -> dict[int, set[int]]:
        """Return the positions at which facts of pupils of a kind began or ended."""
        found: defaultdict[int, set[int]] = defaultdict(set)
        for version, positions in self._turns(record):
            found[version.pupil] |= positions
        return found

    def calendar(self, sessions: Iterable[Session]) -> dict[str, set[int]]:
        """Return the positions of changes of terms and closures that concern each session."""
        closures: defaultdict[tuple[date, str], set[int]] = defaultdict(set)
        for closure, positions in self._turns(Closure):
            closures[closure.date, closure.half] |= positions
        terms = list(self._turns(Term))
        found = {}
        for session in sessions:
            day = session.date
            here = [positions for term, positions in terms if term.first <= day <= term.last]
            found[str(session)] = closures.get((day, session.half), set()).union(*here)
        return found

    def any_calendar(self) -> set[int]:
        """Return the positions of every change of terms: they move the start of the year."""
        return {p for _, positions in self._turns(Term) for p in positions}

    def _turns(self, record: type[V]) -> Iterator[tuple[V, set[int]]]:
        return turns(self.earlier, self.later, record)


def standing_marks(view: View, first: date, last: date) -> dict[Place, set[int]]:
    """Return the position of the mark that stands, for each session of a range of dates."""
    found = mark_places(view, first, last)
    return {(mark.pupil, mark.session): {mark.position} for mark in found}


def standing_facts(view: View, record: type[Membership | Spell]) -> dict[int, set[int]]:
    """Return the positions of the facts of a kind that stand, by pupil."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for version in view.standing(record):
        found[version.pupil].add(version.kf)
    return found


# -- who did it ----------------------------------------------------------------------------


class Finder:
    """Finds the causes between the two ends of a way."""

    def __init__(self, cells: Cells, *, current: bool) -> None:
        self.cells = cells
        self.way = cells.way
        self._current = current
        self.new_facts = NewFacts(self.way.earlier, self.way.later)

    def causes(self) -> Causes:
        """Return every cause; their effects add up to what moved."""
        found: defaultdict[tuple[int, str, int], Cause] = defaultdict(Cause)
        for number, stage, moves in self.cells.stages():
            for move in moves:
                if stage.facts == "marks":
                    self._attribute_to_marks(found, number, move)
                else:
                    kind = self._kind(stage, move)
                    cause = found[number, kind, move.pupil]
                    cause.add(self._effect(move), self._events(stage, kind, move))
        return dict(found)

    def _attribute_to_marks(self, found: Causes, number: int, move: Move) -> None:
        """Let each version of a mark that became known have its own effect."""
        standing = move.old
        for version in self.marks[move.pupil, str(move.session)]:
            after = self._standing(version)
            effect = self.cells.worth(move.session, after)
            effect = effect - self.cells.worth(move.session, standing)
            cause = found[number, MARKS[version.kind], move.pupil]
            cause.add(effect, {version.position})
            standing = after

    def _standing(self, version: NewVersion) -> int:
        return 1 + 2 * self._numbers[version.code] + version.undated

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {code: n for n, code in enumerate(self.way.later.grid.book)}

    def _effect(self, move: Move) -> Counts:
        after = self.cells.worth(move.session, move.new)
        return after - self.cells.worth(move.session, move.old)

    # -- what kind of cause -------------------------------------------------------------------

    def _kind(self, stage: Stage, move: Move) -> str:
        gained = move.old == 0
        match stage.facts:
            case "calendar":
                return CALENDAR
            case "roll":
                return JOINER if gained else LEAVER
            case "window":
                return self._kind_of_window(move, gained=gained)
            case "selection" if self._current and move.pupil in self._joiners_and_leavers:
                return JOINER if gained else LEAVER
            case _:
                return GROUP_MOVE

    def _kind_of_window(self, move: Move, *, gained: bool) -> str:
        if not gained:
            return LEAVING
        return ENTERING if move.pupil in self._on_roll_before else JOINER

    @cached_property
    def _on_roll_before(self) -> set[int]:
        """Pupils whose first spell on roll had begun by the earlier date."""
        return {s.pupil for s in self.way.earlier.spells if s.first <= self.way.earlier.on}

    @cached_property
    def _joiners_and_leavers(self) -> set[int]:
        """Pupils on roll at one of the two dates only."""
        return _on_roll(self.way.earlier) ^ _on_roll(self.way.later)

    # -- by which events ----------------------------------------------------------------------

    def _events(self, stage: Stage, kind: str, move: Move) -> set[int]:
        place = (move.pupil, str(move.session))
        if self.way.of_dates:
            return self._events_by_date(kind, place)
        marks = {version.position for version in self.marks.get(place, ())}
        if stage.facts == "calendar":
            return marks | (self._calendar[place[1]] or self._any_calendar)
        table = self._group_changes if kind == GROUP_MOVE else self._roll_changes
        return marks | table.get(move.pupil, set())

    def _events_by_date(self, kind: str, place: Place) -> set[int]:
        if kind == GROUP_MOVE:
            return self._memberships.get(place[0]) or self._enrolments[place[0]]
        marks = self._standing_marks.get(place, set())
        if kind in (JOINER, LEAVER) or not marks:
            return marks | self._enrolments[place[0]]
        return marks

    def relevant_marks(self, cells: Flags) -> dict[int, set[int]]:
        """Return the positions of the marks that stand in some cells of the later view."""
        found: defaultdict[int, set[int]] = defaultdict(set)
        sessions = self.cells.counted[-1].counter.whole.sessions
        for row, at in zip(*cells.nonzero(), strict=True):
            found[int(row)] |= self._standing_marks[int(row), str(sessions[at])]
        return found

    @cached_property
    def marks(self) -> Mapping[Place, list[NewVersion]]:
        """Versions of marks that became known in between, by pupil and session."""
        first = min(stage.first for stage in self.way.stages)
        return self.new_facts.marks(first, max(stage.last for stage in self.way.stages))

    @cached_property
    def _calendar(self) -> dict[str, set[int]]:
        return self.new_facts.calendar(self.cells.sessions)

    @cached_property
    def _any_calendar(self) -> set[int]:
        return self.new_facts.any_calendar()

    @cached_property
    def _group_changes(self) -> dict[int, set[int]]:
        return self.new_facts.by_pupil(Membership)

    @cached_property
    def _roll_changes(self) -> dict[int, set[int]]:
        return self.new_facts.by_pupil(Spell)

    @cached_property
    def _standing_marks(self) -> dict[Place, set[int]]:
        first = min(stage.first for stage in self.way.stages)
        return standing_marks(self.way.later, first, self.way.later.on)

    @cached_property
    def _memberships(self) -> dict[int, set[int]]:
        return standing_facts(self.way.later, Membership)

    @cached_property
    def _enrolments(self) -> dict[int, set[int]]:
        return standing_facts(self.way.later, Spell)


def _on_roll(view: View) -> set[int]:
    return {spell.pupil for spell in view.spells if spell.covers(view.on)}
