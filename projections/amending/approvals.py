"""Amendments that wait for a second person, and what became of others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from ledger.clock import iso
from ledger.english import number_of
from projections.queries.blocks import Block, Lines
from projections.queries.columns import Column, Listing
from projections.queries.pending import code_that_stands
from projections.queries.people import Author, Person
from projections.queries.question import Answer, Question, option
from projections.queries.versions import moment
from projections.queries.view import View
from projections.readmodel.records.amending import Request, RequestStep

GROUNDS = {
    "late": "late",
    "many": "many at once",
    "relied-on": "a notice relied on it",
}


class Said(NamedTuple):
    """A request, or what became of it: by whom, when and why."""

    by: Author
    at: int
    reason: str | None

    @property
    def words(self) -> str:
        """By whom and when, London time."""
        return f"by {self.by.titled}, {moment(self.at)}"


class RequestedChange(NamedTuple):
    """An amendment that was asked for, the code that stands there now, and how it ended."""

    request: Request
    person: Person
    nature: str | None
    stands: str | None
    asked: Said
    ended: Said | None

    @property
    def stale(self) -> bool:
        """Whether it waits, and another code than its original stands by now."""
        return self.request.decision is None and self.stands != self.request.original


@dataclass(frozen=True, kw_only=True)
class Approvals(Question[Sequence[RequestedChange]]):
    """attendance approvals: amendments that wait for a second person, and what became of others.

    One row a requested change; whatever the session's date.
    """

    all_: bool = option("those decided too, with who decided, when and why", default=False)
    batch: str | None = option("the requests of one batch")
    pupil: str | None = option("the requests about one pupil, by UPN or local id")

    def find(self, view: View) -> Sequence[RequestedChange]:
        """Find what waits, or all that was requested, by batch, session and pupil."""
        found = [_change(view, each) for each in view.standing(Request, **self._wanted(view))]
        return sorted(found, key=_by_place)

    def _wanted(self, view: View) -> dict[str, str | int | None]:
        wanted: dict[str, str | int | None] = {} if self.batch is None else {"batch": self.batch}
        if self.pupil is not None:
            wanted["pupil"] = view.pupil_index(self.pupil)
        return wanted if self.all_ else wanted | {"decision": None}

    def present(self, found: Sequence[RequestedChange]) -> Answer:
        """Show the count, a table for each batch, author and reason, and what to know of them."""
        waiting = sum(each.request.decision is None for each in found)
        words = "nothing was requested" if self.all_ else "no amendment waits for approval"
        shown = list(self._blocks(found, waiting)) if found else [Lines([words])]
        return Answer({"rows": Listing(COLUMNS, found), "pending": waiting}, blocks=shown)

    def _blocks(self, found: Sequence[RequestedChange], waiting: int) -> Iterator[Block]:
        waits = "waits" if waiting == 1 else "wait"
        yield Lines([f"{number_of(waiting, 'amendment')} {waits} for approval"])
        order = _READ if self.all_ else _READ[:-1]
        for _, requests in groupby(found, key=_asked_together):
            of_it = list(requests)
            batch, asked = of_it[0].request.batch, of_it[0].asked
            title = f"Batch {batch}, asked for {asked.words}: {asked.reason}"
            yield Listing(COLUMNS, of_it).grid(title, order=order)
        notes = []
        if any(each.stale for each in found):
            notes.append("* The mark has changed since: decline the request, and ask again.")
        if waiting:
            notes.append(
                "Until it is approved, what is asked for does not count; what stands does."
            )
        yield Lines(notes)

    def unknown(self) -> Answer:
        """Return no request."""
        return Answer({"rows": Listing(COLUMNS, [])})


def _change(view: View, each: Request) -> RequestedChange:
    asked, *ended = [_said(view, step) for step in each.steps]
    return RequestedChange(
        each,
        view.people.get(each.pupil) or view.first_known_person(each.pupil),
        view.open(each.nature),
        code_that_stands(view, each),
        asked,
        ended[0] if ended else None,
    )


def _said(view: View, step: RequestStep) -> Said:
    by, at = view.decider(step, step.position), view.done_at(step.position, step.stated)
    return Said(by, at, view.open(step.reason))


def _by_place(change: RequestedChange) -> tuple[int, str, str]:
    return change.request.position, change.request.session, change.person.upn


def _asked_together(change: RequestedChange) -> tuple[str, int, str, str | None]:
    return change.request.batch, change.asked.at, change.request.by, change.asked.reason


def _change_in_words(change: RequestedChange) -> str:
    stale = f" * ({change.stands or 'no mark'} stands now)" if change.stale else ""
    return f"{change.request.original} -> {change.request.code}{stale}"


def _fate(change: RequestedChange) -> str:
    if change.ended is None:
        return "waits"
    why = f": {change.ended.reason}" if change.ended.reason else ""
    return f"{change.request.decision} {change.ended.words}{why}"


COLUMNS: tuple[Column[RequestedChange], ...] = (
    Column("batch", value=lambda row: row.request.batch),
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("name", "Pupil", lambda row: row.person.name),
    Column("session", "Session", lambda row: row.request.session),
    Column("original", value=lambda row: row.request.original),
    Column("code", value=lambda row: row.request.code),
    Column("", "Change", text=_change_in_words),
    Column("minutes_late", value=lambda row: row.request.minutes_late, csv=False),
    Column("nature", csv=False),
    Column("grounds", "Why it is held", lambda row: row.request.grounds,
           text=lambda row: ", ".join(GROUNDS[ground] for ground in row.request.grounds),
           csv=lambda row: " ".join(row.request.grounds)),
    Column("reason", value=lambda row: row.asked.reason),
    Column("requested_at", value=lambda row: iso(row.asked.at)),
    Column("requested_by", value=lambda row: row.asked.by.name),
    Column("requested_staff", value=lambda row: row.request.by, csv=False),
    Column("requested_title", value=lambda row: row.asked.by.job_title),
    Column("position", value=lambda row: row.request.position, csv=False),
    Column("stands"),
    Column("stale"),
    Column("decision", value=lambda row: row.request.decision),
    Column("decided_at", value=lambda row: row.ended and iso(row.ended.at)),
    Column("decided_by", value=lambda row: row.ended and row.ended.by.name),
    Column("decided_title", value=lambda row: row.ended and row.ended.by.job_title),
    Column("decided_reason", value=lambda row: row.ended and row.ended.reason),
    Column("decided_position", value=lambda row: row.request.decided, csv=False),
    Column("", "What became of it", text=_fate),
)  # fmt: skip
_READ = ("Session", "Pupil", "UPN", "Change", "Why it is held", "What became of it")
