"""attendance changes: what was amended, entered late or restated, filtered."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from projections.history import COLUMNS, table
from projections.query import Answer, Lines, Selection, number_of, option
from projections.rectangle import rectangle
from projections.versions import Describer, Version, numbered, versions
from projections.view import View
from projections.who import selected

_CHANGED = """m.session BETWEEN :v0 AND :v1 AND (m.pupil, m.session) IN (
    SELECT pupil, session FROM marks WHERE kind <> 'entry' AND session BETWEEN :v0 AND :v1)"""
KINDS = ("amendment", "late_entry", "restated")


@dataclass(frozen=True, kw_only=True)
class Changes(Selection):
    """Changes after the register had ended, by session date (--from, --on) and more."""

    changed_from: date | None = option("changed on or after this date")
    changed_to: date | None = option("changed on or before this date")
    from_code: str | None = option("from this code")
    to_code: str | None = option("to this code")
    by_staff: str | None = option("by this member of staff (id)")
    lag_over: int | None = option("more than so many school days after the session", minimum=0)


def answer(question: Changes, view: View) -> Answer:
    """Answer with the changes known, by session and then pupil."""
    if view.knows_nothing:
        document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
        return Answer(document, _columns(), [Lines([view.ignorance()])])
    describer = Describer(view)
    first, last = view.first.isoformat(), f"{view.on.isoformat()}~"
    found = numbered(versions(view, _CHANGED, first, last))
    chosen = _chosen(question, view)
    rows = [
        {"upn": view.people[version.pupil].upn, **describer.row(number, version)}
        for number, version in found
        if version.pupil in chosen and _wanted(question, describer, version)
    ]
    if question.lag_over is not None:
        over = question.lag_over
        rows = [r for r in rows if (r["late_by_school_days"] or 0) > over]
    rows.sort(key=lambda r: (r["session"], r["upn"], r["position"]))
    document = {"as_of": view.as_of(), "rows": rows}
    return Answer(
        document, _columns(), [table(number_of(len(rows), "change"), rows, view, upn=True)]
    )


def _columns() -> tuple[str, ...]:
    return ("upn", *COLUMNS)


def _chosen(question: Changes, view: View) -> set[int]:
    """Return the pupils asked for; a filter by group is one by membership at `on`."""
    whole = rectangle(view)
    if not whole.sessions:  # who is meant needs a column, also where no session is in a term
        whole = replace(whole, codes=np.zeros((len(whole.codes), 1), np.uint8))
    cells = selected(view, question, whole)
    return {n for n in view.people if cells[n].any()}


def _wanted(question: Changes, describer: Describer, version: Version) -> bool:
    if version.kind not in KINDS:
        return False
    asked_and_is = (
        (question.from_code, version.replaced),
        (question.to_code, version.code),
        (question.by_staff, version.by),
    )
    if any(asked is not None and asked != found for asked, found in asked_and_is):
        return False
    if question.changed_from is None and question.changed_to is None:
        return True
    on = describer.changed_on(version)
    earliest, latest = question.changed_from or date.min, question.changed_to or date.max
    return on is not None and earliest <= on <= latest
