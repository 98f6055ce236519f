"""What each session of each pupil counts as, stage by stage, and the causes of every move."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ledger.errors import Refused
from ledger.values import Session
from projections.queries.question import Selection
from projections.queries.rectangle import rectangle
from projections.queries.selection import CountedCells, count_cells
from projections.queries.tally import COUNTED, Counter, Counts, Tally, worths
from projections.why.stages import SAME_CELLS, Stage, Way

Standing = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, order=True)
class MarkChange:
    """A mark that became another in a session; ``was``: none where there was no mark."""

    session: str
    position: int
    was: str | None
    became: str | None


@dataclass(slots=True)
class Cause:
    """What one kind of event did to the counts of one pupil; ``moves``: at least one session.

    ``sessions``: those that it is about; ``changes``: of their marks, where it is about marks.
    """

    effect: Counts = field(default_factory=lambda: np.zeros(len(COUNTED), np.int64))
    events: set[int] = field(default_factory=set)
    moves: bool = False
    sessions: set[Session] = field(default_factory=set)
    changes: list[MarkChange] = field(default_factory=list)

    def add(self, effect: Counts, events: set[int], session: Session) -> None:
        """Let some events have an effect on a session."""
        self.effect = self.effect + effect
        self.events |= events
        self.moves = self.moves or bool(effect.any())
        self.sessions.add(session)

    def join(self, other: "Cause") -> None:
        """Take in what another stage found of the same kind and pupil."""
        self.effect = self.effect + other.effect
        self.events |= other.events
        self.moves = self.moves or other.moves
        self.sessions |= other.sessions
        self.changes += other.changes


@dataclass(frozen=True, slots=True)
class Move:
    """One session of one pupil that counts otherwise after a stage than before it."""

    pupil: int
    session: Session
    old: int
    new: int


class Cells:
    """Pupils by sessions at every stage of a way, laid over each other."""

    def __init__(self, question: Selection, way: Way) -> None:
        self.way = way
        self._asked = replace(question, school=None)
        self._refused: list[Refused] = []
        counts: list[CountedCells] = []
        for stage in way.stages:
            counts.append(counts[-1] if stage.facts in SAME_CELLS else self._counted(stage))
        if len(self._refused) == len({id(each) for each in counts}):
            raise self._refused[-1]
        self.counted = counts
        self.totals: tuple[Tally, Tally] = (counts[0].total(), counts[-1].total())
        self.sessions = sorted({s for c in counts for s in c.counter.whole.sessions})
        self.rows = max(len(c.chosen) for c in counts)
        self.standing = [self._lay_out(c) for c in counts]

    def _counted(self, stage: Stage) -> CountedCells:
        try:
            return count_cells(self._asked, stage.view, stage.first, stage.last)
        except Refused as refused:
            if refused.code != "group-unknown":
                raise
            self._refused.append(refused)
        whole = rectangle(stage.view, stage.first, stage.last)
        counter = Counter(whole, stage.view.rules.codes)
        return CountedCells(counter, np.zeros(whole.codes.shape, np.bool_))

    def _lay_out(self, here: CountedCells) -> Standing:
        found = np.zeros((self.rows, len(self.sessions)), np.int16)
        where = {session: at for at, session in enumerate(self.sessions)}
        columns = [where[session] for session in here.counter.whole.sessions]
        found[: len(here.chosen), columns] = here.counter.standing(here.chosen)
        return found

    @cached_property
    def _worths(self) -> list[Counts]:
        """What a session's standing is worth, for each of the sessions."""
        codes, book = self.way.later.rules.codes, self.way.later.grid.book
        days = [session.date for session in self.sessions]
        eras = codes.eras(days[0], days[-1]) if days else []
        tables = [worths(codes, book, first) for first, _ in eras]
        return [
            next(table for table, (_, last) in zip(tables, eras, strict=True) if day <= last)
            for day in days
        ]

    def worth(self, session: Session, standing: int) -> Counts:
        """Return what a session that stands so adds to each count."""
        found: Counts = self._worths[self._columns[session]][standing]
        return found

    @cached_property
    def _columns(self) -> dict[Session, int]:
        return {session: at for at, session in enumerate(self.sessions)}

    def stages(self) -> Iterator[tuple[int, Stage, list[Move]]]:
        """Yield each stage after the first, with the sessions that it moved."""
        for number, stage in enumerate(self.way.stages):
            if number and stage.facts not in SAME_CELLS:
                yield number, stage, list(self._moves(number))

    def _moves(self, number: int) -> Iterator[Move]:
        old, new = self.standing[number - 1], self.standing[number]
        for row, at in zip(*np.nonzero(old != new), strict=True):
            yield Move(int(row), self.sessions[at], int(old[row, at]), int(new[row, at]))

    def absence(self, number: int) -> tuple[Counts, Counts]:
        """Return the possible sessions and the absence of every pupil at a stage."""
        sums = np.zeros((self.rows, len(COUNTED)), np.int64)
        for at, worths_of_day in enumerate(self._worths):
            sums += worths_of_day[self.standing[number][:, at]]
        by_name = dict(zip(COUNTED, sums.T, strict=True))
        return by_name["possible"], by_name["authorised"] + by_name["unauthorised"]
