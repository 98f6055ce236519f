"""Whether a first mark made here was in time or late, as known: by the end of its register.

What its event says is what was known when it was made. Known later may be that the register was
taken after it, and that a wrong clock stamped it; what a source states stands as stated.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from ledger.clock import Corrected, end_of_day, local_date
from ledger.state.calendar import Calendar
from ledger.times import wrong_at
from ledger.values import Session, parse_session
from policies.packs.codes import rules
from projections.readmodel.known import Known, wrong_clocks
from projections.readmodel.records.log import Commit
from projections.readmodel.records.register import Mark, RegisterTaken
from projections.readmodel.records.roll import Membership
from projections.readmodel.records.school import Times

ENTRY, LATE = "entry", "late_entry"


class Made(NamedTuple):
    """A first mark as its event says it; ``position``: of that event."""

    pupil: int
    session: str
    kind: str
    code: str | None
    position: int
    imported: bool


class Judged(NamedTuple):
    """What a first mark is; ``sure``: whether it is known to be in time, or known to be late."""

    kind: str
    sure: bool = True


class Entries:
    """The first marks of a point in time.

    A register ends when its taking ends, on the day of its session; where none is recorded on
    that day, at its closing time, else with the day. What lies between two times counts as made
    at the later. ``doubtful``: the kinds of which some may be the other.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        recorded = wrong_clocks(known.db)
        self._wrong = [each for each in recorded if each.position <= known.position]
        self.doubtful = {LATE, ENTRY} if self._wrong else {LATE}
        self._taken: dict[str, list[RegisterTaken]] = {}
        self._groups: dict[int, list[Membership]] = {}

    @property
    def differing(self) -> str:
        """The condition of marks that may be another kind than that of an entry, as SQL."""
        stamped = (f"OR kf BETWEEN {each.first} AND {each.last}" for each in self._wrong)
        return " ".join(["kind <> 'entry'", *stamped])

    def of(self, mark: Mark) -> Judged:
        """Return what a row of marks is."""
        return self.judge(
            Made(mark.pupil, mark.session, mark.kind, mark.code, mark.kf, mark.imported)
        )

    def as_known(self, mark: Mark) -> Mark:
        """Return a row of marks, of the kind that it is known to be."""
        if mark.kind not in self.doubtful:
            return mark
        return replace(mark, kind=self.of(mark).kind)

    def judge(self, made: Made) -> Judged:
        """Return what a version of a mark is; what is no first mark made here stays as it is."""
        if made.imported or not self._is_doubtful(made):
            return Judged(made.kind)
        commit, session = self._known.commits.of(made.position), parse_session(made.session)
        takings = self._takings(made.pupil, session)
        on_day = [each for each in takings if local_date(each.ended) == session.date]
        if on_day:
            return Judged(LATE if any(self._was_before(t, commit) for t in on_day) else ENTRY)
        at = commit.at
        if not isinstance(at, Corrected):
            return Judged(made.kind)
        day_long = rules().codes.cancels(made.code or "", session.date) or any(
            commit.first <= each.kf <= commit.last for each in takings
        )
        closing = None if day_long else self._calendar.closing(session)
        end = end_of_day(session.date) if closing is None else closing
        return Judged(LATE if at > end else ENTRY, sure=(at.earliest > end) == (at > end))

    def _was_before(self, taking: RegisterTaken, commit: Commit) -> bool:
        """Tell whether a register was taken before a transaction: by their times and the log."""
        taken = self._known.commits.of(taking.kf)
        return taking.ended < commit.at or (not taken.source and taken.first < commit.first)

    def _takings(self, pupil: int, session: Session) -> Sequence[RegisterTaken]:
        """Return how registers of a pupil's groups were taken for a session."""
        text, commits = str(session), self._known.commits
        if text not in self._taken:
            self._taken[text] = self._known.standing(RegisterTaken, session=text)
        if self._taken[text] and pupil not in self._groups:
            self._groups[pupil] = self._known.standing(Membership, pupil=pupil)
        here = {m.name for m in self._groups.get(pupil, ()) if m.covers(session.date)}
        return [
            replace(each, ended=commits.by_clock_of(each.kf, each.ended))
            for each in self._taken[text]
            if each.grp in here
        ]

    def _is_doubtful(self, made: Made) -> bool:
        if made.kind == LATE:
            return True
        return made.kind == ENTRY and wrong_at(made.position, self._wrong) is not None

    @cached_property
    def _calendar(self) -> Calendar:
        return Calendar([], [], [each.law for each in self._known.standing(Times)])
