"""One pupil's case, and the relevant entries of a register that it is made of.

Pure: sessions, school weeks and notices in, figures out. NumPy finds who is listed, the case of
each of them is worked out by the policies; a test holds both ways of counting against each other.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

import numpy as np
import numpy.typing as npt

from ledger.values import Session
from policies.law import age
from policies.law.calendar import week_number
from policies.law.notices import Notice, relied_on
from policies.law.penalties import Measure, Standing, Window, standing
from policies.packs.codes import Codes
from projections.queries.rectangle import Flags, Rectangle


@dataclass(frozen=True, slots=True)
class Register:
    """What every case of an answer shares: the day, the school weeks, the rule, the codes."""

    on: date
    weeks: Sequence[date]
    measure: Measure
    codes: Codes


@dataclass(frozen=True, slots=True)
class Case:
    """What the register says of one pupil.

    ``entries``: every relevant entry up to the day with its code; ``settled_met``: whether a
    window is full without provisional entries; ``used``: sessions on which a notice relied.
    """

    entries: Mapping[Session, str]
    standing: Standing
    measure: Measure
    provisional: frozenset[Session]
    settled_met: bool
    used: frozenset[Session]

    @property
    def met(self) -> bool:
        """Whether any window so far held as many entries as the rule names."""
        return self.standing.peak >= self.measure.sessions

    @property
    def settled(self) -> int:
        """How many entries of the latest window are not provisional."""
        return sum(session not in self.provisional for session in self.standing.sessions)

    @property
    def fresh(self) -> int:
        """On how many sessions of the latest window no earlier notice relied."""
        return sum(session not in self.used for session in self.standing.sessions)

    @property
    def window(self) -> Window:
        """The window that a referral would be about.

        The latest, where it is full or none is fuller; else the fullest: a case stands until
        somebody considers it, however the window moves on.
        """
        found = self.standing
        # Where there are entries, there are school weeks.
        return cast("Window", found.window if self._latest else found.peak_window)

    @property
    def window_in_words(self) -> str:
        """How that window is spoken of: by its first day, where it is not the latest."""
        return "the window" if self._latest else f"the window from {self.window.first_week}"

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The entries in the window that a referral would be about."""
        found = self.standing
        return found.sessions if self._latest else found.peak_sessions

    @property
    def _latest(self) -> bool:
        return self.standing.count >= min(self.standing.peak, self.measure.sessions)


def case_of(register: Register, entries: Mapping[Session, str], notices: Iterable[Notice]) -> Case:
    """Return the case of one pupil; ``notices``: every one for this child, to whichever parent."""
    on, measure = register.on, register.measure
    provisional = frozenset(
        session
        for session, code in entries.items()
        if register.codes.rule(code, session.date).provisional
    )
    settled = [session for session in entries if session not in provisional]
    given = tuple(notices)
    return Case(
        entries=entries,
        standing=standing(register.weeks, entries, on, measure),
        measure=measure,
        provisional=provisional,
        settled_met=standing(register.weeks, settled, on, measure).met,
        used=frozenset(session for session in entries if relied_on(session, given, on)),
    )


def in_full_windows(case: Case, register: Register, number: int) -> list[Session]:
    """Return the entries that lie in any window with at least ``number`` of them."""
    sessions = sorted(case.entries)
    at = [week_number(register.weeks, session.date) for session in sessions]
    found: set[int] = set()
    first = 0
    for last, week in enumerate(at):
        while at[first] <= week - register.measure.weeks:
            first += 1
        if last + 1 - first >= number:
            found.update(range(first, last + 1))
    return [sessions[place] for place in sorted(found)]


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
    return compulsory_from, age.ends(birth_cohort)


def countable_cells(whole: Rectangle, ages: Ages) -> Flags:
    """Return the cells that could count: met, on roll, of compulsory age on the day itself."""
    days = np.array([s.date.toordinal() for s in whole.sessions], np.int64)
    first = np.ones(len(whole.codes), np.int64)
    last = np.zeros(len(whole.codes), np.int64)
    for row, (begins, ends) in ages.items():
        first[row], last[row] = begins.toordinal(), ends.toordinal()
    of_age: Flags = (days >= first[:, None]) & (days <= last[:, None])
    return whole.counted & of_age


def relevant(codes: Codes, book: Sequence[str], sessions: Sequence[Session]) -> Flags:
    """Return which codes of a book are relevant under the rules of the day [codes, sessions]."""
    days = np.array([s.date.toordinal() for s in sessions], np.int64)
    found = np.zeros((len(book), len(sessions)), np.bool_)
    for rule in codes.rules:
        if rule.threshold and rule.code in book:
            until = (rule.until or date.max).toordinal()
            in_force = (days >= rule.since.toordinal()) & (days <= until)
            found[book.index(rule.code)] |= in_force
    return found


def relevant_cells(whole: Rectangle, codes: Codes, cells: Flags) -> Flags:
    """Return those of the cells that hold a relevant entry under the rules of their day."""
    table = relevant(codes, whole.book, whole.sessions)
    found = np.zeros(whole.codes.shape, np.bool_)
    for at in np.nonzero(table.any(axis=1))[0]:
        found |= (whole.codes == at) & table[at]
    return found & cells


def window_counts(
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


def weeks_begun(weeks: Sequence[date], on: date) -> Sequence[date]:
    """Return the school weeks whose Monday is on or before a day."""
    return weeks[: bisect_right(weeks, on)]


def entries(whole: Rectangle, flags: Flags, row: int) -> dict[Session, str]:
    """Return the flagged sessions of a pupil with their codes, in order."""
    return {
        whole.sessions[at]: whole.book[whole.codes[row, at]] for at in np.nonzero(flags[row])[0]
    }
