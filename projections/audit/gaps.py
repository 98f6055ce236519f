"""What this ledger cannot know, and what follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ledger.english import number_of
from projections.audit import gaps_log, gaps_register
from projections.queries.question import Answer, Lines, Question
from projections.queries.view import View

COLUMNS = ("kind", "what", "count", "first", "last", "positions_from", "positions_to", "means")


@dataclass(frozen=True, kw_only=True)
class Gaps(Question):
    """attendance gaps: what this ledger cannot know, and what follows from it.

    Gaps of the log, of the whole of it; gaps of the register, from --from to --on.

    What other systems told besides marks (roll, groups, parents, notices, casework) is of the log.
    """

    def answer(self, view: View) -> Answer:
        """Answer with one row a gap, those of the log first; what has none is not listed."""
        del self
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, COLUMNS, [Lines([view.ignorance()])])
        told = gaps_log.gaps_facts_gaps(view, gaps_log.commits(view))
        found = [*gaps_log.gaps(view), *told, *gaps_register.gaps(view)]
        rows = [gap.row() for gap in found]
        return Answer({"as_of": view.as_of(), "rows": rows}, COLUMNS, [Lines(_lines(view, rows))])


def _lines(view: View, rows: Iterable[dict[str, Any]]) -> list[str]:
    shown = list(rows)
    lines = [f"{number_of(len(shown), 'thing')} that this ledger cannot know", ""]
    for row in shown:
        lines += [f"{row['what']}: {row['count']}{_when(row)}{_where(row)}"]
        lines += [f"    {row['means']}", ""]
    return [*lines, view.provenance(), ""]


def _when(row: dict[str, Any]) -> str:
    first, last = row["first"], row["last"]
    if first is None and last is None:
        return ""
    if first is None:
        return f", until {last}"
    return f", on {first}" if first == last else f", {first} to {last}"


def _where(row: dict[str, Any]) -> str:
    first, last = row["positions"]["from"], row["positions"]["to"]
    if first is None:
        return ""
    return f" (entry {first})" if first == last else f" (entries {first} to {last})"
