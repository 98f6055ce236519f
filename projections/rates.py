"""attendance rates: attendance, absence and codes by pupil or group."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from projections.query import Answer, Grid, Lines, Selection, natural, of, option
from projections.rectangle import Flags, Rectangle, rectangle
from projections.tally import Counter, Tally
from projections.view import View
from projections.who import NO_GROUP, groups_of, membership_cells, selected

_COLUMNS = (
    "possible",
    "attended",
    "authorised",
    "unauthorised",
    "late",
    "missing",
    "undated",
    "codes",
    "attendance",
)


@dataclass(frozen=True, kw_only=True)
class Rates(Selection):
    """Counts of sessions, and attendance as a percentage of the possible ones."""

    by: Literal["pupil", "registration", "year", "cohort", "school"] = option(
        "one row for each",
        "pupil",
        choices=("pupil", "registration", "year", "cohort", "school"),
    )


def answer(question: Rates, view: View) -> Answer:
    """Answer with one row for each pupil or group, and the total."""
    key = "upn" if question.by == "pupil" else "group"
    if view.knows_nothing:
        return _nothing(view, key)
    rows, total = tallies(question, view)
    document = {
        "as_of": view.as_of(),
        "by": question.by,
        "rows": [{key: name, **tally.row()} for name, tally in rows],
        "total": total.row(),
    }
    return Answer(document, (key, *_COLUMNS), [_table(question, view, rows, total)])


def tallies(question: Rates, view: View) -> tuple[list[tuple[str, Tally]], Tally]:
    """Return a tally for each pupil (by UPN) or group, sorted by it, and for all together."""
    whole = rectangle(view)
    counter = Counter(whole, view.rules.codes)
    chosen = counter.of_those_who_met(selected(view, question, whole))
    counts, undated = counter.by_pupil(chosen)
    total = counter.tally(counts.sum(axis=0), undated.sum())
    if question.by == "pupil":
        found = [
            (view.people[int(n)].upn, counter.tally(counts[n], undated[n]))
            for n in np.nonzero(chosen.any(axis=1))[0]
        ]
    else:
        found = list(_by_group(question, view, counter, chosen))
    return sorted(found, key=lambda row: row[0]), total


def _by_group(
    question: Rates, view: View, counter: Counter, chosen: Flags
) -> Iterator[tuple[str, Tally]]:
    for name, cells in _groups(question, view, counter.whole):
        here = chosen & cells
        rows: Flags = np.any(here, axis=1)
        if rows.any():
            counts, undated = counter.by_pupil(here[rows], rows)
            yield name, counter.tally(counts.sum(axis=0), undated.sum())


def _groups(question: Rates, view: View, whole: Rectangle) -> Iterator[tuple[str, Flags]]:
    if question.by == "school":
        yield (view.school or {}).get("urn", NO_GROUP), np.ones(whole.codes.shape, np.bool_)
        return
    rest = np.ones(whole.codes.shape, np.bool_)
    for name, wanted in groups_of(view, question.by).items():
        per_session = question.membership == "session"
        cells = membership_cells(view, wanted, whole, per_session=per_session)
        rest &= ~cells
        yield name, cells
    yield NO_GROUP, rest


def _nothing(view: View, key: str) -> Answer:
    document: dict[str, Any] = {
        "as_of": view.as_of(),
        "knows_nothing": True,
        "rows": [],
        "total": None,
    }
    return Answer(document, (key, *_COLUMNS), [Lines([view.ignorance()])])


def _table(question: Rates, view: View, rows: list[tuple[str, Tally]], total: Tally) -> Grid:
    named = {p.upn: p.name for p in view.people.values()} if question.by == "pupil" else {}
    first = ("UPN", "Name") if named else (question.by.capitalize(),)
    headings = (
        *first,
        "Possible",
        "Attended",
        "Authorised",
        "Unauthorised",
        "Late",
        "No mark",
        "Attendance",
    )
    rows = sorted(rows, key=lambda row: natural(row[0]))
    body = [
        (*((key, named.get(key, "")) if named else (key,)), *_cells(tally)) for key, tally in rows
    ]
    body.append((*(("All", "") if named else ("All",)), *_cells(total)))
    notes = [view.provenance()]
    if total.undated:
        notes.insert(0, f"Marks that state no time of recording: {total.undated}")
    return Grid(
        f"Attendance by {question.by}",
        headings,
        body,
        numeric=frozenset(range(len(first), len(headings))),
        total=True,
        notes=notes,
    )


def _cells(tally: Tally) -> tuple[str, ...]:
    counts = (tally.possible, tally.attended, tally.authorised, tally.unauthorised, tally.late)
    return (*map(str, counts), str(tally.missing), of(tally.attended, tally.possible))
