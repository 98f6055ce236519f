"""The evidence of an audit's findings, and the figures beside them, in words."""

from collections.abc import Callable, Mapping
from typing import Any

from projections.audit.audit_batches import BATCHES
from projections.audit.audit_present import TO_PRESENT
from projections.audit.late import ENTERED_LATE, KEPT
from projections.audit.lifted import LIFTED
from projections.audit.papers import AFTER_PAPER
from projections.audit.staff import STRANGER
from projections.queries.question import number_of

Row = Mapping[str, Any]


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


def _lifted(evidence: Row) -> str:
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


EVIDENCE: Mapping[str, Callable[[Row], str]] = {
    KEPT: _deadline,
    ENTERED_LATE: _made_on,
    BATCHES: _batch,
    AFTER_PAPER: _papers,
    TO_PRESENT: _calendar,
    LIFTED: _lifted,
    STRANGER: _role,
}


# -- what stands beneath ------------------------------------------------------------------------


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


SAYS: Mapping[str, Callable[[Row], list[str]]] = {
    KEPT: _says_kept,
    ENTERED_LATE: _says_late,
    BATCHES: _says_batches,
    AFTER_PAPER: _says_papers,
    TO_PRESENT: _says_present,
    LIFTED: _says_lifted,
    STRANGER: _says_strangers,
}
