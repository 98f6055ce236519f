"""What each check of an audit asks, and its findings, evidence and figures in words."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.english import number_of
from projections.audit.papers import AFTER_PAPER
from projections.audit.staff import STRANGER
from projections.audit.thresholds import LIFTED
from projections.audit.timing import BATCHES, ENTERED_LATE, KEPT, TO_PRESENT
from projections.queries.blocks import Block, Grid, Lines

Row = Mapping[str, Any]
WORDING = "unusual, not improper"
SHOWN = 20
"""How many findings of a check the text shows; all of them are in --json and --csv."""
_HEADINGS = ("Session", "UPN", "From", "To", "Changed on", "Lag", "What", "Evidence", "By")
_LAG = _HEADINGS.index("Lag")


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


def flat(row: Row) -> dict[str, Any]:
    """Return a row for CSV: the evidence as JSON, names joined."""
    found = {**row, "evidence": json.dumps(row["evidence"], ensure_ascii=False)}
    if "by" in row:
        found["by"] = "; ".join(_staff_in_words(row))
    return found


def table(check: str, rows: Sequence[Row], summary: Row) -> Block:
    """Return one check for reading: what it asks, its findings, what is often behind them.

    Columns in which nothing stands are left out.
    """
    asks = CHECKS[check]
    body = [_cells(row) for row in rows[:SHOWN]]
    shown = [n for n in range(len(_HEADINGS)) if any(cells[n] for cells in body)]
    left = len(rows) - len(body)
    title = f"{check}: {asks.title}: {number_of(len(rows), 'finding')} ({WORDING})"
    notes = [
        *([f"and {left} more, in --json and --csv"] if left else []),
        f"Asks: {asks.question}",
        f"Often: {asks.innocent}",
        *_SUMMARIES[check](summary),
    ]
    if not rows:
        return Lines([title, *notes, ""])
    numeric = frozenset({shown.index(_LAG)} if _LAG in shown else ())
    cells = [[row[n] for n in shown] for row in body]
    return Grid(title, [_HEADINGS[n] for n in shown], cells, numeric, notes=notes)


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


def _cells(row: Row) -> tuple[str, ...]:
    lag = "" if row["lag"] is None else str(row["lag"])
    names = ("session", "upn", "from_code", "to_code", "changed_on")
    texts = (row.get(name) or "" for name in names)
    evidence = _EVIDENCE[row["check"]](row["evidence"])
    return (*texts, lag, row["what"], evidence, "; ".join(_staff_in_words(row)))


def _staff_in_words(row: Row) -> list[str]:
    return [
        f"{each['name']}, {each['job_title']}" if each["job_title"] else str(each["name"])
        for each in row.get("by", ())
    ]


# -- evidence, one function a check ----------------------------------------------------------


def _deadline(evidence: Row) -> str:
    over = number_of(evidence["school_days_over"], "school day")
    return f"deadline {evidence['deadline']}, {over} over"


def _made_on(evidence: Row) -> str:
    return "" if evidence["made_on"] else "no time stated"


def _batch(evidence: Row) -> str:
    pairs = ", ".join(f"{pair} {n}" for pair, n in list(evidence["pairs"].items())[:4])
    span = f"{evidence['first']} to {evidence['last']}"
    return f"{number_of(evidence['pupils'], 'pupil')}, {span}: {pairs}"


def _papers(evidence: Row) -> str:
    return ", ".join(
        f"{p['paper']} of {p['on']}" if p["on"] else f"{p['paper']} at position {p['position']}"
        for p in evidence["papers"]
    )


def _calendar(evidence: Row) -> str:
    return ", ".join(f"{each['before']} {each['on']}" for each in evidence["calendar"])


def _figures(evidence: Row) -> str:
    then, now = evidence["first_entered"], evidence["stands"]
    changes = number_of(len(evidence["changes"]), "session")
    if evidence["figure"] == "threshold":
        return (
            f"fullest window {then['fullest_window']} as first entered, "
            f"{now['fullest_window']} now; {changes}"
        )
    return (
        f"absent {then['absent']} of {then['possible']} as first entered, "
        f"{now['absent']} of {now['possible']} now; {changes}"
    )


def _role(evidence: Row) -> str:
    others = evidence["others_in_role"]
    return (
        f"role {evidence['role']}: others made {number_of(others['changes'], 'change')}, "
        f"{others['in_groups_never_taken']} in groups they never took"
    )


_EVIDENCE: Mapping[str, Callable[[Row], str]] = {
    KEPT: _deadline,
    ENTERED_LATE: _made_on,
    BATCHES: _batch,
    AFTER_PAPER: _papers,
    TO_PRESENT: _calendar,
    LIFTED: _figures,
    STRANGER: _role,
}


# -- figures beneath a check -----------------------------------------------------------------


def _lags(counts: Row) -> str:
    return "; ".join(f"{band}: {n}" for band, n in counts.items())


def _says_kept(summary: Row) -> list[str]:
    undated = summary["undated"]
    said = f"Counted: {summary['standing']} still stand, {summary['replaced']} replaced late"
    return [said + (f"; {undated} replaced at a time that no source states." if undated else ".")]


def _says_late(summary: Row) -> list[str]:
    return [f"By school days after the session: {_lags(summary['by_lag'])}."]


def _says_batches(summary: Row) -> list[str]:
    return [f"Listed: more than {number_of(summary['over'], 'amendment')} at once."]


def _says_papers(summary: Row) -> list[str]:
    counts = ", ".join(f"{kind}: {n}" for kind, n in sorted(summary["by_paper"].items()))
    return [f"Changes by kind of paper: {counts or 'none'}."]


def _says_present(summary: Row) -> list[str]:
    said = [f"All {summary['changes']} such changes by lag: {_lags(summary['by_lag'])}."]
    said += [
        f"{each['before'].capitalize()} {each['on']}: {number_of(each['changes'], 'change')} "
        f"from {each['since']} to the day before."
        for each in summary["calendar"]
    ]
    return [*said, f"Census days are known from {summary['census_days_known_from']}."]


def _says_lifted(summary: Row) -> list[str]:
    return [f"Just: at most {number_of(summary['margin'], 'session')} from the line."]


def _says_strangers(summary: Row) -> list[str]:
    changes = number_of(summary["changes"], "change")
    by_strangers = f"{summary['never_took']} by somebody who never took its register"
    alone = f"{summary['not_compared']} of these had nobody else of the role to compare with"
    return [
        f"Of {changes} by a person in a group, {by_strangers}; {alone}.",
        "What others of the role do likewise (the office amends everywhere) is not listed.",
    ]


_SUMMARIES: Mapping[str, Callable[[Row], list[str]]] = {
    KEPT: _says_kept,
    ENTERED_LATE: _says_late,
    BATCHES: _says_batches,
    AFTER_PAPER: _says_papers,
    TO_PRESENT: _says_present,
    LIFTED: _says_lifted,
    STRANGER: _says_strangers,
}
