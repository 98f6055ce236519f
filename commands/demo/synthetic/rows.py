"""A pupil's school year as one row of the register, while it is being planned."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

from commands.demo.synthetic.diary import Diary
from commands.demo.synthetic.pupils import Pupil
from commands.demo.synthetic.settings import table

IN_SCHOOL = ""
"""A cell for which nothing else was planned."""


@dataclass
class Row:
    """One pupil in one school year.

    ``cells``: one for each session of the diary: a code as it finally stands, ``IN_SCHOOL``, or
    None where the school does not meet for the pupil. ``within``: from the first to the last
    session on roll. ``left``: sessions of absence still to be given out.
    """

    pupil: Pupil
    group: int
    within: range
    cells: list[str | None]
    compulsory: bool
    left: float = 0.0

    def fill(self, numbers: Iterable[int], code: str) -> int:
        """Put a code on those of the sessions that are free, and return how many."""
        filled = 0
        for number in numbers:
            if number < len(self.cells) and self.cells[number] == IN_SCHOOL:
                self.cells[number] = code
                filled += 1
        return filled

    def count(self, code: str) -> int:
        """Return how many cells hold a code."""
        return self.cells.count(code)


def row(pupil: Pupil, diary: Diary) -> Row | None:
    """Return an empty row; None for a pupil without a session in the diary's school year."""
    group = pupil.year_group(diary.year.number)
    closed = [diary.year.closed_for(group, session) for session in diary.sessions]
    cells: list[str | None] = [None] * len(diary.sessions)
    for spell in pupil.spells:
        for number in diary.numbers(spell.starts_on, spell.leaves_on or diary.year.last):
            cells[number] = None if closed[number] else IN_SCHOOL
    met = [number for number, cell in enumerate(cells) if cell is not None]
    if not met:
        return None
    within = range(met[0], met[-1] + 1)
    first, last = diary.sessions[within[0]].date, diary.sessions[within[-1]].date
    compulsory = all(pupil.of_compulsory_school_age(day) for day in (first, last))
    return Row(pupil, group, within, cells, compulsory)


def absence_of(rank: float, profile: str) -> float:
    """Return the share of possible sessions that a pupil of some rank misses.

    Interpolated on a logarithmic scale between the knots of ``[profile.*]`` in phases.toml.
    """
    knots: list[tuple[float, float]] = table("phases")["profile"][profile]["absence"]
    for (low, least), (high, most) in pairwise(knots):
        if rank <= high:
            part = (rank - low) / (high - low)
            return least * exp(part * log(most / least))
    msg = f"rank {rank} lies beyond the last knot of profile {profile}"
    raise ValueError(msg)
