"""What stands in the way of a referral: never whether the threshold is met."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from ledger.values import Session, parse_session
from policies.law.notices import relevant_school
from policies.law.penalties import Window
from projections.penalties.case import Case
from projections.penalties.families import Parent
from projections.queries.pending import pending
from projections.queries.view import View

_SUPPORT = "support"
_WEEK = timedelta(days=6)


@dataclass
class Blockers:
    """What a view knows besides the register, read once for a whole answer."""

    view: View

    def of(
        self, pupil: int, case: Case, unmarked: Collection[Session], parents: Sequence[Parent]
    ) -> list[str]:
        """Return what a referral would have to clear up first, each as ``code: words``.

        About the window that it would be about. ``unmarked``: every session met that holds no
        mark.
        """
        return [
            *self._in_the_window(pupil, case, unmarked),
            *_families(parents),
            *self._support(pupil, case.window),
            *self._school(),
        ]

    def _in_the_window(
        self, pupil: int, case: Case, unmarked: Collection[Session]
    ) -> Iterator[str]:
        code = self.view.rules.codes.provisional(self.view.on)
        if open_ := sum(session in case.provisional for session in case.sessions):
            yield f"provisional: {code} still stands on {_sessions(open_)} of the window"
        if case.met and not case.settled_met:
            yield f"provisional-only: the threshold is met only with {code}"
        if missing := len(_inside(unmarked, case.window)):
            yield f"missing: no mark on {_sessions(missing)} of the window"
        if used := len(case.used.intersection(case.sessions)):
            yield f"relied-on: an earlier notice relied on {_sessions(used)} of the window"
        if conflicts := len(_inside(self._conflicts.get(pupil, ()), case.window)):
            yield f"conflict: a source states another mark for {_sessions(conflicts)} in it"
        if waiting := len(_inside(self._pending.get(pupil, ()), case.window)):
            yield f"pending: an amendment of {_sessions(waiting)} of it waits for approval"

    @cached_property
    def _pending(self) -> dict[int, list[Session]]:
        found: dict[int, list[Session]] = {}
        for each in pending(self.view):
            found.setdefault(each.pupil, []).append(each.at)
        return found

    @cached_property
    def _conflicts(self) -> dict[int, list[Session]]:
        found: dict[int, list[Session]] = {}
        for pupil, session in self.view.stood("pupil, session", "conflicts"):
            found.setdefault(pupil, []).append(parse_session(session))
        return found

    def _support(self, pupil: int, window: Window) -> Iterator[str]:
        first = min(window.first_week, *(self.view.school_year or ()))
        days = self._support_steps.get(pupil, ())
        if not any(first <= day <= self.view.on for day in days):
            yield (
                "support: no support is recorded since "
                f"{first}, nor that it would not be appropriate"
            )

    @cached_property
    def _support_steps(self) -> dict[int, list[date]]:
        found: dict[int, list[date]] = {}
        rows: list[Any] = self.view.stood("pupil, step, on_date", "casework")
        for pupil, step, day in rows:
            if _SUPPORT in step.casefold():
                found.setdefault(pupil, []).append(date.fromisoformat(day))
        return found

    def _school(self) -> Iterator[str]:
        kind = (self.view.school or {}).get("type", "")
        if not relevant_school(kind, self.view.on):
            yield f"school-type: penalty notices do not apply to a school of type {kind!r}"


def _families(parents: Iterable[Parent]) -> Iterator[str]:
    yes = [parent for parent in parents if parent.liable == "yes"]
    if not yes:
        yield "parent: nobody is recorded as a parent"
    for parent in yes:
        if not parent.has_address:
            yield f"address: no address is recorded for parent {parent.parent_id}"


def _inside(sessions: Iterable[Session], window: Window) -> list[Session]:
    last = window.last_week + _WEEK
    return [session for session in sessions if window.first_week <= session.date <= last]


def _sessions(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"
