"""What left the school, to whom, and what changed in its period since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.english import number_of
from projections.history.change_filters import AFTER_THE_TAKING
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Question, Selection
from projections.queries.selection import selected_pupils
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, sessions_of, versions, versions_of
from projections.readmodel.known import Between
from projections.readmodel.record import Sealed
from projections.readmodel.records.disclosure import Disclosure, ReturnMade
from projections.readmodel.records.penalties import AlertSettlement

COLUMNS = (
    "kind",
    "upn",
    "to",
    "what",
    "on",
    "first",
    "last",
    "seen_at",
    "changed_since",
    "sha256",
    "by",
    "title",
    "position",
)
_HEADINGS = ("Left on", "What", "Pupil", "To", "Covers", "Position", "Changed since", "By")
_NOTE = (
    "Changed since: amendments, late entries and restatements in the period that it covers, "
    "recorded after the position that it shows; '-' where it covers no period."
)
_AUTHORITY = "the local authority"


@dataclass(frozen=True, kw_only=True)
class Disclosures(Selection, Question):
    """attendance disclosures: what left the school, to whom, and what changed in its period since.

    Certificates, packs, letters, inspections, subject access; returns and alerts sent.

    For one pupil or group also what was about many, which may hold them.
    """

    def answer(self, view: View) -> Answer:
        """Answer with what left by the day of the view, oldest first."""
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, COLUMNS, [Lines([view.ignorance()])])
        rows = [extract_row(view, each) for each in extracts_asked_for(self, view)]
        document = {"as_of": view.as_of(), "rows": rows}
        title = f"{number_of(len(rows), 'extract')} left the school"
        notes = [*([_NOTE] if rows else []), view.provenance()]
        return Answer(document, COLUMNS, [_table(title, rows, notes)])


@dataclass(frozen=True, slots=True)
class Extract:
    """One extract; the ``name`` of who gave it is still sealed.

    ``pupils``: row numbers of those it is about, none where it is about many or everyone.
    """

    kind: str
    pupils: tuple[int, ...]
    to: str | None
    what: str | None
    on: date
    first: date | None
    last: date | None
    seen_at: int
    sha256: str | None
    name: Sealed
    job_title: str
    position: int


def extracts_asked_for(question: Disclosures, view: View) -> list[Extract]:
    """Return what is about somebody asked for, or about many; by day and position."""
    who = selected_pupils(question, view)
    found = [
        each
        for each in extracts(view)
        if each.on <= view.on and (not each.pupils or who.intersection(each.pupils))
    ]
    if question.from_ is not None:
        found = [each for each in found if each.on >= view.first]
    return sorted(found, key=lambda each: (each.on, each.position))


def extracts(view: View) -> Iterator[Extract]:
    """Yield everything that left, as known: extracts, returns made, alerts sent."""
    for each in view.standing(Disclosure):
        yield Extract(
            each.kind,
            () if each.pupil is None else (each.pupil,),
            view.open(each.recipient),
            view.open(each.what),
            each.on_date,
            each.first,
            each.last,
            each.seen_at,
            each.sha256,
            each.name,
            each.job_title,
            each.line,
        )
    for made in view.standing(ReturnMade):
        what, about = f"{made.kind} return", tuple(made.about)
        told = (_AUTHORITY, what, made.on_date, None, None, made.line, None)
        yield Extract("return", about, *told, made.name, made.job_title, made.line)
    for sent in view.standing(AlertSettlement, outcome="sent"):
        what, to = f"notice of alert {sent.alert}", view.open(sent.to_whom)
        assert sent.on_date is not None  # noqa: S101 - what was sent has its day
        when = (sent.on_date, None, None, sent.kf, None)
        yield Extract("alert", (sent.pupil,), to, what, *when, sent.name, sent.job_title, sent.kf)


def extract_row(view: View, each: Extract) -> dict[str, Any]:
    """Return one extract as a row."""
    return {
        "kind": each.kind,
        "upn": ";".join(view.people[pupil].upn for pupil in each.pupils) or None,
        "to": each.to,
        "what": each.what,
        "on": each.on.isoformat(),
        "first": each.first.isoformat() if each.first else None,
        "last": each.last.isoformat() if each.last else None,
        "seen_at": each.seen_at,
        "changed_since": _count_changes_since(view, each),
        "sha256": each.sha256,
        "by": view.open(each.name),
        "title": each.job_title,
        "position": each.position,
    }


def _count_changes_since(view: View, each: Extract) -> int | None:
    """Count the changes in its period that were recorded after it; none without a period."""
    if each.first is None or each.last is None:
        return None
    found = _versions(view, each, each.first, each.last)
    return sum(v.position > each.seen_at and v.kind in AFTER_THE_TAKING for v in found)


def _versions(view: View, each: Extract, first: date, last: date) -> Iterable[Version]:
    if each.pupils:
        return versions_of(view, each.pupils, first, last)
    later = Between(each.seen_at + 1, view.position)
    return versions(view, session=sessions_of(first, last), kf=later)


def _table(title: str, rows: list[dict[str, Any]], notes: list[str]) -> Grid:
    """Return extracts as a table."""
    return Grid(
        title,
        _HEADINGS,
        [_cells(row) for row in rows],
        frozenset({5, 6}),
        notes=notes,
    )


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    covers = f"{row['first']} to {row['last']}" if row["first"] else ""
    changed = "-" if row["changed_since"] is None else str(row["changed_since"])
    return (
        row["on"],
        f"{row['kind']}: {row['what']}",
        row["upn"] or "many",
        row["to"] or "not stated",
        covers,
        str(row["seen_at"]),
        changed,
        f"{row['by']}, {row['title']}",
    )
