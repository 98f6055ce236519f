"""Relevant entries of absence in a register: which cells they are, how full each window is."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from ledger.values import Session
from policies.law import age as compulsory_school_age
from policies.law.penalties import Measure
from policies.packs.codes import Codes
from projections.queries.rectangle import Flags, Rectangle

Ages = Mapping[int, tuple[date, date]]
"""Row number -> first and last day of compulsory school age."""
Counts = npt.NDArray[np.int64]
_WEEK = timedelta(days=7)


def counted_from(codes: Codes) -> date:
    """Return the first day on which an entry can be a relevant one."""
    return min(rule.since for rule in codes.rules if rule.threshold)


def letters(codes: Codes) -> tuple[str, ...]:
    """Return every code that is or was relevant, in the order of the table."""
    return tuple(dict.fromkeys(rule.code for rule in codes.rules if rule.threshold))


def age_of(compulsory_from: date, birth_cohort: int) -> tuple[date, date]:
    """Return the first and last day of compulsory school age."""
    return compulsory_from, compulsory_school_age.ends(birth_cohort)


def countable(whole: Rectangle, ages: Ages) -> Flags:
    """Return the cells that could count: met, on roll, of compulsory age on the day itself."""
    days = np.array([s.date.toordinal() for s in whole.sessions], np.int64)
    first = np.ones(len(whole.codes), np.int64)
    last = np.zeros(len(whole.codes), np.int64)
    for row, (begins, ends) in ages.items():
        first[row], last[row] = begins.toordinal(), ends.toordinal()
    of_age: Flags = (days >= first[:, None]) & (days <= last[:, None])
    return whole.counted & of_age


def relevant(whole: Rectangle, codes: Codes, cells: Flags) -> Flags:
    """Return those of the cells that hold a relevant entry under the rules of their day."""
    days = np.array([s.date.toordinal() for s in whole.sessions], np.int64)
    found = np.zeros(whole.codes.shape, np.bool_)
    for rule in codes.rules:
        if rule.threshold and rule.code in whole.book:
            until = (rule.until or date.max).toordinal()
            in_force = (days >= rule.since.toordinal()) & (days <= until)
            found |= (whole.codes == whole.book.index(rule.code)) & in_force
    return found & cells


def held(
    flags: Flags, sessions: Sequence[Session], weeks: Sequence[date], measure: Measure
) -> tuple[Counts, Counts]:
    """Return for each row what the latest window holds, and the fullest.

    ``sessions``: the columns, up to the day asked about; ``weeks``: the school weeks that have
    begun by then. A week in between that is no school week holds no entry.
    """
    if not weeks:
        return np.zeros(len(flags), np.int64), np.zeros(len(flags), np.int64)
    days = np.array([s.date.toordinal() for s in sessions], np.int64)
    firsts = [weeks[max(0, n - measure.weeks + 1)] for n in range(len(weeks))]
    low = np.searchsorted(days, [day.toordinal() for day in firsts])
    high = np.searchsorted(days, [(day + _WEEK).toordinal() for day in weeks])
    upto = np.zeros((len(flags), len(sessions) + 1), np.int64)
    np.cumsum(flags, axis=1, out=upto[:, 1:])
    windows = upto[:, high] - upto[:, low]
    return windows[:, -1], windows.max(axis=1)


def begun(weeks: Sequence[date], on: date) -> Sequence[date]:
    """Return the school weeks whose Monday is on or before a day."""
    return weeks[: bisect_right(weeks, on)]


def entries(whole: Rectangle, flags: Flags, row: int) -> dict[Session, str]:
    """Return the flagged sessions of a pupil with their codes, in order."""
    return {
        whole.sessions[at]: whole.book[whole.codes[row, at]] for at in np.nonzero(flags[row])[0]
    }
