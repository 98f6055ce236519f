"""Who reached the penalty notice threshold, and who is near it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ledger.values import Session, parse_session
from policies.law.calendar import school_weeks
from policies.law.penalties import RelevantEntry, first_recorded, measure
from projections.penalties.case import (
    Case,
    Register,
    age_of,
    case_of,
    countable_cells,
    counted_from,
    entries,
    in_full_windows,
    letters,
    relevant_cells,
    weeks_begun,
    window_counts,
)
from projections.penalties.families import Families, by_pupil
from projections.penalties.text import (
    COLUMNS,
    Considered,
    ListedPupil,
    PenaltyFindings,
    explanation,
    table,
)
from projections.queries.blocks import Block
from projections.queries.columns import Listing
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.rectangle import Flags, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View
from projections.readmodel.accessors.marks import marks_with_codes
from projections.readmodel.records.penalties import Consideration
from projections.readmodel.records.register import Mark


@dataclass(frozen=True, kw_only=True)
class Penalties(Selection, Question[PenaltyFindings]):
    """attendance penalties: who reached the penalty notice threshold, and who is near it.

    Pupils with so many relevant entries in a window of school weeks, over the whole history.
    """

    at_least: int | None = option("list from so many sessions on [the threshold]", minimum=1)
    window: Literal["any", "current"] = option(
        "any window so far, or only the latest", "any", choices=("any", "current")
    )
    not_considered: bool = option(
        "leave out those whose case somebody has considered since", default=False
    )
    explain: bool = option(
        "show sessions, windows and the rule, in words for a parent", default=False
    )

    def find(self, view: View) -> PenaltyFindings:
        """Find the pupils listed, by UPN."""
        search = _Search(self, view)
        pupils = sorted(search.pupils(), key=lambda each: each.person.upn)
        return PenaltyFindings(search.register, search.at_least, pupils)

    def present(self, found: PenaltyFindings) -> Answer:
        """Show one row for each pupil."""
        rows = Listing(COLUMNS, found.pupils)
        early = self.window == "current" and found.at_least < found.register.measure.sessions
        shown: list[Block] = [table(found, early=early)]
        if self.explain:
            shown += explanation(found)
        fields = {"at_least": found.at_least, "window": self.window, "rows": rows}
        return Answer(fields, blocks=shown)

    def unknown(self) -> Answer:
        """Return nobody."""
        return Answer({"rows": Listing(COLUMNS, [])})


class _Search:
    """One answer being made: the register as arrays first, then each pupil listed in detail."""

    def __init__(self, question: Penalties, view: View) -> None:
        self.question, self.view, self.families = question, view, Families(view)
        codes, weeks = view.rules.codes, school_weeks(view.calendar.school_days())
        self.register = Register(view.on, weeks, measure(view.on), codes)
        self.at_least = question.at_least or self.register.measure.sessions
        # A window may begin in an earlier year: the whole history counts, whatever --from says.
        self.whole = rectangle(view, first=counted_from(codes))
        people = view.people.items()
        ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in people}
        self.cells = countable_cells(self.whole, ages)
        known = sorted(view.standing(Consideration), key=lambda each: each.kf)
        self.considered = by_pupil((each.pupil, _considered(view, each)) for each in known)

    def _sessions(self, flags: Flags) -> set[Session]:
        return {self.whole.sessions[at] for at in np.nonzero(flags)[0]}

    def pupils(self) -> Iterator[ListedPupil]:
        """Yield those who have enough entries in a window."""
        whole, register = self.whole, self.register
        flags = relevant_cells(whole, register.codes, self.cells)
        weeks = weeks_begun(register.weeks, register.on)
        latest, fullest = window_counts(flags, whole.sessions, weeks, register.measure)
        counts = latest if self.question.window == "current" else fullest
        chosen = (flags & selected_cells(self.view, self.question, whole)).any(axis=1)
        for row in np.nonzero(chosen & (counts >= self.at_least))[0]:
            pupil = int(row)
            found = entries(whole, flags, pupil)
            case = case_of(register, found, self.families.notices_for(pupil))
            stood = list(_stretches(self.view, pupil, self._sessions(self.cells[pupil])))
            if not (self.question.not_considered and self._is_settled(pupil, case, stood)):
                yield self._listed(pupil, case, stood)

    def _is_settled(self, pupil: int, case: Case, stood: Iterable["Stretch"]) -> bool:
        """Tell whether somebody considered the case as it is now.

        One who had seen as many in a window as the fullest holds, and every entry that the case
        is about: read the register after the last of them was recorded.
        """
        about: Sequence[Session] = case.standing.sessions
        if self.question.window == "any":
            about = in_full_windows(case, self.register, self.at_least)
        recorded = _recorded_since(stood)
        entered = [recorded[session] for session in about]
        return any(
            each.seen.peak >= case.standing.peak and _saw(each.seen, entered)
            for each in self.considered.get(pupil, ())
        )

    def _listed(self, pupil: int, case: Case, stood: Iterable["Stretch"]) -> ListedPupil:
        parents = list(self.families.parents(pupil))
        empty: Flags = self.whole.counted[pupil] & (self.whole.codes[pupil] == 0)
        weeks, rule = self.register.weeks, self.register.measure
        return ListedPupil(
            self.view.people[pupil],
            case,
            first_recorded(weeks, (each.entry for each in stood), rule),
            self.considered.get(pupil, ()),
            parents,
            self.families.blockers(pupil, case, self._sessions(empty), parents),
        )


def _considered(view: View, seen: Consideration) -> Considered:
    at, by = view.done_at(seen.kf, seen.sf), view.decider(seen, seen.kf)
    return Considered(seen, at, by, view.authenticated(seen.kf), view.open(seen.reason))


def _saw(seen: Consideration, entered: Iterable["Stretch"]) -> bool:
    """Tell whether the register was read after all of some entries were recorded.

    Of what another system states, by the times that it states: its positions are not ours.
    """
    if seen.seen_at:
        return all(each.since <= seen.seen_at for each in entered)
    return all(each.stated <= seen.sf for each in entered)


class Stretch(NamedTuple):
    """A version with a relevant code: positions, and the times that go by the clock asked.

    ``stated``: when it was recorded, as its source states where one does.
    """

    session: Session
    since: int
    until: int | None
    known_from: int
    known_to: int | None
    stated: int = 0

    @property
    def entry(self) -> RelevantEntry:
        """What the policy needs to know of it."""
        return RelevantEntry(self.session, self.known_from, self.known_to)


def _stretches(view: View, pupil: int, cells: Collection[Session]) -> Iterator[Stretch]:
    """Yield every version with a relevant code that ever stood on these sessions, as known."""
    codes, days = view.rules.codes, (min(cells).date, max(cells).date)
    for mark in marks_with_codes(view, pupil, days, letters(codes)):
        session = parse_session(mark.session)
        rule = codes.find(mark.code, session.date)
        if session in cells and rule is not None and rule.threshold:
            yield _stretch(view, session, mark)


def _stretch(view: View, session: Session, mark: Mark) -> Stretch:
    ended = None if mark.kt is None or mark.kt > view.position else mark.kt
    if view.question.clock == "source":
        return Stretch(
            session, mark.kf, ended, mark.sf, None if ended is None else mark.st, mark.sf
        )
    until = None if ended is None else view.commits.of(ended).at
    return Stretch(session, mark.kf, ended, view.commits.of(mark.kf).at, until, mark.sf)


def _recorded_since(stood: Iterable[Stretch]) -> dict[Session, Stretch]:
    """Return from which version on each session holds a relevant entry without a break.

    Where one relevant code replaces another nothing new is recorded against the pupil.
    """
    since: dict[Session, Stretch] = {}
    ended: dict[Session, int | None] = {}
    for stretch in stood:
        if ended.get(stretch.session) != stretch.since:
            since[stretch.session] = stretch
        ended[stretch.session] = stretch.until
    return since
