"""Registers counted by group, or by the job title of whoever took them; never by person."""

from collections.abc import Iterable, Mapping
from typing import Any

from projections.queries.question import Grid, natural

Row = Mapping[str, Any]
NOBODY = "(not recorded)"
_COUNTS = ("due", "taken", "not_recorded", "missing", "late", "without")


def columns(by: str) -> tuple[str, ...]:
    """Return the columns of a summary."""
    return ("group" if by == "group" else "job_title", *_COUNTS)


def counted(rows: Iterable[Row], by: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return one row a group or title, in order of its name, and the total."""
    everything = list(rows)
    found: dict[str, list[Row]] = {}
    for row in everything:
        found.setdefault(_key(row, by), []).append(row)
    name = columns(by)[0]
    return (
        [{name: key, **count(found[key])} for key in sorted(found, key=natural)],
        count(everything),
    )


def _key(row: Row, by: str) -> str:
    if by == "group":
        return str(row["group"])
    return str((row["by"] or {}).get("job_title") or NOBODY)


def count(rows: list[Any]) -> dict[str, int]:
    """Count registers: due, taken, missing, late, and pupils without a mark in them."""
    how = [row["how"] for row in rows]
    return {
        "due": len(rows),
        "taken": how.count("taken"),
        "not_recorded": len(rows) - how.count("taken") - how.count("missing"),
        "missing": how.count("missing"),
        "late": sum(row["late_by_minutes"] is not None for row in rows),
        "without": sum(row["without"] for row in rows),
    }


def table(by: str, rows: list[dict[str, Any]], total: Row, notes: list[str]) -> Grid:
    """Return the counts for reading, the total in the last row."""
    first = "Group" if by == "group" else "Taken by (job title)"
    headings = (first, "Due", "Taken", "Not recorded how", "Missing", "Late", "Pupils unmarked")
    name = columns(by)[0]
    body = [(row[name], *(str(row[c]) for c in _COUNTS)) for row in rows]
    body.append(("all", *(str(total[c]) for c in _COUNTS)))
    return Grid("Registers due", headings, body, frozenset(range(1, 7)), total=True, notes=notes)
