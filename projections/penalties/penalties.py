"""Who reached the penalty notice threshold, and who is near it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from ledger.values import Session
from policies.law.calendar import school_weeks
from policies.law.penalties import measure
from projections.penalties.case import (
    Case,
    Register,
    age_of,
    case_of,
    countable_cells,
    counted_from,
    entries,
    figures,
    relevant_cells,
    weeks_begun,
    window_counts,
)
from projections.penalties.considerations import (
    Consideration,
    Stretch,
    case_sessions,
    considerations,
    first_recorded_met_at,
    is_considered,
    recorded_since,
    stretches,
)
from projections.penalties.families import Blockers, Families
from projections.penalties.text import COLUMNS, ListedPupil, blocks, csv_row, explanation
from projections.queries.blocks import Lines
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View


@dataclass(frozen=True, kw_only=True)
class Penalties(Selection, Question):
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

    def answer(self, view: View) -> Answer:
        """Answer with one row for each pupil listed, by UPN."""
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "knows_nothing": True, "rows": []}
            return Answer(document, COLUMNS, [Lines([view.ignorance()])])
        listing = _Listing(self, view)
        found = sorted(listing.pupils(), key=lambda each: str(each.row["upn"]))
        document = {"as_of": view.as_of(), "at_least": listing.at_least, "window": self.window,
                    "rows": [each.row for each in found]}  # fmt: skip
        current, rule = self.window == "current", listing.register.measure
        shown = blocks(view, found, rule, early=current and listing.at_least < rule.sessions)
        if self.explain:
            shown += explanation(view, found, rule)
        return Answer(document, COLUMNS, shown, flat=[csv_row(each.row) for each in found])


@dataclass
class _Listing:
    """One answer being made: the register as arrays first, then each pupil listed in detail."""

    question: Penalties
    view: View
    families: Families = field(init=False)
    blockers: Blockers = field(init=False)

    def __post_init__(self) -> None:
        self.families, self.blockers = Families(self.view), Blockers(self.view)

    @cached_property
    def register(self) -> Register:
        """The day, the school weeks over the whole calendar, the rule of the day."""
        on = self.view.on
        weeks = school_weeks(self.view.calendar.school_days())
        return Register(on, weeks, measure(on), self.view.rules.codes)

    @property
    def at_least(self) -> int:
        """How many sessions it takes to be listed."""
        return self.question.at_least or self.register.measure.sessions

    @cached_property
    def whole(self) -> Rectangle:
        """The register since entries first counted, whatever ``--from`` says."""
        return rectangle(self.view, first=counted_from(self.view.rules.codes))

    @cached_property
    def cells(self) -> Flags:
        """Which cells could hold a relevant entry."""
        people = self.view.people.items()
        return countable_cells(
            self.whole, {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in people}
        )

    @cached_property
    def unmarked(self) -> Flags:
        """Which cells count and hold no mark."""
        empty: Flags = self.whole.counted & (self.whole.codes == 0)
        return empty

    def pupils(self) -> Iterator[ListedPupil]:
        """Yield those who have enough entries in a window."""
        whole, register = self.whole, self.register
        flags = relevant_cells(whole, register.codes, self.cells)
        weeks = weeks_begun(register.weeks, register.on)
        latest, fullest = window_counts(flags, whole.sessions, weeks, register.measure)
        counts = latest if self.question.window == "current" else fullest
        chosen = (flags & selected_cells(self.view, self.question, whole)).any(axis=1)
        for pupil in np.nonzero(chosen & (counts >= self.at_least))[0]:
            found = entries(whole, flags, int(pupil))
            case = case_of(register, found, self.families.notices_for(int(pupil)))
            yield from self._detail(int(pupil), case)

    @cached_property
    def _considerations(self) -> dict[int, list[Consideration]]:
        return considerations(self.view)

    def _detail(self, pupil: int, case: Case) -> Iterator[ListedPupil]:
        versions = stretches(
            self.view, pupil, self._sessions(self.cells, pupil),
            (self.whole.sessions[0].date, self.register.on),
        )  # fmt: skip
        considered = self._considerations.get(pupil, [])
        if not (self.question.not_considered and self._is_settled(case, versions, considered)):
            row = self._row(pupil, case, versions)
            row["considered"] = [each.row() for each in considered]
            yield ListedPupil(pupil, case, row, considered)

    def _is_settled(
        self,
        case: Case,
        versions: list[Stretch],
        considered: list[Consideration],
    ) -> bool:
        """Tell whether the case, as it is now, has been considered."""
        current = self.question.window == "current"
        about = case_sessions(case, self.register, self.at_least, current=current)
        since = recorded_since(versions)
        return is_considered(considered, since, case, about)

    def _row(self, pupil: int, case: Case, versions: list[Stretch]) -> dict[str, Any]:
        parents = list(self.families.parents(pupil))
        unmarked = self._sessions(self.unmarked, pupil)
        row = figures(case)
        row["first_recorded_met_at"] = first_recorded_met_at(versions, self.register)
        row["considered"] = []
        row["parents"] = [self.families.row(pupil, parent) for parent in parents]
        row["blockers"] = self.blockers.of(pupil, case, unmarked, parents)
        upn = {"upn": self.view.people[pupil].upn}
        return upn | {name: row[name] for name in COLUMNS[1:]}

    def _sessions(self, flags: Flags, pupil: int) -> set[Session]:
        return {self.whole.sessions[at] for at in np.nonzero(flags[pupil])[0]}
