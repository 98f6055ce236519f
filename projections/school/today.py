"""Who has no mark, whose reason is not known yet, who is expected away.

Amendments that wait for approval, and marks that deny a session which is recorded as held, are
counted beneath, whatever day they are about.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from projections.queries import held, pending
from projections.queries.columns import Column, Listing
from projections.queries.held import HeldSession
from projections.queries.question import Answer, Question, Selection
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import Person, View
from projections.readmodel.accessors.marks import sessions_of
from projections.readmodel.records.amending import Request
from projections.readmodel.records.register import Plan


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
    """The sessions of a day that need a look, and what waits whatever the day."""

    on: date
    concerns: Sequence[Concern]
    waiting: Sequence[Request]
    denied: Sequence[HeldSession]


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

    The pupils who need a look today (or on --on).
    """

    def find(self, view: View) -> TodayFindings:
        """Find the sessions without a mark, with a provisional one, or planned."""
        whole = rectangle(view, view.on, view.on)
        chosen = selected_cells(view, self, whole)
        found = _concerns(view, whole, chosen)
        concerns = sorted(found, key=lambda each: (each.session, each.person.upn))
        asked = _pupils_asked(chosen)
        waiting = [
            each
            for each in pending.pending_amendments(view)
            if asked is None or each.pupil in asked
        ]
        return TodayFindings(view.on, concerns, waiting, held.held_sessions(view, asked))

    def present(self, found: TodayFindings) -> Answer:
        """Show one row a pupil and session."""
        listing, waiting = Listing(COLUMNS, found.concerns), found.waiting
        title = f"{len(listing)} to look at on {found.on}"
        notes = [*pending.notes(waiting), *held.notes(found.denied)]
        fields = {"rows": listing, **pending.field(waiting), **held.field(found.denied)}
        return Answer(fields, blocks=[listing.grid(title, order=_READ, notes=notes)])

    def unknown(self) -> Answer:
        """Return no session."""
        return Answer({"rows": Listing(COLUMNS, [])})


def _pupils_asked(chosen: Flags) -> set[int] | None:
    """Return the pupils asked about; none, for all, on a day without a session."""
    return set(np.nonzero(chosen.any(axis=1))[0].tolist()) if chosen.shape[1] else None


def _concerns(view: View, whole: Rectangle, chosen: Flags) -> Iterator[Concern]:
    provisional = view.rules.codes.provisional(view.on)
    planned = dict(_plans(view))
    for pupil, at in zip(*(whole.counted & chosen).nonzero(), strict=True):
        code = whole.book[whole.codes[pupil, at]]
        session, person = str(whole.sessions[at]), view.people[int(pupil)]
        plan = planned.get((person.index, session))
        if why := _why(code, provisional, plan):
            yield Concern(person, _groups(view, person), session, why, plan)


def _why(code: str, provisional: str, plan: str | None) -> str | None:
    if code == "":
        return "planned absence" if plan else "no mark"
    return "reason not yet known" if code == provisional else None


def _plans(view: View) -> list[tuple[tuple[int, str], str]]:
    known = view.standing(Plan, session=sessions_of(view.on, view.on))
    return [((plan.pupil, plan.session), plan.code) for plan in known if plan.code is not None]


def _groups(view: View, person: Person) -> list[str]:
    return sorted(
        m.name
        for m in view.memberships
        if m.pupil == person.index and m.kind == "registration" and m.covers(view.on)
    )
