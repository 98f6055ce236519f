"""What is known of a pupil's family and school besides the register.

What one more notice to each parent would be on our records, and what stands in the way of a
referral: never whether the threshold is met.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from ledger.english import number_of
from ledger.values import Session, parse_session
from policies.law.notices import Liable, Notice, liable, prospect, relevant_school
from policies.law.penalties import Window
from projections.penalties.case import Case
from projections.queries.pending import pending_amendments
from projections.queries.view import View
from projections.readmodel.records import penalties as penalties_records
from projections.readmodel.records import roll as roll_records
from projections.readmodel.records.penalties import CaseworkStep, Confirmation
from projections.readmodel.records.register import Conflict
from projections.readmodel.records.roll import Relation


class Parent(NamedTuple):
    """Somebody who is a parent, or not ruled out, as far as the record says."""

    parent_id: str
    liable: Liable
    has_address: bool


@dataclass
class Families:
    """The parents, notices and confirmations of a view, read once for a whole answer."""

    view: View

    @cached_property
    def notices(self) -> dict[int, list[tuple[str, Notice]]]:
        """Every notice known, with its parent, for each child; the earliest first."""
        found: dict[int, list[tuple[str, Notice]]] = {}
        known = self.view.standing(penalties_records.Notice)
        for each in sorted(known, key=lambda n: (n.pupil, n.issued_on, n.parent)):
            found.setdefault(each.pupil, []).append((each.parent, each.law))
        return found

    def notices_for(self, pupil: int) -> list[Notice]:
        """Return the notices for a child, to whichever parent."""
        return [notice for _, notice in self.notices.get(pupil, ())]

    @cached_property
    def _relations(self) -> dict[int, list[Relation]]:
        found: dict[int, list[Relation]] = {}
        known = self.view.standing(Relation)
        for each in sorted(known, key=lambda r: (r.pupil, r.parent)):
            if each.covers(self.view.on):
                found.setdefault(each.pupil, []).append(each)
        return found

    @cached_property
    def _addresses(self) -> set[str]:
        return {each.parent for each in self.view.standing(roll_records.Parent) if each.address}

    @cached_property
    def _confirmed(self) -> dict[tuple[int, str], date]:
        """The last day by ``on`` on which the authority confirmed, for child and parent."""
        days = [each for each in self.view.standing(Confirmation)
                if each.confirmed_on <= self.view.on]  # fmt: skip
        ordered = sorted(days, key=lambda each: each.confirmed_on)
        return {(each.pupil, each.parent): each.confirmed_on for each in ordered}

    def parents(self, pupil: int) -> Iterator[Parent]:
        """Yield those who are parents of a child or not ruled out, by id."""
        for each in self._relations.get(pupil, ()):
            words = self.view.open(each.relationship)
            found = liable(each.parental_responsibility, each.care, words, self.view.on)
            if found is not None:
                yield Parent(each.parent, found, each.parent in self._addresses)

    def row(self, pupil: int, parent: Parent) -> dict[str, Any]:
        """Return what one more notice to a parent would be, as an answer has it."""
        given = [n for who, n in self.notices.get(pupil, ()) if who == parent.parent_id]
        one_more = prospect(given, self.view.on)
        confirmed = self._confirmed.get((pupil, parent.parent_id))
        return {
            "parent_id": parent.parent_id,
            "liable": parent.liable,
            "previous": len(one_more.previous),
            "outcome": one_more.outcome,
            "amount_within_21_days": one_more.low,
            "amount": one_more.high,
            "la_confirmed_on": confirmed.isoformat() if confirmed else None,
        }


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
            *_parent_blockers(parents),
            *self._support(pupil, case.window),
            *self._school_type(),
        ]

    def _in_the_window(
        self, pupil: int, case: Case, unmarked: Collection[Session]
    ) -> Iterator[str]:
        code = self.view.rules.codes.provisional(self.view.on)
        if open_ := sum(session in case.provisional for session in case.sessions):
            yield f"provisional: {code} still stands on {_sessions(open_)} of the window"
        if case.met and not case.settled_met:
            yield f"provisional-only: the threshold is met only with {code}"
        if missing := len(_in_window(unmarked, case.window)):
            yield f"missing: no mark on {_sessions(missing)} of the window"
        if used := len(case.used.intersection(case.sessions)):
            yield f"relied-on: an earlier notice relied on {_sessions(used)} of the window"
        if conflicts := len(_in_window(self._conflicts.get(pupil, ()), case.window)):
            yield f"conflict: a source states another mark for {_sessions(conflicts)} in it"
        if waiting := len(_in_window(self._pending.get(pupil, ()), case.window)):
            yield f"pending: an amendment of {_sessions(waiting)} of it waits for approval"

    @cached_property
    def _pending(self) -> dict[int, list[Session]]:
        found: dict[int, list[Session]] = {}
        for each in pending_amendments(self.view):
            found.setdefault(each.pupil, []).append(each.at)
        return found

    @cached_property
    def _conflicts(self) -> dict[int, list[Session]]:
        found: dict[int, list[Session]] = {}
        for each in self.view.standing(Conflict):
            found.setdefault(each.pupil, []).append(parse_session(each.session))
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
        for each in self.view.standing(CaseworkStep):
            if _SUPPORT in each.step.casefold():
                found.setdefault(each.pupil, []).append(each.on_date)
        return found

    def _school_type(self) -> Iterator[str]:
        kind = self.view.school.type if self.view.school else ""
        if not relevant_school(kind, self.view.on):
            yield f"school-type: penalty notices do not apply to a school of type {kind!r}"


def _parent_blockers(parents: Iterable[Parent]) -> Iterator[str]:
    yes = [parent for parent in parents if parent.liable == "yes"]
    if not yes:
        yield "parent: nobody is recorded as a parent"
    for parent in yes:
        if not parent.has_address:
            yield f"address: no address is recorded for parent {parent.parent_id}"


def _in_window(sessions: Iterable[Session], window: Window) -> list[Session]:
    last = window.last_week + _WEEK
    return [session for session in sessions if window.first_week <= session.date <= last]


def _sessions(number: int) -> str:
    return number_of(number, "session")
