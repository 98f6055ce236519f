"""The list of penalties as a table and as CSV: what is recorded, never a finding."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from policies.law.penalties import Measure
from projections.penalties.case import Case
from projections.penalties.recorded import Consideration
from projections.queries.question import Block, Grid, natural, number_of
from projections.queries.view import View

COLUMNS = (
    "upn",
    "count",
    "settled",
    "fresh",
    "met",
    "peak",
    "first_met_on",
    "first_recorded_met_at",
    "window",
    "sessions",
    "peak_window",
    "peak_sessions",
    "oldest_leaves_on",
    "considered",
    "parents",
    "blockers",
)
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
            "eleven", "twelve")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A pupil listed: row number, case, row of the answer, considerations with their reasons."""

    pupil: int
    case: Case
    row: dict[str, Any]
    considered: Sequence[Consideration]


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without nested values, for CSV."""
    return {
        **row,
        "window": _weeks(row["window"]),
        "peak_window": _weeks(row["peak_window"]),
        "sessions": _cells(row["sessions"]),
        "peak_sessions": _cells(row["peak_sessions"]),
        "considered": ";".join(f"{c['at']} {c['decision']}" for c in row["considered"]),
        "parents": ";".join(_parent(parent) for parent in row["parents"]),
        "blockers": ";".join(row["blockers"]),
    }


def _weeks(window: Mapping[str, str]) -> str:
    return f"{window['first_week']} to {window['last_week']}"


def _cells(cells: Sequence[Mapping[str, str]]) -> str:
    return ";".join(f"{cell['session']} {cell['code']}" for cell in cells)


def _parent(parent: Mapping[str, Any]) -> str:
    return f"{parent['parent_id']}: {parent['previous']} previous, {parent['outcome']}"


def sentence(measure: Measure) -> str:
    """Say what a full window means, and what it does not."""
    return (
        f"{in_words(measure.sessions)} recorded sessions: a decision to consider is due; "
        "not a finding against a parent"
    )


def in_words(number: int) -> str:
    """Write a small number in words."""
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def blocks(view: View, found: Sequence[Listed], measure: Measure, *, early: bool) -> list[Block]:
    """Return the table; ``early``: a warning before the threshold, with when sessions leave."""
    headings = (
        "UPN",
        "Name",
        "In window",
        "Settled",
        "Fresh",
        "Fullest",
        "First met on",
        *(("Oldest leaves on",) if early else ()),
        "Considered",
        "To clear up first",
    )
    listed = sorted(found, key=lambda each: natural(str(each.row["upn"])))
    body = [_line(view, each, early=early) for each in listed]
    meant = [_note(text) for text in _meaning(listed, measure)]
    notes = [*meant, _note(_earlier(measure)), view.provenance()]
    about = f"Penalty notice threshold as at {view.on}: {number_of(len(found), 'pupil')}"
    return [Grid(about, headings, body, numeric=frozenset(range(2, 6)), notes=notes)]


def _meaning(listed: Sequence[Listed], measure: Measure) -> Iterator[str]:
    """Yield what being on this list means: a duty only for those who met the threshold."""
    met = [each.row["met"] for each in listed]
    if any(met) or not met:
        yield sentence(measure)
    if not all(met):
        yield (
            f"where no day is given on which it was met, fewer than {in_words(measure.sessions)} "
            "are recorded: an early warning, and no duty to consider; not a finding against a "
            "parent"
        )


def _earlier(measure: Measure) -> str:
    return (
        f"sessions in any {in_words(measure.weeks)} consecutive school weeks, from the whole "
        "history whatever --from says; earlier notices as on our records"
    )


def _note(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _line(view: View, each: Listed, *, early: bool) -> tuple[str, ...]:
    row = each.row
    leaves = (row["oldest_leaves_on"] or "after the known terms",) if early else ()
    numbers = (row[name] for name in ("count", "settled", "fresh", "peak"))
    return (
        row["upn"],
        view.people[each.pupil].name,
        *map(str, numbers),
        row["first_met_on"] or "",
        *leaves,
        _last(row["considered"]),
        ", ".join(blocker.partition(":")[0] for blocker in row["blockers"]),
    )


def _last(considered: Sequence[Mapping[str, Any]]) -> str:
    if not considered:
        return ""
    newest = considered[-1]
    return f"{newest['decision']} {newest['at'][:10]}"


def day(on: date | str) -> str:
    """Write a date as people say it: 20 November 2026."""
    found = date.fromisoformat(on) if isinstance(on, str) else on
    return f"{found.day} {found:%B %Y}"
