"""Who has no mark, whose reason is not known yet, who is expected away.

Amendments that wait for approval, and marks that deny a session which is recorded as held, are
counted beneath, whatever day they are about.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from ledger.values import Session
from projections.queries import held, pending
from projections.queries.columns import Column, Listing
from projections.queries.due import due_cells, not_due
from projections.queries.held import HeldSession
from projections.queries.people import Person
from projections.queries.question import Answer, Question, Selection
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View
from projections.readmodel.accessors.marks import sessions_of
from projections.readmodel.records.amending import Request
from projections.readmodel.records.register import Plan
from projections.school.opening import last_school_day, why_not_open


@dataclass(frozen=True, slots=True)
class Concern:
    """A session of a pupil that needs a look, why, and the code planned for it."""

    person: Person
    groups: Sequence[str]
    session: str
    what: str
    planned: str | None


@dataclass(frozen=True, slots=True)
class TodayFindings:
    """The sessions of a day that need a look, and what waits whatever the day.

    ``asked``: the day that was asked about, of which ``on`` is the last day of school where the
    school is not open then; ``closed``: why it is not; ``ahead``: whether the day is still to
    come; ``before``: the day of school before it, with what is open of it; ``not_due``: sessions
    for which a mark is not due yet.
    """

    on: date
    asked: date
    concerns: Sequence[Concern]
    waiting: Sequence[Request]
    denied: Sequence[HeldSession]
    closed: str
    ahead: bool
    before: tuple[date, Sequence[Concern]] | None
    not_due: Sequence[Session]


COLUMNS: tuple[Column[Concern], ...] = (
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("name", "Pupil", lambda row: row.person.name),
    Column("groups", "Group"),
    Column("session", "Session"),
    Column("what", "What"),
    Column("planned", "Planned code"),
)
_READ = ("Session", "Group", "Pupil", "UPN", "What", "Planned code")


@dataclass(frozen=True, kw_only=True)
class Today(Selection, Question[TodayFindings]):
    """attendance today: who has no mark, whose reason is not known yet, who is expected away.

    The pupils who need a look today (or on --on); nobody lacks a mark before the register has
    closed or was taken. Where the school is not open today, on its last
    day of school. Of a day to come, who is expected away.
    """

    def view_of(self, view: View) -> View:
        """Return the view of the last day of school, where the school is not open today."""
        if self.on is not None or not why_not_open(view.calendar, view.on):
            return view
        last = last_school_day(view.calendar, view.on)
        return view if last is None else view.at(replace(self, on=last))

    def find(self, view: View) -> TodayFindings:
        """Find the sessions without a mark, with a provisional one, or planned."""
        asked = self.on or view.today
        whole = rectangle(view, view.on, view.on)
        chosen = selected_cells(view, self, whole)
        ahead, pupils = view.on > view.today, _pupils_asked(chosen)
        waiting = pending.pending_amendments(view)
        due = due_cells(view, whole)
        found = _concerns(view, whole, chosen, due)
        return TodayFindings(
            view.on,
            asked,
            sorted(found, key=lambda each: (each.session, each.person.upn)),
            [each for each in waiting if pupils is None or each.pupil in pupils],
            held.held_sessions(view, pupils),
            why_not_open(view.calendar, asked),
            ahead,
            None if ahead else self._before(view, asked),
            [] if ahead else not_due(whole, due | ~chosen),
        )

    def _before(self, view: View, asked: date) -> tuple[date, Sequence[Concern]] | None:
        """Return what is open of the day of school before; none where that is shown itself."""
        last = last_school_day(view.calendar, asked)
        if last is None or last == view.on:
            return None
        then = view.at(replace(self, on=last))
        whole = rectangle(then, last, last)
        chosen, due = selected_cells(then, self, whole), due_cells(then, whole)
        return last, list(_concerns(then, whole, chosen, due))

    def present(self, found: TodayFindings) -> Answer:
        """Show one row a pupil and session."""
        listing, waiting = Listing(COLUMNS, found.concerns), found.waiting
        shown = f"{found.on}, the last day of school" if found.on != found.asked else found.on
        title = f"{len(listing)} to look at on {shown}"
        notes = [*_of_the_day(found), *pending.notes(waiting), *held.notes(found.denied)]
        table = listing.grid(title, order=_READ, notes=notes)
        fields = {
            "rows": listing,
            "asked_on": found.asked,
            "not_open": found.closed or None,
            "still_to_come": found.ahead,
            **({"not_due_yet": [str(each) for each in found.not_due]} if found.not_due else {}),
            **pending.field(waiting),
            **held.field(found.denied),
        }
        return Answer(fields, blocks=[table])

    def unknown(self) -> Answer:
        """Return no session."""
        return Answer({"rows": Listing(COLUMNS, [])})


def _of_the_day(found: TodayFindings) -> Iterator[str]:
    """Say why nothing is due on the day, and what is open of the day of school before it."""
    if found.closed:
        yield f"The school is not open on {found.asked}: {found.closed}"
    elif found.ahead:
        yield f"{found.asked} has not been yet: only who is expected away is listed"
    if found.before is not None and found.before[1]:
        day, concerns = found.before
        counted = Counter(each.what for each in concerns)
        told = ", ".join(f"{number} {what}" for what, number in sorted(counted.items()))
        yield f"Open from {day}, the day of school before: {told} (attendance today --on {day})"
    for session in found.not_due:
        yield f"{session} is not due yet: who is without a mark is listed once it has closed"


def _pupils_asked(chosen: Flags) -> set[int] | None:
    """Return the pupils asked about; none, for all, on a day without a session."""
    return set(np.nonzero(chosen.any(axis=1))[0].tolist()) if chosen.shape[1] else None


def _concerns(view: View, whole: Rectangle, chosen: Flags, due: Flags) -> Iterator[Concern]:
    provisional = view.rules.codes.provisional(view.on)
    planned, groups = dict(_plans(view)), _groups(view)
    for pupil, at in zip(*(whole.counted & chosen).nonzero(), strict=True):
        code = whole.book[whole.codes[pupil, at]]
        session, person = str(whole.sessions[at]), view.people[int(pupil)]
        plan = planned.get((person.index, session))
        why = _why(code, provisional, plan)
        if why and (code or plan or due[pupil, at]):
            yield Concern(person, groups.get(person.index, []), session, why, plan)


def _why(code: str, provisional: str, plan: str | None) -> str | None:
    if code == "":
        return "planned absence" if plan else "no mark"
    return "reason not yet known" if code == provisional else None


def _plans(view: View) -> list[tuple[tuple[int, str], str]]:
    known = view.standing(Plan, session=sessions_of(view.on, view.on))
    return [((plan.pupil, plan.session), plan.code) for plan in known if plan.code is not None]


def _groups(view: View) -> Mapping[int, list[str]]:
    """Return the registration groups of the day by pupil, in order."""
    found = defaultdict[int, list[str]](list)
    for each in view.memberships:
        if each.kind == "registration" and each.covers(view.on):
            found[each.pupil].append(each.name)
    return {pupil: sorted(names) for pupil, names in found.items()}
