"""Answers as plain text and as CSV: for files, pipes and tables too long for a screen."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeGuard, assert_never

from ledger.terminal import on_one_line
from projections.queries.blocks import Block, Grid, Heading, Lines, Places, Register, Signature
from projections.queries.question import Answer

_GAP = "   "


def as_csv(answer: Answer, seen: Callable[[str], str] = str) -> str:
    """Return the rows of an answer as CSV, with the columns that it names; empty without any.

    ``seen``: of a text in a row, what is shown of it.
    """
    listing, out = answer.listing, io.StringIO()
    if listing is None:
        return ""
    rows = listing.flat()
    columns = [name for column in listing.header for name in _spread(column, rows)]
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: seen(value) if isinstance(value, str) else value for key, value in row.items()}
        for row in map(_flat, rows)
    )
    return out.getvalue()


def _spread(column: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns that one makes: itself, or one a session where it holds cells."""
    found = rows[0].get(column) if rows else None
    return [cell["session"] for cell in found] if _holds_cells(found) else [column]


def _holds_cells(value: Any) -> TypeGuard[list[Mapping[str, Any]]]:  # noqa: ANN401 - any value of a row
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without nested values: ``/=3 I=1``; ``9A;Y9``; one column a session."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat[key] = " ".join(f"{k}={v}" for k, v in value.items())
        elif _holds_cells(value):
            flat.update({cell["session"]: cell["code"] for cell in value})
        else:
            flat[key] = ";".join(map(str, value)) if isinstance(value, list) else value
    return flat


def as_text(blocks: Iterable[Block]) -> list[str]:
    """Return the blocks of an answer as lines."""
    return [line for block in blocks for line in _lines_of(block)]


def _lines_of(block: Block) -> Iterable[str]:
    lines: Sequence[str]
    match block:
        case Grid() | Register():
            return as_lines(block if isinstance(block, Grid) else block.as_grid)
        case Heading():
            lines = [block.text, ""]
        case Lines():
            lines = block.lines
        case Places():
            lines = [*([f"{block.title}:"] if block.title else []), *block.lines, ""]
        case Signature():
            lines = [*block.lines, ""]
        case _:
            assert_never(block)
    return map(on_one_line, lines)


def as_lines(grid: Grid) -> list[str]:
    """Return a table as lines of its natural width."""
    rows = [
        tuple(map(_on_one_line, grid.headings)),
        *(tuple(map(_on_one_line, row)) for row in grid.folded),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))
    lines = [_line(row, widths, grid.numeric) for row in rows]
    lines.insert(1, rule)
    if grid.total:
        lines.insert(-1, "")
    return [on_one_line(grid.title), *lines, *map(on_one_line, grid.notes), ""]


def _on_one_line(cell: str) -> str:
    """Return a cell without the line breaks that a reason or comment may hold."""
    return on_one_line(" ".join(cell.splitlines()))


def _line(row: Sequence[str], widths: list[int], numeric: frozenset[int]) -> str:
    cells = (
        cell.rjust(width) if n in numeric else cell.ljust(width)
        for n, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return _GAP.join(cells).rstrip()
