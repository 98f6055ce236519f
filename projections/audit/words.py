"""What each check of an audit asks, and its findings, evidence and figures in words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from ledger.english import number_of
from projections.audit.papers import AFTER_PAPER
from projections.audit.scope import CheckResult, Finding
from projections.audit.staff import STRANGER
from projections.audit.thresholds import LIFTED
from projections.audit.timing import BATCHES, ENTERED_LATE, KEPT, TO_PRESENT
from projections.queries.blocks import Block, Lines
from projections.queries.columns import Column, Listing, plain

WORDING = "unusual, not improper"
SHOWN = 20
"""How many findings of a check the text shows; all of them are in --json and --csv."""


@dataclass(frozen=True, slots=True)
class CheckText:
    """What a check asks, and an innocent explanation that is common."""

    title: str
    question: str
    innocent: str


CHECKS: Mapping[str, CheckText] = {
    KEPT: CheckText(
        "Reason not yet known, kept past its deadline",
        "Which provisional entries were still there after the school days that reg 10(7) allows?",
        "a family that cannot be reached, or an office short of staff; the entry is honest, late.",
    ),
    ENTERED_LATE: CheckText(
        "First marks made after the register had ended",
        "Which marks were not made while the register was taken, and how many school days later?",
        "a supply teacher without access, a trip, a power cut: the mark came from a paper list.",
    ),
    BATCHES: CheckText(
        "Many amendments at once",
        "Which amendments were made together, more than a person settles one by one?",
        "a week of illness confirmed by one note, a class on a trip, a session cancelled.",
    ),
    AFTER_PAPER: CheckText(
        "Changed after a paper that covers the session",
        "Which sessions were changed after a notice, a consideration, a certificate or a pack?",
        "evidence that a family brought only because it was sent the paper.",
    ),
    TO_PRESENT: CheckText(
        "Absent became present, late or shortly before somebody looks",
        "Which absences became presence long after the session, or in the school days before a "
        "census or inspection?",
        "a music lesson or sports list checked at last; tidying up before a census is asked for.",
    ),
    LIFTED: CheckText(
        "Just over a line by amendments",
        "Whose figures, as first entered, were persistent absence or at the penalty threshold, "
        "and by amendments are just no more?",
        "reasons that became known: the first entry was provisional, as the law wants it.",
    ),
    STRANGER: CheckText(
        "Changed by somebody who never took that group's register",
        "Which changes were made outside the groups whose register the person ever took, where "
        "others of the same role change their own?",
        "covering for a colleague, or a new duty that the record of roles does not show yet.",
    ),
}


def columns(*, names: bool) -> tuple[Column[Finding], ...]:
    """Return the columns of findings; only with names do they say about whom and by whom."""
    return (*_COLUMNS, *_WHOSE) if names else _COLUMNS


def _by(row: Finding) -> list[dict[str, str | None]]:
    return [each._asdict() for each in row.by]


def _staff(row: Finding) -> str:
    return "; ".join(each.words for each in row.by)


_COLUMNS: tuple[Column[Finding], ...] = (
    Column("check"),
    Column("what", "What"),
    Column("session", "Session"),
    Column("from_code", "From"),
    Column("to_code", "To"),
    Column("lag", "Lag", number=True),
    Column("changed_on", "Changed on"),
    Column("positions"),
    Column(
        "evidence",
        "Evidence",
        lambda row: asdict(row.evidence),
        lambda row: row.evidence.words,
        csv=lambda row: json.dumps(plain(asdict(row.evidence)), ensure_ascii=False),
    ),
)
_WHOSE: tuple[Column[Finding], ...] = (
    Column("upn", "UPN"),
    Column("by", "By", _by, _staff, csv=_staff),
)
_READ = ("Session", "UPN", "From", "To", "Changed on", "Lag", "What", "Evidence", "By")


def table(check: str, result: CheckResult, *, names: bool) -> Block:
    """Return one check for reading: what it asks, its findings, what is often behind them.

    Columns in which nothing stands are left out.
    """
    asks, rows = CHECKS[check], result.findings[:SHOWN]
    left = len(result.findings) - len(rows)
    number = number_of(len(result.findings), "finding")
    title = f"{check}: {asks.title}: {number} ({WORDING})"
    notes = [
        *([f"and {left} more, in --json and --csv"] if left else []),
        f"Asks: {asks.question}",
        f"Often: {asks.innocent}",
        *result.notes,
    ]
    if not rows:
        return Lines([title, *notes, ""])
    listing = Listing(columns(names=names), rows)
    filled = {each.heading for each in listing.columns if any(map(each.cell, rows))}
    return listing.grid(title, order=[name for name in _READ if name in filled], notes=notes)


def heading(missing: Sequence[str]) -> Lines:
    """Return what stands above every audit; ``missing``: what the ledger knows nothing of."""
    lines = [
        f"Questions to the register. Everything below is {WORDING}: a question for people,",
        "not a finding against anybody. Dates, codes and positions only; --names --reason WHY",
        "shows whom it is about and who made the changes, and is itself recorded.",
        "",
    ]
    if missing:
        none = ", ".join(f"no {name}" for name in missing)
        follows = ": no check has anything to go by" if "marks" in missing else ""
        lines += [f"The ledger knows of {none} in this range{follows}.", ""]
    return Lines(lines)
