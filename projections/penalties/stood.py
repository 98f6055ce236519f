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
from projections.penalties.case import Register, counted_from
from projections.penalties.families import by_pupil
from projections.queries.rectangle import Flags, every_version
from projections.queries.view import View
from projections.readmodel.records.school import Term

_Numbers = npt.NDArray[np.int64]


class Stretch(NamedTuple):
    """A version with a relevant code: positions, and between which moments it stood.

    ``stated``: when it was recorded, as its source states where one does.
    """

    since: int
    until: int | None
    entry: RelevantEntry
    stated: int


def stretches(view: View, register: Register, pupils: Sequence[int]) -> dict[int, list[Stretch]]:
    """Return, by pupil, every version with a relevant code that stood up to the day, as known."""
    # What lies in no term that was ever known never counted.
    terms = Calendar([each.law for each in view.ever(Term)])
    days = counted_from(register.codes), register.on
    sessions = sorted(set(terms.sessions(*days)))
    versions = every_version(view, sessions).versions(pupils)
    row, col, code, kf, _, sf, _ = versions
    known = (kf <= view.position) & (sf <= view.stated)
    wanted = np.nonzero(known & _relevant(view, register, sessions)[code, col])[0]
    versions = versions[:, wanted[np.lexsort((kf[wanted], col[wanted], row[wanted]))]]
    row, col, _, kf, kt, sf, st = versions
    ended = (kt <= view.position) & (st <= view.stated)
    begins, ends = sf, st
    if view.question.clock == "ledger":
        begins, ends = _transactions(view, kf), _transactions(view, kt)
    stood = zip(
        row.tolist(),
        kf.tolist(),
        _or_none(kt, ended),
        [sessions[at] for at in col.tolist()],
        begins.tolist(),
        _or_none(ends, ended),
        sf.tolist(),
        strict=True,
    )
    return by_pupil(
        (pupil, Stretch(since, until, RelevantEntry(session, begun, end), stated))
        for pupil, since, until, session, begun, end, stated in stood
    )


def _relevant(view: View, register: Register, sessions: Sequence[Session]) -> Flags:
    """Return which codes of the book are relevant in which sessions [codes, sessions]."""
    book, codes = view.grid.book, register.codes
    found = [[codes.relevant(code, each.date) for each in sessions] for code in book]
    return np.array(found, np.bool_).reshape(len(book), len(sessions))


def _transactions(view: View, positions: _Numbers) -> _Numbers:
    """Return where the transactions begin that hold some positions."""
    firsts = np.array([commit.first for commit in view.commits.all], np.int64)
    return firsts[np.searchsorted(firsts, positions, "right") - 1]


def _or_none(numbers: _Numbers, given: Flags) -> list[int | None]:
    pairs = zip(numbers.tolist(), given.tolist(), strict=True)
    return [number if is_given else None for number, is_given in pairs]
