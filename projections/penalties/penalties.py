"""Who reached the penalty notice threshold, and who is near it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ledger.errors import Refused
from ledger.values import Session
from policies.law.calendar import school_weeks
from policies.law.penalties import measure
from projections.penalties.case import (
    Case,
    Counts,
    Register,
    age_of,
    case_of,
    countable_cells,
    counted_from,
    entries,
    in_full_windows,
    relevant_cells,
    weeks_begun,
    window_counts,
)
from projections.penalties.families import Families, by_pupil
from projections.penalties.recorded import RecordedRegister
from projections.penalties.stood import Stretch
from projections.penalties.text import (
    COLUMNS,
    Considered,
    ListedPupil,
    PenaltyFindings,
    explanation,
    tables,
)
from projections.queries.blocks import Block
from projections.queries.columns import Listing
from projections.queries.people import Person
from projections.queries.question import Answer, Chosen, Question, Selection, option
from projections.queries.rectangle import Flags, rectangle
from projections.queries.selection import selected_cells, selected_pupils
from projections.queries.view import View
from projections.readmodel.records.penalties import Consideration
from projections.readmodel.records.roll import Merger


@dataclass(frozen=True, kw_only=True)
class Penalties(Selection, Question[PenaltyFindings]):
    """attendance penalties: who reached the penalty notice threshold, and who is near it.

    Pupils with so many relevant entries in a window of school weeks, over the whole history.
    """

    at_least: int | None = option("list from so many sessions on [the threshold]", minimum=1)
    at_most: int | None = option("list up to so many sessions [no limit]", minimum=1)
    window: Literal["any", "current"] = option(
        "any window so far (cases that stand from an earlier one in a table of their own), or "
        "only the latest",
        "any",
        choices=("any", "current"),
    )
    not_considered: bool = option(
        "leave out those whose case somebody has considered since", default=False
    )
    explain: bool = option(
        "show sessions, windows and the rule, in words for a parent", default=False
    )
    membership: Literal["on", "session"] = option(
        "with --group, --year, --cohort: members at --on, or members when a counted entry was "
        "made; counts stay those of the whole register",
        "on",
        choices=("on", "session"),
    )

    @property
    def chosen(self) -> Chosen:
        """What a group chooses: no window is cut by it."""
        return "by entry"

    def find(self, view: View) -> PenaltyFindings:
        """Find the pupils listed, by UPN."""
        search = _Search(self, view)
        if self.at_most is not None and self.at_most < search.at_least:
            raise Refused(
                "numbers-reversed",
                f"--at-most {self.at_most} is less than --at-least {search.at_least}",
                "give both, the smaller number with --at-least",
            )
        pupils = sorted(search.pupils(), key=lambda each: each.person.upn)
        known = view.commits.upto(view.position)
        by_import = self.clock == "ledger" and any(commit.source for commit in known)
        return PenaltyFindings(
            search.register, search.at_least, pupils, search.fallen(), by_import
        )

    def present(self, found: PenaltyFindings) -> Answer:
        """Show one row for each pupil."""
        rows = Listing(COLUMNS, found.pupils)
        early = self.window == "current" and found.at_least < found.register.measure.sessions
        shown: list[Block] = [*tables(found, early=early)]
        if self.explain:
            shown += explanation(found)
        limits = {"at_least": found.at_least, "at_most": self.at_most}
        return Answer({**limits, "window": self.window, "rows": rows}, blocks=shown)

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
        self.merged = by_pupil((each.survivor, each.pupil) for each in view.standing(Merger))
        self.considered = by_pupil((each.pupil, _considered(view, each)) for each in known)
        weeks_so_far = weeks_begun(weeks, view.on)
        self.flags = relevant_cells(self.whole, codes, self.cells)
        self.latest, self.fullest = window_counts(
            self.flags, self.whole.sessions, weeks_so_far, self.register.measure
        )

    def _sessions(self, flags: Flags) -> set[Session]:
        return {self.whole.sessions[at] for at in np.nonzero(flags)[0]}

    def pupils(self) -> Iterator[ListedPupil]:
        """Yield those who have enough entries in a window."""
        whole, register, flags = self.whole, self.register, self.flags
        listed = self._in_range(self.latest)
        earlier = self._in_range(self.fullest) & ~listed
        if self.question.window == "any":
            listed |= earlier
        chosen = (flags & selected_cells(self.view, self.question, whole)).any(axis=1)
        rows: list[int] = np.nonzero(chosen & listed)[0].tolist()
        records = [record for row in rows for record in self._records(row)]
        self.recorded = RecordedRegister(self.view, register, records)
        for pupil in rows:
            found = entries(whole, flags, pupil)
            case = case_of(register, found, self.families.notices_for(pupil))
            if not (self.question.not_considered and self._is_settled(pupil, case)):
                yield self._listed(pupil, case)._replace(earlier=bool(earlier[pupil]))

    def fallen(self) -> list[Person]:
        """Return who had as many as are asked about when the case was considered, and has not now.

        No window of theirs holds them any more: marks were amended, or stopped from counting.
        """
        if self.question.window == "current" or self.question.at_most is not None:
            return []
        found = [
            pupil
            for pupil, seen in self.considered.items()
            if self.fullest[pupil] < self.at_least <= max(each.seen.peak for each in seen)
        ]
        asked = selected_pupils(self.question, self.view) if found else ()
        return [self.view.people[pupil] for pupil in sorted(found) if pupil in asked]

    def _in_range(self, counts: Counts) -> Flags:
        """Return which pupils have as many as are asked about."""
        most = self.question.at_most
        found: Flags = counts >= self.at_least
        return found if most is None else found & (counts <= most)

    def _is_settled(self, pupil: int, case: Case) -> bool:
        """Tell whether somebody considered the case that is asked about, as it is now."""
        if self.question.window == "any":
            return self._is_considered(pupil, case, self.at_least)
        return self._is_considered(pupil, case, None)

    def _is_considered(self, pupil: int, case: Case, at_least: int | None) -> bool:
        """Tell whether somebody considered the case as it is now.

        One who had seen as many in a window as the fullest holds, and every entry that the case
        is about: read the register after the last of them was recorded. ``at_least``: so many in
        a window; none: those of the latest.
        """
        seen = [
            c.seen for c in self.considered.get(pupil, ()) if c.seen.peak >= case.standing.peak
        ]
        if not seen:
            return False
        about: Sequence[Session] = case.standing.sessions
        if at_least is not None:
            about = in_full_windows(case, self.register, at_least)
        recorded = _recorded_since(self.recorded.stood[pupil])
        entered = [recorded[session] for session in about]
        return any(_saw(each, entered) for each in seen)

    def _listed(self, pupil: int, case: Case) -> ListedPupil:
        parents, steps = list(self.families.parents(pupil, case)), self.families.steps(pupil, case)
        empty: Flags = self.whole.counted[pupil] & (self.whole.codes[pupil] == 0)
        return ListedPupil(
            self.view.people[pupil],
            case,
            *self._first_recorded(pupil),
            case.met and not self._is_considered(pupil, case, case.measure.sessions),
            self.considered.get(pupil, ()),
            parents,
            steps,
            self.families.blockers(pupil, case, self._sessions(empty), parents, steps),
        )

    def _records(self, pupil: int) -> list[int]:
        """Return the pupil's own record, and every one that was merged into it."""
        records = [pupil]
        for each in records:
            records += [other for other in self.merged.get(each, ()) if other not in records]
        return records

    def _first_recorded(self, pupil: int) -> tuple[int | None, Person | None]:
        """Return when a window was first full, and in which record where that is another one.

        Of records merged into this one the first to show it counts: what the school's registers
        held, somebody could become aware of, whichever record held it (reg 9A(1)).
        """
        found = {record: self.recorded.first_full(record) for record in self._records(pupil)}
        times = {record: at for record, at in found.items() if at is not None}
        if not times:
            return None, None
        first = min(times, key=lambda record: times[record])
        by = None if first == pupil else self.view.people[first]
        return times[first], by


def _considered(view: View, seen: Consideration) -> Considered:
    at, by = view.done_at(seen.kf, seen.sf), view.decider(seen, seen.kf)
    return Considered(seen, at, by, view.authenticated(seen.kf), view.open(seen.reason))


def _saw(seen: Consideration, entered: Iterable[Stretch]) -> bool:
    """Tell whether the register was read after all of some entries were recorded.

    Of what another system states, by the times that it states: its positions are not ours.
    """
    if seen.seen_at:
        return all(each.since <= seen.seen_at for each in entered)
    return all(each.stated <= seen.sf for each in entered)


def _recorded_since(stood: Iterable[Stretch]) -> dict[Session, Stretch]:
    """Return from which version on each session holds a relevant entry without a break.

    Where one relevant code replaces another nothing new is recorded against the pupil.
    """
    since: dict[Session, Stretch] = {}
    ended: dict[Session, int | None] = {}
    for stretch in stood:
        session = stretch.entry.session
        if ended.get(session) != stretch.since:
            since[session] = stretch
        ended[session] = stretch.until
    return since
