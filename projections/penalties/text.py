"""The list of `penalties` as a table, as CSV, and explained in words that a parent could follow.

It says what is recorded, never a finding.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.clock import local, parse_instant
from ledger.english import day, in_words, number_of, part_of_day, weekday
from ledger.values import parse_session
from policies.law.penalties import Measure
from policies.packs.values import parameters
from projections.penalties.case import Case, counted_from, letters
from projections.penalties.considerations import Consideration
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.columns import natural_order
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


@dataclass(frozen=True, slots=True)
class ListedPupil:
    """A pupil listed: row number, case, row of the answer, considerations with their reasons."""

    pupil: int
    case: Case
    row: dict[str, Any]
    considered: Sequence[Consideration]


def csv_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without nested values, for CSV."""
    return {
        **row,
        "window": _weeks_cell(row["window"]),
        "peak_window": _weeks_cell(row["peak_window"]),
        "sessions": _sessions_cell(row["sessions"]),
        "peak_sessions": _sessions_cell(row["peak_sessions"]),
        "considered": ";".join(f"{c['at']} {c['decision']}" for c in row["considered"]),
        "parents": ";".join(_parent_cell(parent) for parent in row["parents"]),
        "blockers": ";".join(row["blockers"]),
    }


def _weeks_cell(window: Mapping[str, str]) -> str:
    return f"{window['first_week']} to {window['last_week']}"


def _sessions_cell(cells: Sequence[Mapping[str, str]]) -> str:
    return ";".join(f"{cell['session']} {cell['code']}" for cell in cells)


def _parent_cell(parent: Mapping[str, Any]) -> str:
    return f"{parent['parent_id']}: {parent['previous']} previous, {parent['outcome']}"


def sentence(measure: Measure) -> str:
    """Say what a full window means, and what it does not."""
    return (
        f"{in_words(measure.sessions)} recorded sessions: a decision to consider is due; "
        "not a finding against a parent"
    )


def blocks(
    view: View, found: Sequence[ListedPupil], measure: Measure, *, early: bool
) -> list[Block]:
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
    listed = sorted(found, key=lambda each: natural_order(str(each.row["upn"])))
    body = [_line(view, each, early=early) for each in listed]
    meant = [_note(text) for text in _meaning(listed, measure)]
    notes = [*meant, _note(_scope_note(measure)), view.provenance()]
    about = f"Penalty notice threshold as at {view.on}: {number_of(len(found), 'pupil')}"
    return [Grid(about, headings, body, numeric=frozenset(range(2, 6)), notes=notes)]


def _meaning(listed: Sequence[ListedPupil], measure: Measure) -> Iterator[str]:
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


def _scope_note(measure: Measure) -> str:
    return (
        f"sessions in any {in_words(measure.weeks)} consecutive school weeks, from the whole "
        "history whatever --from says; earlier notices as on our records"
    )


def _note(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _line(view: View, each: ListedPupil, *, early: bool) -> tuple[str, ...]:
    row = each.row
    leaves = (row["oldest_leaves_on"] or "after the known terms",) if early else ()
    numbers = (row[name] for name in ("count", "settled", "fresh", "peak"))
    return (
        row["upn"],
        view.people[each.pupil].name,
        *map(str, numbers),
        row["first_met_on"] or "",
        *leaves,
        _last_consideration(row["considered"]),
        ", ".join(blocker.partition(":")[0] for blocker in row["blockers"]),
    )


def _last_consideration(considered: Sequence[Mapping[str, Any]]) -> str:
    if not considered:
        return ""
    newest = considered[-1]
    return f"{newest['decision']} {newest['at'][:10]}"


_OUTCOMES = {
    "first": "a notice would be the first in the period",
    "second": "a notice would be the second in the period",
    "barred": "no further notice may be issued in the period",
}


def explanation(view: View, found: Sequence[ListedPupil], measure: Measure) -> list[Block]:
    """Return the rule, then each pupil's sessions and windows."""
    return [Lines([*_rule(view, measure), ""]), *(Lines(_pupil(view, each)) for each in found)]


def _rule(view: View, measure: Measure) -> Iterator[str]:
    rule = parameters().value("penalty_notices.threshold", view.on)
    yield "How this is counted"
    yield (
        f"  When the register holds {in_words(measure.sessions)} sessions of unauthorised or "
        f"unexplained absence ({', '.join(letters(view.rules.codes))})"
    )
    yield (
        f"  in any {in_words(measure.weeks)} school weeks in a row, the head teacher, or "
        "somebody the head authorises, has to consider"
    )
    yield "  whether a penalty notice is the right step. It is a duty to think about it, no more:"
    yield f"  {sentence(measure)}."
    yield "  A session is half a school day. A school week runs from Monday to Sunday and has at"
    yield "  least one session; weeks of holiday are left out, and the count runs on across them."
    yield "  Only sessions on which the child was of compulsory school age count, from"
    yield f"  {day(counted_from(view.rules.codes))} on."
    yield f"  Reference: {rule.reference} ({rule.confidence})."


def _pupil(view: View, each: ListedPupil) -> list[str]:
    row = each.row
    lines = [f"{view.people[each.pupil].name} ({row['upn']})"]
    lines += _window(view, "Latest window", row["window"], row["sessions"])
    lines.append(
        f"  {row['settled']} of them settled; {row['fresh']} on which no earlier notice relied"
    )
    if row["peak_window"] != row["window"]:
        lines += _window(view, "Fullest window so far", row["peak_window"], row["peak_sessions"])
    lines += _times(row)
    lines += [f"  Considered {_consideration_words(each)}" for each in each.considered]
    lines += [f"  Parent {_parent_words(parent)}" for parent in row["parents"]]
    lines += [f"  To clear up first: {blocker.partition(': ')[2]}" for blocker in row["blockers"]]
    return [*lines, ""]


def _window(
    view: View, name: str, window: Mapping[str, str], cells: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    yield (
        f"  {name}, the school weeks from Monday {day(window['first_week'])} to the one of "
        f"Monday {day(window['last_week'])}: {number_of(len(cells), 'session')}"
    )
    for cell in cells:
        session = parse_session(cell["session"])
        meaning = view.rules.codes.rule(cell["code"], session.date).description
        when = f"{weekday(session.date)}, {part_of_day(session.half)}"
        yield f"    {when}: {cell['code']}, {meaning}"


def _times(row: Mapping[str, Any]) -> Iterator[str]:
    if row["first_met_on"]:
        yield f"  The threshold was first reached with a session on {day(row['first_met_on'])}"
    if row["first_recorded_met_at"]:
        at = local(parse_instant(row["first_recorded_met_at"]))
        yield f"  The register first held as many on {day(at.date())} at {at:%H:%M}"
    if row["oldest_leaves_on"]:
        yield f"  The oldest session leaves the window on {day(row['oldest_leaves_on'])}"


def _consideration_words(found: Consideration) -> str:
    by = ", ".join(filter(None, (found.by["name"], found.by["job_title"])))
    return f"on {day(local(found.at).date())} by {by}: {found.decision} ({found.reason})"


def _parent_words(parent: Mapping[str, Any]) -> str:
    confirmed = parent["la_confirmed_on"]
    source = f" (the authority last confirmed on {day(confirmed)})" if confirmed else ""
    previous = f"{parent['previous']} earlier in the period on our records{source}"
    return f"{parent['parent_id']}: {previous}; {_OUTCOMES[parent['outcome']]}"
