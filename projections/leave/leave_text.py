"""Leave of absence in words: a table of requests, what followed, and each step with its reason."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from policies.law import leave as law
from policies.law.roll import Ground
from projections.leave.requests import Found
from projections.queries.question import Block, Grid, Lines, number_of
from projections.queries.view import View

_HEADINGS = (
    "Leave", "Pupil", "Asked on", "First", "Last", "Purpose", "State", "Code", "Met", "Planned",
    "As planned", "Otherwise", "Unmarked", "Back",
)  # fmt: skip
_WORDS = {
    "granted": "granted",
    "refused": "refused",
    "withdrawn": "withdrawn, recorded",
    "falsified": "found to be falsified, recorded",
}
_NOTE = (
    "Met = Planned + As planned + Otherwise + Unmarked; a plan is no entry until the register is "
    "taken."
)


def blocks(
    view: View, found: Sequence[Found], rows: Sequence[Mapping[str, Any]], *, full: bool
) -> list[Block]:
    """Return the table of requests; in ``full``: with who asked, decided and why, one by one."""
    body = [_cells(view, each, row) for each, row in zip(found, rows, strict=True)]
    notes = [
        _NOTE,
        *(line for row in rows for line in _facts(view.on, row)),
    ]
    if not full and rows:
        notes.append("With --pupil: who asked, who decided and why.")
    told = [line for each in found for line in _told(each)] if full else []
    end = [] if told else [view.provenance()]
    title = number_of(len(rows), "request") + " for leave"
    grid = Grid(title, _HEADINGS, body, frozenset(range(8, 13)), notes=[*notes, *end])
    return [grid, Lines([*told, "", view.provenance()])] if told else [grid]


def _cells(view: View, leave: Found, row: Mapping[str, Any]) -> tuple[str, ...]:
    first, last = leave.covers
    numbers = ("met", "planned", "as_planned", "otherwise", "unmarked")
    return (
        leave.id,
        view.people[leave.pupil].name,
        str(leave.asked_on),
        str(first),
        str(last),
        leave.purpose,
        leave.state,
        row["code"] or "",
        *(str(row[name]) for name in numbers),
        row["returned"] or ("not yet" if row["days_away"] else ""),
    )


def _facts(on: date, row: Mapping[str, Any]) -> list[str]:
    """Return what followed leave, in words."""
    lines = []
    if row["pending"]:
        waiting = number_of(row["pending"], "amendment")
        lines.append(f"{row['id']}: {waiting} of its marks not approved yet.")
    if row["overstayed"]:
        back = f"came back on {row['returned']}" if row["returned"] else f"not back by {on}"
        lines.append(
            f"{row['id']}: {number_of(row['overstayed'], 'session')} on "
            f"{number_of(row['overstayed_days'], 'school day')} after the leave entered as "
            f"unauthorised; {back}."
        )
    if row["ground"]:
        ground = law.not_returned(on)
        lines += [f"{row['id']}: {_ground_in_words(row['days_away'], ground)}"] if ground else []
    return lines


def _ground_in_words(days: int, ground: Ground) -> str:
    return (
        f"{number_of(days, 'school day')} after the leave without a mark of attendance; "
        f"{ground.provision} ({ground.text}) counts {ground.school_days}, and needs besides: "
        f"{'; '.join(ground.needs)}."
    )


def _told(leave: Found) -> list[str]:
    """Return who asked and what was decided, as sentences."""
    parent = f" (parent {leave.parent})" if leave.parent else ""
    why = f": {leave.reason}" if leave.reason else ""
    asked = f"{leave.id}: asked for on {leave.asked_on} by {leave.asked_by}{parent}, "
    lines = [f"{asked}{leave.first} to {leave.last}, {leave.purpose}{why}"]
    for step in leave.steps:
        paragraph = f" under paragraph {step.paragraph}" if step.paragraph else ""
        which = f", {step.first} to {step.last}, code {step.code}" if step.first else ""
        letter = f"; letter of {step.letter_on}" if step.letter_on else ""
        batch = f"; batch {step.batch}" if step.batch else ""
        lines.append(
            f"  {step.on}: {_WORDS[step.what]}{paragraph}{which} by {step.name} "
            f"({step.job_title}): {step.reason}{letter}{batch}"
        )
    return lines
