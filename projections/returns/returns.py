"""Who is in the next return to the local authority, why, and by when."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np

from ledger.english import number_of
from policies.law.penalties import Measure
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Chosen, Question, Selection, option
from projections.queries.rectangle import Flags, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View
from projections.returns import absence, roll
from projections.returns.past_returns import PastReturns, PupilDue, agreed_figure, past_returns

Kind = Literal["attendance", "sickness", "joiners", "leavers"]
_PLACE = "The return holds full name and address."
_UNMARKED = "Sessions without a mark end a run of days: what is not recorded is not counted."
_ILLNESS = (
    "Whether a pupil is expected to be ill is for a person to judge: marks cannot show it. "
    "Planned illness counts as expected. Half days are not defined: totals are in sessions."
)
_REGISTER = "The return holds everything on the admission register."
_LEAVER = (
    "The return holds name, address, parents, a telephone number for emergencies, what is known "
    "of the next school, and the ground."
)


class KindOfReturn(NamedTuple):
    """Whom a return is about, the columns of its own, and what is said beneath."""

    due: Callable[[View, PastReturns], Iterable[PupilDue]]
    columns: tuple[str, ...]
    notes: tuple[str, ...]


KINDS: dict[Kind, KindOfReturn] = {
    "attendance": KindOfReturn(absence.absent, ("days", "sessions", "since"), (_UNMARKED, _PLACE)),
    "sickness": KindOfReturn(
        absence.ill, ("days", "sessions", "planned", "since"), (_ILLNESS, _PLACE)
    ),
    "joiners": KindOfReturn(roll.joiners, ("starts_on", "year"), (_REGISTER,)),
    "leavers": KindOfReturn(roll.leavers, ("leaves_on", "ground", "year"), (_LEAVER,)),
}


class ReturnFindings(NamedTuple):
    """Who is due, the day of the last return, and how many the law leaves out.

    ``figure``: agreed with the authority, for failing to attend regularly.
    """

    last: date | None
    figure: Measure | None
    left_out: int
    rows: Sequence[PupilDue]


@dataclass(frozen=True, kw_only=True)
class Returns(Selection, Question[ReturnFindings]):
    """attendance returns: who is in the next return to the local authority, why, and by when.

    Pupils whom the authority has not been told of since the last return of a kind.
    """

    kind: Kind = option(
        "which return",
        choices=("attendance", "sickness", "joiners", "leavers"),
        required=True,
    )

    @property
    def chosen(self) -> Chosen:
        """What a group chooses: pupils, with all that is recorded of them."""
        return "pupils"

    def find(self, view: View) -> ReturnFindings:
        """Find the pupils of whom the authority has not been told, each with a reason."""
        past, chosen = past_returns(view, self.kind), _pupils_asked_about(self, view)
        due = [each for each in KINDS[self.kind].due(view, past) if chosen[each.person.index]]
        rows = [each for each in due if not each.left_out]
        rows.sort(key=lambda each: (each.person.upn, each.why))
        figure = agreed_figure(view) if self.kind == "attendance" else None
        return ReturnFindings(past.last, figure, len(due) - len(rows), rows)

    def present(self, found: ReturnFindings) -> Answer:
        """Show one row a pupil and reason."""
        listing = self._listing(found.rows)
        fields = {
            "kind": self.kind,
            "last_return": found.last,
            "agreed": found.figure,
            "left_out": found.left_out,
            "rows": listing,
        }
        since = f"last return: {found.last}" if found.last else "no return is recorded yet"
        title = f"{self.kind.capitalize()} return: {number_of(len(listing), 'pupil')} ({since})"
        notes = [
            *_remarks(self.kind, found),
            *KINDS[self.kind].notes,
            f"Once it is made: attendance returns made --kind {self.kind} --on DATE",
        ]
        return Answer(fields, blocks=[listing.grid(title, order=_READ, notes=notes)])

    def unknown(self) -> Answer:
        """Return nobody."""
        return Answer({"rows": self._listing([])})

    def _listing(self, rows: Sequence[PupilDue]) -> Listing[PupilDue]:
        return Listing((*COLUMNS, *map(Column, KINDS[self.kind].columns)), rows)


def _pupils_asked_about(question: Returns, view: View) -> Flags:
    """Return which pupils are asked about; everyone where no session is known yet."""
    first = min([term.first for term in view.calendar.terms], default=view.first)
    last = max([term.last for term in view.calendar.terms], default=view.on)
    whole = rectangle(view, first, last)
    cells = selected_cells(view, question, whole)
    if not whole.sessions:
        return np.ones(len(cells), np.bool_)
    chosen: Flags = np.any(cells, axis=1)
    return chosen


def _by_when(each: PupilDue) -> str:
    return f"{each.due_words} (overdue)" if each.overdue else each.due_words


def _remarks(kind: Kind, found: ReturnFindings) -> Iterator[str]:
    if found.left_out:
        yield (
            f"Left out, unless the authority asks: {found.left_out} of the most junior class at "
            "the start of the school year, or of the most senior at its end, by the year groups "
            "and terms recorded here."
        )
    elif kind == "attendance" and found.figure is None:
        yield (
            "No figure for failing to attend regularly is recorded as agreed with the authority: "
            "attendance returns agree."
        )


COLUMNS: tuple[Column[PupilDue], ...] = (
    Column("upn", "UPN", lambda each: each.person.upn),
    Column("name", "Pupil", lambda each: each.person.name),
    Column("why", "Why"),
    Column("due"),
    Column("due_words", "By when", text=_by_when),
    Column("overdue"),
)
_READ = ("Pupil", "UPN", "Why", "By when")
