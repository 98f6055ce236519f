"""Totals of another system against ours, pupil by pupil."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from projections.figures.reconcile_causes import Causes, causes, in_words
from projections.figures.reconcile_file import FIGURES, Theirs, read
from projections.queries.counted import counted
from projections.queries.question import Answer, Grid, Lines, Selection, argument, option
from projections.queries.tally import Tally
from projections.queries.view import View

_COLUMNS = (
    "upn",
    "name",
    *(f"{side}_{name}" for name in FIGURES for side in ("ours", "theirs", "difference")),
    "causes",
)


@dataclass(frozen=True, kw_only=True)
class ReconcileDfe(Selection):
    """attendance reconcile dfe: totals of another system against ours, pupil by pupil.

    Where a file of totals (the national tool's, or a register system's) differs, and why.

    Ask for the dates that the file is about: --from and --on.
    """

    file: Path = argument("CSV with one line a pupil: upn, possible, attended, …", metavar="FILE")
    map_: tuple[str, ...] = option(
        "COLUMN=NAME: what a column of the file holds (upn, possible, attended, authorised, "
        "unauthorised, late; - for nothing); may be repeated",
        (),
    )
    since: date | None = option("the day the file was made: look for marks changed after it")

    def answer(self, view: View) -> Answer:
        """Answer with one row a pupil whose figures differ, or who is on one side only."""
        theirs = read(self.file, self.map_)
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, _COLUMNS, [Lines([view.ignorance()])])
        here = counted(self, view)
        why = causes(view, here, self.since)
        rows = sorted(_rows(view, here.pupils(), theirs, why), key=lambda row: row["upn"])
        differ = [row for row in rows if row["causes"] is not None]
        document = {
            "as_of": view.as_of(),
            "file": self.file.name,
            "figures": list(theirs.columns),
            "since": self.since.isoformat() if self.since else None,
            "rows": differ,
            "total": _total(rows),
        }
        return Answer(document, _COLUMNS, [_table(self, view, document)])


def _rows(
    view: View, ours: Mapping[int, Tally], theirs: Theirs, why: Causes
) -> Iterator[dict[str, Any]]:
    known = {view.people[pupil].upn for pupil in ours}
    for pupil, tally in ours.items():
        person = view.people[pupil]
        stated = theirs.rows.get(person.upn)
        mine = {name: getattr(tally, name) for name in theirs.columns}
        yield _row((person.upn, person.name), mine, stated, why.of(pupil))
    for upn, stated in theirs.rows.items():
        if upn not in known:
            yield _row((upn, ""), None, stated, {})


def _row(
    who: tuple[str, str],
    ours: dict[str, int] | None,
    theirs: Mapping[str, int] | None,
    found: dict[str, int],
) -> dict[str, Any]:
    """Return the comparison of one pupil; ``causes`` none: nothing differs."""
    difference = {}
    if ours is None:
        found = {"only_there": 1}
    elif theirs is None:
        found = {"only_here": 1, **found}
    else:
        difference = {n: ours[n] - theirs[n] for n in ours if n in theirs and ours[n] != theirs[n]}
    alike = ours is not None and theirs is not None and not difference
    return {
        "upn": who[0],
        "name": who[1],
        "ours": ours,
        "theirs": dict(theirs) if theirs is not None else None,
        "difference": difference,
        "causes": None if alike else _likeliest(found, difference),
    }


def _likeliest(found: dict[str, int], difference: dict[str, int]) -> dict[str, int]:
    """Return the causes, those first whose number is the size of a difference."""
    sizes = {abs(number) for number in difference.values()}
    return dict(sorted(found.items(), key=lambda cause: cause[1] not in sizes))


def _total(rows: list[dict[str, Any]]) -> dict[str, int]:
    both = [row for row in rows if row["ours"] is not None and row["theirs"] is not None]
    return {
        "compared": len(both),
        "agree": sum(row["causes"] is None for row in both),
        "differ": sum(row["causes"] is not None for row in both),
        "only_here": sum(row["theirs"] is None for row in rows),
        "only_there": sum(row["ours"] is None for row in rows),
    }


def _table(question: ReconcileDfe, view: View, document: dict[str, Any]) -> Grid:
    total = document["total"]
    title = (
        f"{document['file']}: {total['compared']} pupils compared, {total['agree']} agree, "
        f"{total['differ']} differ; {total['only_here']} only here, "
        f"{total['only_there']} only in the file"
    )
    body = [
        (r["upn"], r["name"], _figures(r), in_words(r["causes"], question.since))
        for r in document["rows"]
    ]
    notes = [
        f"Compared: {', '.join(document['figures'])}, over the dates below.",
        "Causes are likely ones, from what is recorded here; those whose number fits come first.",
        view.provenance(),
    ]
    headings = ("UPN", "Pupil", "Here against file", "Likely cause")
    return Grid(title, headings, body, notes=notes)


def _figures(row: dict[str, Any]) -> str:
    if not row["difference"]:
        return ", ".join(f"{n} {v}" for n, v in (row["ours"] or row["theirs"]).items())
    return ", ".join(
        f"{n} {row['ours'][n]} against {row['theirs'][n]} ({by:+d})"
        for n, by in row["difference"].items()
    )
