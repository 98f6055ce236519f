"""Which texts were put beyond use, when, by whom and why."""

from dataclasses import dataclass
from typing import Any

from ledger.clock import iso, local, parse_instant
from projections.queries.question import Answer, Grid, Lines, Question, number_of
from projections.queries.view import View

COLUMNS = ("position", "field", "reason", "by", "title", "recorded_at", "recorded_in")
_NOTES = (
    "Position and field name the text that was taken away; all else of its event stands.",
    "Its key is destroyed; the sealed text stays in the log, and the proof over it holds.",
)


@dataclass(frozen=True, kw_only=True)
class Redactions(Question):
    """attendance redactions: which texts were put beyond use, when, by whom and why.

    One row a text; what it said is nowhere.
    """

    def answer(self, view: View) -> Answer:
        """Answer with the redactions known, oldest first."""
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, COLUMNS, [Lines([view.ignorance()])])
        stood = view.stood("line, position, field, reason, name, job_title", "redactions")
        rows = [_row(view, *each) for each in sorted(stood)]
        document = {"as_of": view.as_of(), "rows": rows}
        headings = ("Event", "Field", "Why", "By", "When")
        title = f"{number_of(len(rows), 'text')} put beyond use"
        notes = [*(_NOTES if rows else ()), view.provenance()]
        grid = Grid(title, headings, [_cells(row) for row in rows], frozenset({0}), notes=notes)
        return Answer(document, COLUMNS, [grid])


def _row(view: View, line: int, *said: Any) -> dict[str, Any]:  # noqa: ANN401 - columns
    position, field, reason, name, title = said
    return {
        "position": position,
        "field": field,
        "reason": view.open(reason),
        "by": view.open(name),
        "title": title,
        "recorded_at": iso(_recorded(view, line)),
        "recorded_in": line,
    }


def _recorded(view: View, position: int) -> int:
    """Return when the event at a position was recorded."""
    sql = "SELECT at FROM commits WHERE first <= ? ORDER BY first DESC LIMIT 1"
    return int(view.db.execute(sql, [position]).fetchone()[0])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    who = f"{row['by']}, {row['title']}"
    when = f"{local(parse_instant(row['recorded_at'])):%Y-%m-%d %H:%M}"
    return str(row["position"]), row["field"], row["reason"], who, when
