"""Every version of a mark with a relevant code, of some pupils at once: from the grid.

When a window was full, and what somebody saw who considered a case, goes by what stood when.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ledger.state.calendar import Calendar
from ledger.values import Session
from policies.law.penalties import RelevantEntry
from projections.penalties.case import Register, counted_from, relevant
from projections.queries.rectangle import Flags, every_version
from projections.queries.view import View
from projections.readmodel.records.school import Term

_Numbers = npt.NDArray[np.int64]


class Stretch(NamedTuple):
    """A version with a relevant code, and between which positions it stood.

    ``stated``: when it was recorded, as its source states where one does.
    """

    since: int
    until: int | None
    session: Session
    stated: int


class Stood:
    """Every version with a relevant code of some pupils that stood up to the day, as known."""

    def __init__(self, view: View, register: Register, pupils: Sequence[int]) -> None:
        # What lies in no term that was ever known never counted.
        terms = Calendar([each.law for each in view.ever(Term)])
        days = counted_from(register.codes), register.on
        self._sessions = sorted(set(terms.sessions(*days)))
        versions = every_version(view, self._sessions).versions(pupils)
        row, col, code, kf, _, sf, _ = versions
        known = (kf <= view.position) & (sf <= view.stated)
        meant = relevant(register.codes, view.grid.book, self._sessions)[code, col]
        wanted = np.nonzero(known & meant)[0]
        order = wanted[np.lexsort((kf[wanted], col[wanted], row[wanted]))]
        self._row, self._col, _, self._kf, kt, self._sf, st = versions[:, order]
        ended = (kt <= view.position) & (st <= view.stated)
        self._kt = _or_none(kt, ended)
        self._since, until = self._sf, st
        if view.question.clock == "ledger":
            self._since, until = _transactions(view, self._kf), _transactions(view, kt)
        self._until = _or_none(until, ended)
        self._lasted = ~ended | (self._since != until)

    def entries(self, pupil: int) -> list[RelevantEntry]:
        """Return from which moment to which each stood for a while, by session and version."""
        at = self._places(pupil)
        at = at[self._lasted[at]]
        stood = (self._since[at].tolist(), self._until[at].tolist())
        return list(map(RelevantEntry, self._sessions_of(at), *stood))

    def stretches(self, pupil: int) -> list[Stretch]:
        """Return every version with its positions, by session and version."""
        at = self._places(pupil)
        stood = (self._kf[at].tolist(), self._kt[at].tolist())
        return list(map(Stretch, *stood, self._sessions_of(at), self._sf[at].tolist()))

    def _places(self, pupil: int) -> _Numbers:
        return np.arange(*np.searchsorted(self._row, [pupil, pupil + 1]))

    def _sessions_of(self, at: _Numbers) -> list[Session]:
        return [self._sessions[col] for col in self._col[at].tolist()]


def _transactions(view: View, positions: _Numbers) -> _Numbers:
    """Return where the transactions begin that hold some positions."""
    firsts = np.array([commit.first for commit in view.commits.all], np.int64)
    return firsts[np.searchsorted(firsts, positions, "right") - 1]


def _or_none(numbers: _Numbers, given: Flags) -> npt.NDArray[np.object_]:
    found = numbers.astype(np.object_)
    found[~given] = None
    return found
