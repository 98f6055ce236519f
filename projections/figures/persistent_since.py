"""Who came on the list of persistent absence since a date, went off it or stayed, and why."""

from dataclasses import replace
from datetime import date
from typing import Any

from ledger.errors import Refused
from projections.queries.counted import counted
from projections.queries.enrolments import Enrolment, Population, enrolments
from projections.queries.question import Selection, of
from projections.queries.view import View

KEPT = ("came_on", "went_off", "still_on")
_KINDS = {(False, True): "came_on", (True, False): "went_off", (True, True): "still_on"}


def since(
    question: Selection, view: View, population: Population, day: date, now: list[Enrolment]
) -> dict[str, Any]:
    """Compare the list of an earlier date with the one of the view, both as known."""
    if day > view.on:
        raise Refused(
            "since-later",
            f"--since {day} is later than --on {view.on}",
            "give an earlier date",
        )
    then = replace(view, question=replace(question, on=day))
    before = {e.pupil: e for e in enrolments(then, counted(question, then), population)}
    after = {e.pupil: e for e in now}
    found: dict[str, Any] = {"date": day.isoformat(), **{kind: [] for kind in KEPT}}
    for pupil in before.keys() | after.keys():
        old, new = before.get(pupil), after.get(pupil)
        kind = _KINDS.get((_listed(old), _listed(new)))
        if kind is not None:
            found[kind].append(_row(old, new))
    for kind in KEPT:
        found[kind].sort(key=lambda row: row["upn"])
    return found


def _listed(enrolment: Enrolment | None) -> bool:
    return enrolment is not None and enrolment.persistent


def _row(old: Enrolment | None, new: Enrolment | None) -> dict[str, Any]:
    either = new or old
    return {
        "upn": either.upn if either else "",
        "before": old.counts if old else None,
        "after": new.counts if new else None,
        "why": _why(old, new),
    }


def _why(old: Enrolment | None, new: Enrolment | None) -> str:
    if old is None:
        return "had no possible session, or was outside this population, on the earlier date"
    if new is None:
        return "is outside this population, or of this question, on the later date"
    possible = new.tally.possible - old.tally.possible
    absent = new.tally.absent - old.tally.absent
    if 0 <= absent <= possible:
        return f"absent since for {of(absent, possible)}"
    return "counted anew: the later date has other sessions or another school year"
