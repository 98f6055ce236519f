"""Provisional entries, by when each is to be replaced, and by what.

SI 2024/208 reg 10(7) to (9). Only a person replaces one; nothing here writes, nor does time.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from ledger.english import number_of
from ledger.values import Session
from policies.law.calendar import (
    provisional_days_over,
    provisional_deadline,
    school_days_between,
)
from policies.packs.codes import Codes
from policies.packs.values import parameters
from projections.queries.columns import Column, Listing
from projections.queries.people import Person
from projections.queries.question import Answer, Question, Selection
from projections.queries.rectangle import cells, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View

_BECOMES = "register.provisional_becomes"


@dataclass(frozen=True, kw_only=True)
class Unresolved(Selection, Question["OpenEntries"]):
    """attendance unresolved: provisional entries, by when each is to be replaced, and by what.

    Sessions whose reason is not yet known: of every year, unless --from says otherwise.
    """

    def find(self, view: View) -> "OpenEntries":
        """Find the entries that are provisional, oldest first."""
        # An entry does not go away with its school year.
        known = min([term.first for term in view.calendar.terms], default=view.first)
        first = self.from_ or known
        return OpenEntries(first, sorted(_entries(self, view, first), key=_by_session))

    def present(self, found: "OpenEntries") -> Answer:
        """Show one row an entry, and what the oldest may become."""
        entries = found.entries
        total = {"open": len(entries), "overdue": sum(each.due.overdue for each in entries)}
        title = f"Reason not yet known: {total['open']} open, {total['overdue']} overdue"
        listing = Listing(COLUMNS, entries)
        notes = [*_what_to_do(entries), _WHO]
        return Answer(
            {"as_of": {"from": found.first}, "rows": listing, "total": total},
            blocks=[listing.grid(title, order=_READ, notes=notes)],
        )

    def unknown(self) -> Answer:
        """Return no entry."""
        return Answer({"rows": Listing(COLUMNS, [])})


@dataclass(frozen=True, slots=True)
class Due:
    """By when a provisional entry is to be replaced, in school days as at a day.

    ``deadline``: none where the law of the day had none, or the calendar ends before it;
    ``today``: that is the day.
    """

    deadline: date | None
    today: bool = False
    overdue: bool = False
    overdue_by: int = 0
    left: int | None = None


def due(days: list[date], session: date, on: date) -> Due:
    """Return when a provisional entry of a day is due, as at ``on``; ``days``: school days."""
    over = provisional_days_over(days, session, on)
    deadline = None if over is None else provisional_deadline(days, session)
    if over is None or deadline is None:
        return Due(None)
    return Due(deadline, on == deadline, over > 0, over, school_days_between(days, on, deadline))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an entry may become: when, the code (none: to be chosen), what to type."""

    when: str
    code: str | None
    command: str


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """A provisional entry; ``may_become``: by kind of outcome."""

    session: Session
    person: Person
    code: str
    due: Due
    may_become: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class OpenEntries:
    """The provisional entries from a day on."""

    first: date
    entries: Sequence[OpenEntry]


def _entries(question: Unresolved, view: View, first: date) -> Iterator[OpenEntry]:
    whole, codes = rectangle(view, first, view.on), view.rules.codes
    open_ = cells(whole, codes, lambda rule: rule.provisional)
    days = view.calendar.school_days()
    for pupil, at in zip(*(open_ & selected_cells(view, question, whole)).nonzero(), strict=True):
        session, person = whole.sessions[at], view.people[int(pupil)]
        code, when = whole.book[whole.codes[pupil, at]], due(days, session.date, view.on)
        yield OpenEntry(session, person, code, when, _outcomes(codes, session, person.upn))


def _by_session(entry: OpenEntry) -> tuple[str, str]:
    return str(entry.session), entry.person.upn


def _outcomes(codes: Codes, session: Session, upn: str) -> dict[str, Outcome]:
    """Return what an entry may become.

    Nothing is said of days for which the law has no such list.
    """
    rule = parameters().find(_BECOMES, session.date)
    if rule is None:
        return {}
    becomes = rule.table
    found = {
        "came_late": (
            (
                "came after the register had closed, before the session ended "
                "(or the code of the circumstances, where they are established)"
            ),
            becomes["came_late"],
        ),
        "established": ("did not come, and the circumstances are established", None),
        "not_established": (
            "did not come, and the circumstances cannot be established",
            becomes["not_established"],
        ),
        "marked_wrongly": (
            "was here, and marked wrongly: a correction",
            codes.present(session.half),
        ),
    }
    return {
        name: Outcome(when, code, _command(upn, session, code))
        for name, (when, code) in found.items()
    }


def _command(upn: str, session: Session, code: str | None) -> str:
    words = ("--pupil", upn, "--session", str(session), "--code", code or "CODE")
    return f'attendance amend {shlex.join(words)} --reason "WHY"'


def _as_documents(entry: OpenEntry) -> dict[str, dict[str, str | None]]:
    return {name: asdict(outcome) for name, outcome in entry.may_become.items()}


def _state(entry: OpenEntry) -> str:
    due = entry.due
    if due.deadline is None:
        return "no deadline in law, or the calendar ends before it"
    if due.overdue:
        return f"overdue by {number_of(due.overdue_by, 'school day')}"
    if due.left:
        return f"{number_of(due.left, 'school day')} left"
    return "due today" if due.today else "due before the next school day"


def _what_to_do(entries: Sequence[OpenEntry]) -> Iterator[str]:
    """Say what the oldest may become, so that the lines can be typed as they are."""
    oldest = next((entry for entry in entries if entry.may_become), None)
    if oldest is None:
        return
    yield f"What {oldest.person.name}, {oldest.session}, may become, and likewise the others:"
    for outcome in oldest.may_become.values():
        yield f"  {outcome.when}: {outcome.code or 'the code for them'}"
        yield f"    {outcome.command}"


_WHO = "A person replaces each, with a reason; nothing is ever written by time passing."
COLUMNS: tuple[Column[OpenEntry], ...] = (
    Column("session", "Session", lambda each: str(each.session)),
    Column("upn", "UPN", lambda each: each.person.upn),
    Column("name", "Pupil", lambda each: each.person.name),
    Column("code", "Code"),
    Column("deadline", "Replace by", lambda each: each.due.deadline,
           text=lambda each: str(each.due.deadline or "not known")),
    Column("overdue", value=lambda each: each.due.overdue),
    Column("overdue_by", value=lambda each: each.due.overdue_by),
    Column("days_left", value=lambda each: each.due.left),
    Column("", "State", text=_state),
    Column("may_become", value=_as_documents, csv=False),
)  # fmt: skip
_READ = ("Session", "Pupil", "UPN", "Code", "Replace by", "State")
