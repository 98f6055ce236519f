"""What each session of each pupil counts as, stage by stage, and the causes of every move."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ledger.errors import Refused
from ledger.values import Session, school_year_number
from projections.queries.question import Selection
from projections.queries.rectangle import rectangle
from projections.queries.selection import CountedCells, count_cells
from projections.queries.tally import COUNTED, Counter, Counts, Tally, worths
from projections.queries.view import View
from projections.readmodel.grid import COLUMNS, day_of
from projections.why.stages import SAME_CELLS, Stage, Way

Standing = npt.NDArray[np.int16]


class MarkChange(NamedTuple):
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

    def join(self, other: "Cause") -> None:
        """Take in what another stage found of the same kind and pupil."""
        self.effect = self.effect + other.effect
        self.events |= other.events
        self.moves = self.moves or other.moves
        self.sessions |= other.sessions
        self.changes += other.changes


class Move(NamedTuple):
    """One session of one pupil that counts otherwise after a stage than before it.

    ``at``: its column; ``old`` and ``new``: how it stands, a row of `worths`.
    """

    pupil: int
    at: int
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
            same = stage.facts in SAME_CELLS or not stage.differs
            counts.append(counts[-1] if same else self._counted(stage))
        if len(self._refused) == len(_each_once(counts)):
            raise self._refused[-1]
        self.counted = counts
        self.sessions = sorted({s for c in _each_once(counts) for s in c.counter.whole.sessions})
        self.rows = max(len(c.chosen) for c in counts)
        laid_out = {id(c): self._lay_out(c) for c in _each_once(counts)}
        self.standing = [laid_out[id(c)] for c in counts]

    @property
    def totals(self) -> tuple[Tally, Tally]:
        """What is counted at both ends."""
        return self.counted[0].total(), self.counted[-1].total()

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
    def _worths(self) -> tuple[Counts, Counts]:
        """What a standing is worth in each era of the codes, and the era of each session."""
        codes, book = self.way.later.rules.codes, self.way.later.grid.book
        days = [session.date for session in self.sessions]
        eras = codes.eras(days[0], days[-1]) if days else []
        tables = [worths(codes, book, first) for first, _ in eras]
        ends = [last.toordinal() for _, last in eras]
        return np.array(tables), np.searchsorted(ends, [day.toordinal() for day in days])

    def effects(self, moves: Sequence[Move]) -> Counts:
        """Return what each move adds to each count: [moves, counts]."""
        if not moves:
            return np.zeros((0, len(COUNTED)), np.int64)
        tables, era_of = self._worths
        _, at, _, old, new = zip(*moves, strict=True)
        eras = era_of[np.array(at)]
        found: Counts = tables[eras, np.array(new)] - tables[eras, np.array(old)]
        return found

    def stages(self) -> Iterator[tuple[int, Stage, list[Move]]]:
        """Yield each stage after the first, with the sessions that it moved."""
        for number, stage in enumerate(self.way.stages):
            if number and self.counted[number] is not self.counted[number - 1]:
                yield number, stage, list(self._moves(number))

    def _moves(self, number: int) -> Iterator[Move]:
        old, new = self.standing[number - 1], self.standing[number]
        rows, columns = np.nonzero(old != new)
        sessions = [self.sessions[at] for at in columns.tolist()]
        ends = (old[rows, columns].tolist(), new[rows, columns].tolist())
        yield from map(Move, rows.tolist(), columns.tolist(), sessions, *ends)

    def absence(self, number: int) -> tuple[Counts, Counts]:
        """Return the possible sessions and the absence of every pupil at a stage."""
        tables, era_of = self._worths
        if not self.sessions:
            return np.zeros(self.rows, np.int64), np.zeros(self.rows, np.int64)
        by_name = dict(zip(COUNTED, np.moveaxis(tables, -1, 0), strict=True))
        standing = self.standing[number]
        possible, absent = (
            table[era_of, standing].sum(axis=1)
            for table in (by_name["possible"], by_name["authorised"] + by_name["unauthorised"])
        )
        return possible, absent


def _each_once(counts: Sequence[CountedCells]) -> list[CountedCells]:
    return list({id(each): each for each in counts}.values())


def days_of_new_marks(
    earlier: View, later: View, first: date, last: date
) -> dict[int, tuple[date, date]]:
    """Return of whom a mark of some days became known in between: its first and last day."""
    points = (earlier.position, earlier.stated), (later.position, later.stated)
    found: dict[int, tuple[date, date]] = {}
    for year in range(school_year_number(first), school_year_number(last) + 1):
        rows, columns = later.grid.partition(year).became_known(*points)
        asked = np.array([first <= day_of(year, at) <= last for at in range(COLUMNS)])[columns]
        rows, columns = rows[asked], columns[asked]
        size = rows.max(initial=-1) + 1
        low, high = np.full(size, COLUMNS), np.full(size, -1)
        np.minimum.at(low, rows, columns)
        np.maximum.at(high, rows, columns)
        for pupil in np.unique(rows).tolist():
            days = day_of(year, int(low[pupil])), day_of(year, int(high[pupil]))
            found[pupil] = (found.get(pupil, days)[0], days[1])
    return found
