"""How a table fits a terminal: what wraps, what goes, and when a record becomes lines.

A date, a session, a time or a UPN is never cut, nor a name: two pupils would read alike.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import wrap

from projections.queries.blocks import Grid

GAP = 3
"""Between two columns."""
_LONGEST = 24
"""A word that is longer, as a digest is, may go on in the next line."""
_WHOLE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d\S*|\S+")
_UPN, _NAMES = "UPN", ("Pupil", "Name")


def fitted(grid: Grid, width: int) -> tuple[Grid, Sequence[int]] | None:
    """Return a table with the widths of its columns, without UPNs beside names where it must be.

    The longest texts wrap first. None where no table fits.
    """
    for shown in (grid, _without_upns(grid)):
        room = width - GAP * (len(shown.headings) - 1)
        folded = replace(shown, rows=shown.folded, free=frozenset())
        if sum(natural := _natural(folded)) <= room:
            return folded, natural
        natural = _natural(shown)
        least = [min(each) for each in zip(natural, map(_least, _columns(shown)), strict=True)]
        if sum(least) <= room:
            return shown, _shared(natural, least, room)
    return None


def stacked(grid: Grid, width: int) -> Iterator[list[str]]:
    """Yield the lines of each record: ``Heading  value``, without what is empty."""
    label = max(map(len, grid.headings))
    for row in grid.rows:
        lines: list[str] = []
        for heading, cell in zip(grid.headings, row, strict=True):
            first = f"{heading:<{label}}  "
            room = max(width - len(first), _LONGEST)
            for n, line in enumerate(wrap(cell, room, break_on_hyphens=False)):
                lines.append((" " * len(first) if n else first) + line)
        yield lines


def _columns(grid: Grid) -> list[tuple[str, ...]]:
    return list(zip(grid.headings, *grid.rows, strict=True))


def _natural(grid: Grid) -> list[int]:
    return [max(len(line) for cell in c for line in cell.split("\n")) for c in _columns(grid)]


def _least(column: Sequence[str]) -> int:
    words = (word for cell in column for word in _WHOLE.findall(cell))
    return max((min(len(word), _LONGEST) for word in words), default=0)


def _shared(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return widths within the room: the widest give first, none below its least."""
    widths = [min(width, room) for width in natural]
    while sum(widths) > room:
        _, at = max((w, n) for n, w in enumerate(widths) if w > least[n])
        widths[at] -= 1
    return widths


def _without_upns(grid: Grid) -> Grid:
    headings = list(grid.headings)
    if _UPN not in headings or not set(_NAMES) & set(headings):
        return grid
    at = headings.index(_UPN)
    kept = [n for n in range(len(headings)) if n != at]

    def moved(numbers: frozenset[int]) -> frozenset[int]:
        return frozenset(kept.index(n) for n in numbers if n != at)

    return replace(
        grid,
        headings=[headings[n] for n in kept],
        rows=[[row[n] for n in kept] for row in grid.rows],
        numeric=moved(grid.numeric),
        free=moved(grid.free),
    )
