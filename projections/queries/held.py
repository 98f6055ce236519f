"""Marks that say of a session that it was not held, where the calendar says that it was.

A cancellation that was withdrawn leaves them, as does a pupil who is moved to a group that was
taught, and a source may state them. Each takes a possible session out of every figure. It is told
from what stands as known, so that it ends as soon as the marks or the calendar are put right.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ledger.english import noun, number_of
from ledger.values import Session, parse_session
from policies.packs.values import parameters
from projections.queries.view import Interval, View
from projections.readmodel.accessors.marks import standing_marks
from projections.readmodel.records.register import Mark

_CODES = "register.not_held_codes"


class HeldSession(NamedTuple):
    """The marks of one registration group that contradict the calendar, for one session.

    ``group``: empty of pupils without one.
    """

    session: str
    group: str
    code: str
    marks: Sequence[Mark]

    @property
    def nothing_before(self) -> int:
        """How many of them are first marks."""
        return sum(mark.replaced is None for mark in self.marks)


def _not_held_codes(session: Session) -> Collection[str]:
    """Return the codes that say of a session nothing but that it was not held."""
    rule = parameters().find(_CODES, session.date)
    return () if rule is None else rule.names


def held_sessions(view: View, asked: Collection[int] | None = None) -> list[HeldSession]:
    """Return the marks that contradict the calendar, by session, group and code.

    ``asked``: of these pupils (row numbers) only.
    """
    found: dict[tuple[str, str, str], list[Mark]] = {}
    for mark, group in _contradictions(view):
        if asked is None or mark.pupil in asked:
            found.setdefault((mark.session, group, mark.code), []).append(mark)
    return [HeldSession(*key, found[key]) for key in sorted(found)]


def _contradictions(view: View) -> Iterator[tuple[Mark, str]]:
    """Yield each such mark with the pupil's registration group of the day."""
    cancelling = {rule.code for rule in view.rules.codes.rules if rule.cancels}
    groups = _Groups(view)
    for pupil, at, code in view.grid.holding(cancelling, view.position, view.stated):
        session = parse_session(at)
        if code not in _not_held_codes(session) or not groups.on_roll(pupil, session):
            continue
        if view.calendar.meets(session, groups.names(pupil, session)):
            [mark] = standing_marks(view, pupil, at)
            yield mark, groups.registration(pupil, session)


class _Groups:
    """Who belonged to which groups, and was on roll, on a day."""

    def __init__(self, view: View) -> None:
        self._memberships = _by_pupil(view.memberships)
        self._spells = _by_pupil(view.spells)

    def on_roll(self, pupil: int, session: Session) -> bool:
        return any(spell.covers(session.date) for spell in self._spells.get(pupil, ()))

    def names(self, pupil: int, session: Session) -> set[str]:
        return {each.name for each in self._held(pupil, session)}

    def registration(self, pupil: int, session: Session) -> str:
        held = self._held(pupil, session)
        return ", ".join(sorted(each.name for each in held if each.kind == "registration"))

    def _held(self, pupil: int, session: Session) -> list[Interval]:
        return [m for m in self._memberships.get(pupil, ()) if m.covers(session.date)]


def _by_pupil(intervals: Sequence[Interval]) -> dict[int, list[Interval]]:
    found: dict[int, list[Interval]] = {}
    for each in intervals:
        found.setdefault(each.pupil, []).append(each)
    return found


def in_words(found: Sequence[HeldSession]) -> str:
    """Say how many marks there are, and what they say: ``14 marks say Y4 …``."""
    number = sum(len(each.marks) for each in found)
    codes = " and ".join(sorted({each.code for each in found}))
    says = noun(number, "says", "say")
    return f"{number_of(number, 'mark')} {says} {codes} (not held) of a session recorded as held"


def field(found: Sequence[HeldSession]) -> dict[str, int]:
    """Return what a document says of them: nothing where there is none."""
    return {"not_held": sum(len(each.marks) for each in found)} if found else {}


def notes(found: Sequence[HeldSession]) -> list[str]:
    """Say that there are some, if there are: they count in no figure."""
    return [f"{in_words(found)}: attendance alerts"] if found else []
