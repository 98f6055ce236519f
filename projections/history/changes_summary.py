"""Changes counted by kind and pair of codes: how many, how late, by how many people."""

from collections.abc import Iterable, Mapping
from datetime import date
from statistics import median
from typing import Any

from policies.packs.values import parameters
from projections.queries.question import Grid

COLUMNS = ("kind", "from", "to", "count", "late", "undated", "median_lag", "pupils", "people")
_RULE = "register.provisional_school_days"
Row = Mapping[str, Any]


def allowed(session: str) -> int | None:
    """Return the school days within which a provisional entry is to be replaced, by its day.

    SI 2024/208 reg 10(7); none for days before the law had a number.
    """
    rule = parameters().find(_RULE, date.fromisoformat(session[:10]))
    return None if rule is None else rule.number


def summary(rows: Iterable[tuple[Row, str | None]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return one row a kind and pair of codes, and the total.

    ``rows``: rows of `changes`, each with the id of whoever made it. Row: ``late`` (made more
    school days after the session than the law gives for a provisional entry), ``undated`` (no
    time stated, so that no lag is known), ``median_lag`` (school days, text, null where none is
    known), ``pupils``, ``people`` (members of staff who made them).
    """
    everything = list(rows)
    pairs: dict[tuple[str, str, str], list[tuple[Row, str | None]]] = {}
    for row, by in everything:
        key = (row["kind"], row["replaced"] or "", row["code"] or "")
        pairs.setdefault(key, []).append((row, by))
    found = [
        {"kind": kind, "from": was or None, "to": became or None, **_counts(pairs[key])}
        for key in sorted(pairs)
        for kind, was, became in (key,)
    ]
    return found, _counts(everything)


def _counts(rows: list[tuple[Row, str | None]]) -> dict[str, Any]:
    lags = [row["late_by_school_days"] for row, _ in rows]
    known = [lag for lag in lags if lag is not None]
    return {
        "count": len(rows),
        "late": sum(_is_late(row) for row, _ in rows),
        "undated": len(lags) - len(known),
        "median_lag": f"{median(known):g}" if known else None,
        "pupils": len({row["upn"] for row, _ in rows}),
        "people": len({by for _, by in rows if by is not None}),
    }


def _is_late(row: Row) -> bool:
    lag, limit = row["late_by_school_days"], allowed(row["session"])
    return lag is not None and limit is not None and lag > limit


def table(title: str, rows: list[dict[str, Any]], total: Row, notes: list[str]) -> Grid:
    """Return the summary for reading, its total in the last row."""
    headings = (
        "What",
        "Was",
        "Became",
        "Changes",
        "Later than a provisional mark may stand",
        "Undated",
        "Median school days after",
        "Pupils",
        "People",
    )
    words = {"late_entry": "late entry", "taking": "corrected during taking"}
    body = [
        (words.get(r["kind"], r["kind"]), r["from"] or "", r["to"] or "", *_numbers(r))
        for r in rows
    ]
    body.append(("all", "", "", *_numbers(total)))
    return Grid(title, headings, body, frozenset(range(3, 9)), total=True, notes=notes)


def _numbers(row: Row) -> tuple[str, ...]:
    return tuple("" if row[name] is None else str(row[name]) for name in COLUMNS[3:])
