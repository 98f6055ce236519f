"""What left the school, to whom, and what changed in its period since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.english import number_of
from projections.history.change_filters import AFTER_THE_TAKING
from projections.queries.question import Answer, Grid, Lines, Selection
from projections.queries.selection import selected_pupils
from projections.queries.versions import Version, versions, versions_of
from projections.queries.view import View
from projections.readmodel.tables import PUPIL_SEPARATOR

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
class Disclosures(Selection):
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
    """One extract; ``to``, ``what`` and ``name`` still sealed where they are.

    ``pupils``: row numbers of those it is about, none where it is about many or everyone.
    """

    kind: str
    pupils: tuple[int, ...]
    to: str | None
    what: str | None
    on: str
    first: str | None
    last: str | None
    seen_at: int
    sha256: str | None
    name: str
    job_title: str
    position: int


def extracts_asked_for(question: Disclosures, view: View) -> list[Extract]:
    """Return what is about somebody asked for, or about many; by day and position."""
    who = selected_pupils(question, view)
    found = [
        each
        for each in extracts(view)
        if each.on <= view.on.isoformat() and (not each.pupils or who.intersection(each.pupils))
    ]
    if question.from_ is not None:
        found = [each for each in found if each.on >= view.first.isoformat()]
    return sorted(found, key=lambda each: (each.on, each.position))


def extracts(view: View) -> Iterator[Extract]:
    """Yield everything that left, as known: extracts, returns made, alerts sent."""
    columns = "kind, pupil, recipient, what, on_date, first, last, seen_at, sha256, name, "
    for kind, pupil, *rest in view.stood(columns + "job_title, line", "disclosures"):
        yield Extract(kind, () if pupil is None else (pupil,), *rest)
    columns = "kind, pupils, on_date, line, name, job_title"
    for kind, pupils, on, line, name, title in view.stood(columns, "returns_made"):
        about = tuple(int(pupil) for pupil in pupils.split(PUPIL_SEPARATOR) if pupil)
        what = f"{kind} return"
        yield Extract(
            "return", about, _AUTHORITY, what, on, None, None, line, None, name, title, line
        )
    columns = "alert, pupil, to_whom, on_date, kf, name, job_title"
    for alert, pupil, to, on, line, name, title in view.stood(
        columns, "alerts_settled", "outcome = 'sent'"
    ):
        what = f"notice of alert {alert}"
        yield Extract("alert", (pupil,), to, what, on, None, None, line, None, name, title, line)


def extract_row(view: View, each: Extract) -> dict[str, Any]:
    """Return one extract as a row."""
    return {
        "kind": each.kind,
        "upn": ";".join(view.people[pupil].upn for pupil in each.pupils) or None,
        "to": _text(view, each.to),
        "what": _text(view, each.what),
        "on": each.on,
        "first": each.first,
        "last": each.last,
        "seen_at": each.seen_at,
        "changed_since": _count_changes_since(view, each),
        "sha256": each.sha256,
        "by": view.open(each.name),
        "title": each.job_title,
        "position": each.position,
    }


def _text(view: View, text: str | None) -> str | None:
    return view.open(text) if text and text.startswith("~") else text


def _count_changes_since(view: View, each: Extract) -> int | None:
    """Count the changes in its period that were recorded after it; none without a period."""
    if each.first is None or each.last is None:
        return None
    found = _versions(view, each, date.fromisoformat(each.first), date.fromisoformat(each.last))
    return sum(v.position > each.seen_at and v.kind in AFTER_THE_TAKING for v in found)


def _versions(view: View, each: Extract, first: date, last: date) -> Iterable[Version]:
    if each.pupils:
        return versions_of(view, each.pupils, first, last)
    where = "m.session BETWEEN :v0 AND :v1 AND m.kf > :v2"
    return versions(view, where, first.isoformat(), f"{last.isoformat()}~", each.seen_at)


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
