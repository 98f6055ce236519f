"""A case explained in words that a parent could follow: sessions, windows, the rule."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.clock import local, parse_instant
from ledger.values import parse_session
from policies.law.penalties import Measure
from policies.packs.values import parameters
from projections.penalties.penalties_register import counted_from, letters
from projections.penalties.recorded import Consideration
from projections.penalties.text import Listed, day, in_words, sentence
from projections.queries.question import Block, Lines
from projections.queries.view import View

_OUTCOMES = {
    "first": "a notice would be the first in the period",
    "second": "a notice would be the second in the period",
    "barred": "no further notice may be issued in the period",
}


def explained(view: View, found: Sequence[Listed], measure: Measure) -> list[Block]:
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


def _pupil(view: View, each: Listed) -> list[str]:
    row = each.row
    lines = [f"{view.people[each.pupil].name} ({row['upn']})"]
    lines += _window(view, "Latest window", row["window"], row["sessions"])
    lines.append(
        f"  {row['settled']} of them settled; {row['fresh']} on which no earlier notice relied"
    )
    if row["peak_window"] != row["window"]:
        lines += _window(view, "Fullest window so far", row["peak_window"], row["peak_sessions"])
    lines += _times(row)
    lines += [f"  Considered {_considered(each)}" for each in each.considered]
    lines += [f"  Parent {_parent(parent)}" for parent in row["parents"]]
    lines += [f"  To clear up first: {blocker.partition(': ')[2]}" for blocker in row["blockers"]]
    return [*lines, ""]


def _window(
    view: View, name: str, window: Mapping[str, str], cells: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    number = "1 session" if len(cells) == 1 else f"{len(cells)} sessions"
    yield (
        f"  {name}, the school weeks from Monday {day(window['first_week'])} to the one of "
        f"Monday {day(window['last_week'])}: {number}"
    )
    for cell in cells:
        session = parse_session(cell["session"])
        meaning = view.rules.codes.rule(cell["code"], session.date).description
        when = f"{session.date:%A} {day(session.date)}, {_half(session.half)}"
        yield f"    {when}: {cell['code']}, {meaning}"


def _half(half: str) -> str:
    return "morning" if half == "AM" else "afternoon"


def _times(row: Mapping[str, Any]) -> Iterator[str]:
    if row["first_met_on"]:
        yield f"  The threshold was first reached with a session on {day(row['first_met_on'])}"
    if row["first_recorded_met_at"]:
        at = local(parse_instant(row["first_recorded_met_at"]))
        yield f"  The register first held as many on {day(at.date())} at {at:%H:%M}"
    if row["oldest_leaves_on"]:
        yield f"  The oldest session leaves the window on {day(row['oldest_leaves_on'])}"


def _considered(found: Consideration) -> str:
    by = ", ".join(filter(None, (found.by["name"], found.by["job_title"])))
    return f"on {day(local(found.at).date())} by {by}: {found.decision} ({found.reason})"


def _parent(parent: Mapping[str, Any]) -> str:
    confirmed = parent["la_confirmed_on"]
    source = f" (the authority last confirmed on {day(confirmed)})" if confirmed else ""
    previous = f"{parent['previous']} earlier in the period on our records{source}"
    return f"{parent['parent_id']}: {previous}; {_OUTCOMES[parent['outcome']]}"
