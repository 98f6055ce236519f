"""Who asked for leave, what was decided and why, what became of it.

SI 2024/208 reg 11. What followed leave is told as facts: whether the pupil came back, and which
sessions after it are unauthorised. Nothing is concluded from them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from ledger.english import number_of
from policies.law.roll import Ground
from projections.leave.requests import (
    Aftermath,
    Counts,
    LeaveRequest,
    Register,
    Step,
    requests,
)
from projections.queries.blocks import Block, Lines
from projections.queries.columns import Column, Listing
from projections.queries.pending import pending_amendments
from projections.queries.people import SECOND_HAND, Person
from projections.queries.question import Answer, Chosen, Question, Selection, option
from projections.queries.rectangle import rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View

_STATES = {
    "open": "asked",
    "granted": "granted",
    "refused": "refused",
    "withdrawn": "withdrawn",
    "falsified": "falsified",
}
_WORDS = {
    "granted": "granted",
    "refused": "refused",
    "withdrawn": "withdrawn, recorded",
    "falsified": "found to be falsified, recorded",
}
_NOTE = (
    "Met = Planned + As planned + Otherwise + Unmarked; a plan is no entry until the register is "
    "taken. What two grants plan is Planned with the first that stands, Unmarked with the other."
)


class LeaveRow(NamedTuple):
    """A request with what became of it; ``pending``: amendments of a finding that wait."""

    leave: LeaveRequest
    person: Person
    counts: Counts
    aftermath: Aftermath | None
    pending: int

    @property
    def decision(self) -> Step | None:
        """The last decision on it."""
        return self.leave.decision


class LeaveFindings(NamedTuple):
    """The requests as at a day."""

    on: date
    rows: Sequence[LeaveRow]


@dataclass(frozen=True, kw_only=True)
class LeaveOfAbsence(Selection, Question[LeaveFindings]):
    """attendance leave: who asked for leave, what was decided and why, what became of it.

    Requests asked for by --on whose sessions reach --from or later; of all states, or some.
    """

    open: bool = option("those not decided yet", default=False)
    granted: bool = option("those granted, and standing", default=False)
    refused: bool = option("those refused", default=False)
    withdrawn: bool = option("those withdrawn", default=False)
    falsified: bool = option("those found to be falsified", default=False)

    @property
    def chosen(self) -> Chosen:
        """What a group chooses: pupils, with all that is recorded of them."""
        return "pupils"

    def find(self, view: View) -> LeaveFindings:
        """Find the requests, by first session."""
        wanted = {state for name, state in _STATES.items() if getattr(self, name)}
        pupils = _pupils(self, view)
        asked = [
            each
            for each in requests(view)
            if each.asked.pupil in pupils
            and each.asked.asked_on <= view.on
            and each.covers[1].date >= view.first
            and (not wanted or each.state in wanted)
        ]
        waiting = Counter(each.batch for each in pending_amendments(view))
        register = Register(view, asked)
        rows = [
            LeaveRow(
                each,
                view.people[each.asked.pupil],
                register.counts(each),
                register.aftermath(each),
                sum(waiting[step.taken.batch] for step in each.steps if step.taken.batch),
            )
            for each in asked
        ]
        return LeaveFindings(view.on, rows)

    def present(self, found: LeaveFindings) -> Answer:
        """Show one row a request; of one pupil also who asked, decided and why, step by step."""
        listing, one = Listing(_COLUMNS, found.rows), self.pupil is not None
        notes = [_NOTE, *(line for row in found.rows for line in _aftermath(row, found.on))]
        if listing and not one:
            notes.append("With --pupil: who asked, who decided and why.")
        if stated := [row for row in found.rows if row.leave.is_stated]:
            notes.append(f"{number_of(len(stated), 'request')} {SECOND_HAND}.")
        title = f"{number_of(len(listing), 'request')} for leave"
        shown: list[Block] = [listing.grid(title, order=_READ, notes=notes)]
        if listing and one:
            steps = [line for row in found.rows for line in _sentences(row.leave)]
            shown.append(Lines([*steps, ""]))
        return Answer({"rows": listing}, blocks=shown)

    def unknown(self) -> Answer:
        """Return no request."""
        return Answer({"rows": Listing(_COLUMNS, [])})


def _pupils(question: LeaveOfAbsence, view: View) -> set[int]:
    """Return the pupils asked for; a filter by group is one by membership at `on`."""
    whole = rectangle(view)
    if not whole.sessions:  # who is meant needs a column, also where no session is in a term
        whole = replace(whole, codes=np.zeros((len(whole.codes), 1), np.uint8))
    cells = selected_cells(view, question, whole)
    return {n for n in view.people if cells[n].any()}


def _asked(key: str, heading: str = "") -> Column[LeaveRow]:
    return Column(key, heading, attrgetter(f"leave.asked.{key}"))


def _decided(key: str, heading: str = "") -> Column[LeaveRow]:
    return Column(key, heading, lambda row: row.decision and getattr(row.decision.taken, key))


def _count(key: str, heading: str) -> Column[LeaveRow]:
    return Column(key, heading, attrgetter(f"counts.{key}"), number=True)


def _after(key: str) -> Column[LeaveRow]:
    return Column(key, value=lambda row: row.aftermath and getattr(row.aftermath, key))


def _returned(row: LeaveRow) -> str | None:
    back = row.aftermath and row.aftermath.returned
    return str(back) if back else None


def _ground(row: LeaveRow) -> str | None:
    ground = row.aftermath and row.aftermath.ground
    return ground.provision if ground else None


def _back(row: LeaveRow) -> str:
    away = row.aftermath is not None and row.aftermath.days_away
    return _returned(row) or ("not yet" if away else "")


_STEPS: tuple[Column[Step], ...] = (
    Column("step", value=attrgetter("taken.step")),
    Column("on"),
    Column("by"),
    Column("paragraph", value=attrgetter("taken.paragraph")),
    Column("code", value=attrgetter("taken.code")),
    Column("first", value=attrgetter("taken.first")),
    Column("last", value=attrgetter("taken.last")),
    Column("reason"),
    Column("letter_on", value=attrgetter("taken.letter_on")),
    Column("batch", value=attrgetter("taken.batch")),
)
_COLUMNS: tuple[Column[LeaveRow], ...] = (
    Column("id", "Leave", attrgetter("leave.asked.leave")),
    Column("upn", value=attrgetter("person.upn")),
    Column("", "Pupil", attrgetter("person.name")),
    Column("state", "State", attrgetter("leave.state")),
    Column("asked_by", value=attrgetter("leave.asked_by")),
    _asked("parent"),
    _asked("asked_on", "Asked on"),
    Column("asked_reason", value=attrgetter("leave.reason")),
    _asked("first"),
    _asked("last"),
    Column("", "First", lambda row: row.leave.covers[0]),
    Column("", "Last", lambda row: row.leave.covers[1]),
    _asked("purpose", "Purpose"),
    Column("granted_first", value=lambda row: row.leave.granted and str(row.leave.granted[0])),
    Column("granted_last", value=lambda row: row.leave.granted and str(row.leave.granted[1])),
    _decided("paragraph"),
    _decided("code", "Code"),
    Column("decided_by", value=lambda row: row.decision and row.decision.by),
    Column("decided_on", value=lambda row: row.decision and row.decision.on),
    _decided("letter_on"),
    Column("reason", value=lambda row: row.decision and row.decision.reason),
    _count("met", "Met"),
    _count("planned", "Planned"),
    _count("as_planned", "As planned"),
    _count("otherwise", "Otherwise"),
    _count("unmarked", "Unmarked"),
    Column("codes", value=attrgetter("counts.codes")),
    # Each form keeps its place for it: the CSV before what followed, the document at the end.
    Column("pending", json=False),
    Column("returned", "Back", _returned, text=_back),
    *map(_after, ("overstayed", "overstayed_days", "days_away")),
    Column("ground", value=_ground),
    Column("steps", value=lambda row: Listing(_STEPS, row.leave.steps), csv=False),
    Column("pending", csv=False),
)
_READ = (
    "Leave", "Pupil", "Asked on", "First", "Last", "Purpose", "State", "Code", "Met", "Planned",
    "As planned", "Otherwise", "Unmarked", "Back",
)  # fmt: skip


def _aftermath(row: LeaveRow, on: date) -> Iterator[str]:
    leave, after = row.leave.asked.leave, row.aftermath
    if row.pending:
        waiting = number_of(row.pending, "amendment")
        yield f"{leave}: {waiting} of its marks not approved yet."
    if after and after.overstayed:
        back = f"came back on {after.returned}" if after.returned else f"not back by {on}"
        yield (
            f"{leave}: {number_of(after.overstayed, 'session')} on "
            f"{number_of(after.overstayed_days, 'school day')} after the leave entered as "
            f"unauthorised; {back}."
        )
    if after and after.ground:
        yield f"{leave}: {_ground_in_words(after.days_away, after.ground)}"


def _ground_in_words(days: int, ground: Ground) -> str:
    return (
        f"{number_of(days, 'school day')} after the leave without a mark of attendance; "
        f"{ground.provision} ({ground.text}) counts {ground.school_days}, and needs besides: "
        f"{'; '.join(ground.needs)}."
    )


def _sentences(leave: LeaveRequest) -> Iterator[str]:
    asked = leave.asked
    parent = f" (parent {asked.parent})" if asked.parent else ""
    why = f": {leave.reason}" if leave.reason else ""
    who = f"{asked.leave}: asked for on {asked.asked_on} by {leave.asked_by}{parent}"
    yield f"{who}, {leave.first} to {leave.last}, {asked.purpose}{why}"
    for step in leave.steps:
        taken = step.taken
        paragraph = f" under paragraph {taken.paragraph}" if taken.paragraph else ""
        which = f", {taken.first} to {taken.last}, code {taken.code}" if taken.first else ""
        letter = f"; letter of {taken.letter_on}" if taken.letter_on else ""
        batch = f"; batch {taken.batch}" if taken.batch else ""
        yield (
            f"  {step.on}: {_WORDS[taken.step]}{paragraph}{which} by {step.by.titled}: "
            f"{step.reason}{letter}{batch}"
        )
