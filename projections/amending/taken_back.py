"""What was recorded wrongly and taken back: by whom it was recorded, who took it back and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.english import number_of
from projections.queries.columns import Column, Listing
from projections.queries.people import Person
from projections.queries.question import Answer, Question, option
from projections.queries.versions import (
    Describer,
    Signatory,
    at_column,
    by_columns,
    named,
    recorded_columns,
)
from projections.queries.view import View
from projections.readmodel.record import Versioned
from projections.readmodel.records.amending import Evidence, TakenBack
from projections.readmodel.records.disclosure import Disclosure, ReturnMade
from projections.readmodel.records.penalties import (
    AlertSettlement,
    CaseworkStep,
    Confirmation,
    Consideration,
    Notice,
)


class WrongEntry(NamedTuple):
    """An entry that was taken back: what it said, by whom and when; then the same of its end.

    ``person``: none where it is about the school, or nobody is known any more.
    """

    taken: TakenBack
    person: Person | None
    what: str
    recorded_by: Signatory | None
    recorded_at: int
    reason: str | None
    by: Signatory
    at: int


@dataclass(frozen=True, kw_only=True)
class TakenBackEntries(Question[Sequence[WrongEntry]]):
    """attendance taken-back: entries that were recorded wrongly and taken back, by whom and why.

    Penalty notices, confirmations, considerations, alerts settled, disclosures, returns, evidence,
    steps with a family.
    """

    pupil: str | None = option("one pupil, by UPN or local id")

    def find(self, view: View) -> Sequence[WrongEntry]:
        """Find what was taken back, in that order."""
        wanted = {} if self.pupil is None else {"pupil": view.pupil_index(self.pupil)}
        return wrong_entries(view, **wanted)

    def present(self, found: Sequence[WrongEntry]) -> Answer:
        """Show one row an entry."""
        listing = Listing(COLUMNS, found)
        title = f"{number_of(len(found), 'entry', 'entries')} recorded wrongly and taken back"
        return Answer({"rows": listing}, blocks=[listing.grid(title, order=_READ)])

    def unknown(self) -> Answer:
        """Return no entry."""
        return Answer({"rows": Listing(COLUMNS, [])})


def wrong_entries(view: View, **where: int) -> list[WrongEntry]:
    """Return what was taken back, as known; of some pupil, or of all."""
    describer = Describer(view)
    known = sorted(view.standing(TakenBack, **where), key=lambda each: each.line)
    return [_described(view, describer, each) for each in known]


def _described(view: View, describer: Describer, taken: TakenBack) -> WrongEntry:
    recorded, ended = view.commits.of(taken.entry), view.commits.of(taken.line)
    return WrongEntry(
        taken,
        None if taken.pupil is None else view.person(taken.pupil),
        _what(view, taken.entry),
        describer.committer(recorded),
        recorded.at,
        view.open(taken.reason),
        Signatory(*view.author(taken), ended.authenticated),
        ended.at,
    )


def _what(view: View, entry: int) -> str:
    [(words, found)] = [
        (words, found) for record, words in _WORDS.items() for found in view.ever(record, kf=entry)
    ]
    return words(view, found)


_WORDS: Mapping[type[Versioned], Callable[[View, Any], str]] = MappingProxyType(
    {
        Notice: lambda _, n: f"penalty notice {n.kind} of {n.issued_on} to {n.parent}",
        Confirmation: lambda _, c: (
            f"{number_of(c.notices, 'notice')} to {c.parent}, confirmed {c.confirmed_on}"
        ),
        Consideration: lambda _, c: f"penalty notice considered: {c.decision}",
        AlertSettlement: lambda _, a: f"alert {a.alert} settled: {a.outcome}",
        Disclosure: lambda view, d: f"{d.kind} of {d.on_date} to {view.open(d.recipient)}",
        ReturnMade: lambda _, r: f"{r.kind} return of {r.on_date}",
        CaseworkStep: lambda view, s: f"step with the family: {view.open(s.step)} of {s.on_date}",
        Evidence: lambda view, e: f"evidence: {view.open(e.file) or view.open(e.note)}",
    }
)
"""What each kind of entry said, in words."""

COLUMNS: tuple[Column[WrongEntry], ...] = (
    Column("entry", "Entry", lambda row: row.taken.entry, number=True),
    Column("upn", "UPN", lambda row: row.person and row.person.upn),
    Column("name", "Pupil", lambda row: row.person.name if row.person else "the school"),
    Column("what", "What"),
    at_column("entered_at", "Recorded", lambda row: row.recorded_at),
    Column("recorded_by", "Recorded by", csv=False, text=lambda row: named(row.recorded_by),
           value=lambda row: row.recorded_by and row.recorded_by._asdict()),
    Column("reason", "Why it was wrong"),
    *by_columns(lambda row: row.by),
    *recorded_columns("Taken back", lambda row: row.at),
    Column("position", value=lambda row: row.taken.line),
)  # fmt: skip
_READ = (
    "Entry", "Pupil", "What", "Recorded", "Recorded by", "Why it was wrong", "Taken back", "By",
)  # fmt: skip
