"""What is known of a pupil's family and school besides the register.

What one more notice to each parent would be on our records, and what stands in the way of a
referral: never whether the threshold is met.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from ledger.english import number_of
from ledger.values import Session, parse_session
from policies.law.casework import Judgement, judge
from policies.law.notices import (
    Liable,
    Notice,
    Prospect,
    Uses,
    liable,
    prospect,
    relevant_school,
    uses,
    withdrawal_words,
)
from policies.law.penalties import Window
from projections.penalties.case import Case
from projections.queries.pending import pending_amendments
from projections.queries.view import View
from projections.readmodel.records import penalties as penalties_records
from projections.readmodel.records import roll as roll_records
from projections.readmodel.records.penalties import CaseworkStep, Confirmation
from projections.readmodel.records.register import Conflict
from projections.readmodel.records.roll import Relation


class SupportStep(NamedTuple):
    """A step with the family on record, and whether it is support."""

    on: date
    step: str
    outcome: str | None
    judged: Judgement

    @property
    def words(self) -> str:
        """Say what was done, when, and what came of it."""
        return f"{self.on} {self.step}{f', {self.outcome}' if self.outcome else ''}"


T = TypeVar("T")
_WEEK = timedelta(days=6)


class Parent(NamedTuple):
    """Somebody who is a parent, or not ruled out, and what one more notice to them would be.

    ``uses``: what notices to them used up of the latest window; ``confirmed_on``: the last day by
    which the authority confirmed how many it holds;
    ``is_stated``: whether another system states that it did.
    """

    parent_id: str
    liable: Liable
    has_address: bool
    one_more: Prospect
    uses: Uses
    confirmed_on: date | None = None
    is_stated: bool = False


def by_pupil(found: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    """Return what was found for each pupil, in its order."""
    grouped: dict[int, list[T]] = {}
    for pupil, each in found:
        grouped.setdefault(pupil, []).append(each)
    return grouped


class Families:
    """What a view knows besides the register, read once for a whole answer."""

    def __init__(self, view: View) -> None:
        self.view = view
        given = view.standing(penalties_records.Notice)
        given.sort(key=lambda each: (each.pupil, each.issued_on, each.parent))
        self._notices = by_pupil((each.pupil, (each.parent, each.law)) for each in given)
        related = [each for each in view.standing(Relation) if each.covers(view.on)]
        related.sort(key=lambda each: (each.pupil, each.parent))
        self._relations = by_pupil((each.pupil, each) for each in related)
        known = view.standing(roll_records.Parent)
        self._addresses = {each.parent for each in known if each.address}
        # In order of the day: the last confirmation by then is the one that counts.
        confirmed = sorted(view.standing(Confirmation), key=lambda each: each.confirmed_on)
        self._confirmed = {
            (each.pupil, each.parent): each for each in confirmed if each.confirmed_on <= view.on
        }
        self._pending = by_pupil((each.pupil, each.at) for each in pending_amendments(view))
        self._conflicts = by_pupil(
            (each.pupil, parse_session(each.session)) for each in view.standing(Conflict)
        )
        steps = sorted(
            view.standing(CaseworkStep), key=lambda each: (each.on_date, each.sf, each.line)
        )
        self._steps = by_pupil((each.pupil, each) for each in steps)

    def notices_for(self, pupil: int) -> list[Notice]:
        """Return the notices for a child, to whichever parent."""
        return [notice for _, notice in self._notices.get(pupil, ())]

    def _notices_to(self, pupil: int, parent: str) -> list[Notice]:
        return [notice for who, notice in self._notices.get(pupil, ()) if who == parent]

    def parents(self, pupil: int, case: Case) -> Iterator[Parent]:
        """Yield those who are parents of a child or not ruled out, by id."""
        for each in self._relations.get(pupil, ()):
            words = self.view.open(each.relationship)
            found = liable(each.parental_responsibility, each.care, words, self.view.on)
            if found is not None:
                who = each.parent
                given = self._notices_to(pupil, who)
                one_more = prospect(given, self.view.on)
                used = uses(case.standing.sessions, given, self.view.on)
                parent = Parent(who, found, who in self._addresses, one_more, used)
                if confirmed := self._confirmed.get((pupil, who)):
                    is_stated = self.view.is_stated(confirmed.kf)
                    parent = parent._replace(
                        confirmed_on=confirmed.confirmed_on, is_stated=is_stated
                    )
                yield parent

    def steps(self, pupil: int, case: Case) -> list[SupportStep]:
        """Return the steps from the day on from which support counts."""
        view, first = self.view, self._support_from(case.window)
        return [
            SupportStep(each.on_date, step, outcome, judge(step, outcome, view.on))
            for each in self._steps.get(pupil, ())
            if first <= each.on_date <= view.on
            for step, outcome in [(view.ring.open(each.step), view.open(each.outcome))]
        ]

    def _support_from(self, window: Window) -> date:
        """Return the day from which support counts: the window's, or the school year's first."""
        year = self.view.school_year
        return window.first_week if year is None else min(window.first_week, year[0])

    def blockers(
        self,
        pupil: int,
        case: Case,
        unmarked: Collection[Session],
        parents: Sequence[Parent],
        steps: Sequence[SupportStep],
    ) -> list[str]:
        """Return what a referral would have to clear up first, each as ``code: words``.

        About the window that it would be about. ``unmarked``: every session met that holds no
        mark.
        """
        return [
            *self._in_the_window(pupil, case, unmarked),
            *_parent_blockers(parents),
            *_without_support(steps, self._support_from(case.window)),
            *self._school_type(),
        ]

    def _in_the_window(
        self, pupil: int, case: Case, unmarked: Collection[Session]
    ) -> Iterator[str]:
        code, window = self.view.rules.codes.provisional(self.view.on), case.window_in_words
        if open_ := sum(session in case.provisional for session in case.sessions):
            yield f"provisional: {code} still stands on {_sessions(open_)} of {window}"
        if case.met and not case.settled_met:
            yield f"provisional-only: the threshold is met only with {code}"
        if missing := _in_window(unmarked, case.window):
            yield f"missing: no mark on {_sessions(missing)} of {window}"
        yield from self._used_up(pupil, case)
        if conflicts := _in_window(self._conflicts.get(pupil, ()), case.window):
            yield f"conflict: a source states another mark for {_sessions(conflicts)} of {window}"
        if waiting := _in_window(self._pending.get(pupil, ()), case.window):
            yield f"pending: an amendment of {_sessions(waiting)} of {window} waits for approval"

    def _used_up(self, pupil: int, case: Case) -> Iterator[str]:
        """Yield what earlier notices used up of a window, to each parent for himself."""
        sessions, window = case.sessions, case.window_in_words
        for parent in sorted({who for who, _ in self._notices.get(pupil, ())}):
            found = uses(sessions, self._notices_to(pupil, parent), self.view.on)
            if found.certain:
                used = _sessions(found.certain)
                yield f"relied-on: earlier notices to parent {parent} used up {used} of {window}"
            for notice, asked in found.undetermined:
                ground = withdrawal_words(notice.withdrawn_ground)
                counted = "used up" if found.used.issuperset(asked) else "free"
                yield (
                    f"ask-authority: the notice of {notice.issued_on} to parent {parent} "
                    f"{ground}: ask the authority whether {_sessions(len(asked))} of {window} "
                    f"may be used again (counted as {counted} here)"
                )

    def _school_type(self) -> Iterator[str]:
        kind = self.view.school.type if self.view.school else ""
        if not relevant_school(kind, self.view.on):
            yield f"school-type: penalty notices do not apply to a school of type {kind!r}"


def _without_support(steps: Sequence[SupportStep], first: date) -> Iterator[str]:
    """Say that no support is on record, with what is, and why each of it is none."""
    judged = {each.judged.verdict for each in steps}
    if judged & {"support", "not-appropriate"}:
        return
    if "offered" in judged:
        offered = (each for each in steps if each.judged.verdict == "offered")
        said = (
            f"offered on {e.on} ({e.step}), parent said: {e.outcome or e.step}" for e in offered
        )
        yield f"support: {'; '.join(said)}; whether that is enough is for a person to say"
        return
    found = [f"{each.words} ({each.judged.why})" for each in steps]
    yield (
        f"support: no support is recorded since {first}, nor that it would not be appropriate; "
        f"on record: {'; '.join(found) or 'no step with the family'}"
    )


def _parent_blockers(parents: Iterable[Parent]) -> Iterator[str]:
    yes = [parent for parent in parents if parent.liable == "yes"]
    if not yes:
        yield "parent: nobody is recorded as a parent"
    for parent in yes:
        if not parent.has_address:
            yield f"address: no address is recorded for parent {parent.parent_id}"


def _in_window(sessions: Iterable[Session], window: Window) -> int:
    last = window.last_week + _WEEK
    return sum(window.first_week <= session.date <= last for session in sessions)


def _sessions(number: int) -> str:
    return number_of(number, "session")
