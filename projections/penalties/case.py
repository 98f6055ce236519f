"""One pupil's case: what the windows hold, what is settled, what no notice relied on yet.

Pure: sessions, school weeks and notices in, figures out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from ledger.values import Session
from policies.law import penalties as threshold
from policies.law.notices import Notice, relied_on
from policies.law.penalties import Measure, Standing, Window
from policies.law.school_weeks import number_of
from policies.packs.codes import Codes


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
    def window(self) -> Window:
        """The window that a referral would be about.

        The latest, where it is full or none is fuller; else the fullest: a case stands until
        somebody considers it, however the window moves on.
        """
        found = self.standing
        # Where there are entries, there are school weeks.
        return cast("Window", found.window if self._latest else found.peak_window)

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
        standing=threshold.standing(register.weeks, entries, on, measure),
        measure=measure,
        provisional=provisional,
        settled_met=threshold.standing(register.weeks, settled, on, measure).met,
        used=frozenset(session for session in entries if relied_on(session, given, on)),
    )


def figures(case: Case) -> dict[str, Any]:
    """Return the part of an answer's row that follows from the register and the notices."""
    found = case.standing
    return {
        "count": found.count,
        "settled": sum(session not in case.provisional for session in found.sessions),
        "fresh": sum(session not in case.used for session in found.sessions),
        "met": case.met,
        "peak": found.peak,
        "first_met_on": found.first_met_on.isoformat() if found.first_met_on else None,
        "window": _window(found.window),
        "sessions": _cells(case, found.sessions),
        "peak_window": _window(found.peak_window),
        "peak_sessions": _cells(case, found.peak_sessions),
        "oldest_leaves_on": found.leaves_on.isoformat() if found.leaves_on else None,
    }


def in_full_windows(case: Case, register: Register, number: int) -> list[Session]:
    """Return the entries that lie in any window with at least ``number`` of them."""
    sessions = sorted(case.entries)
    at = [number_of(register.weeks, session.date) for session in sessions]
    found: set[int] = set()
    first = 0
    for last, week in enumerate(at):
        while at[first] <= week - register.measure.weeks:
            first += 1
        if last + 1 - first >= number:
            found.update(range(first, last + 1))
    return [sessions[place] for place in sorted(found)]


def _window(window: Window | None) -> dict[str, str] | None:
    return window and {
        "first_week": window.first_week.isoformat(),
        "last_week": window.last_week.isoformat(),
    }


def _cells(case: Case, sessions: Iterable[Session]) -> list[dict[str, str]]:
    return [{"session": str(session), "code": case.entries[session]} for session in sessions]
