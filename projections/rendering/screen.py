"""Answers on a terminal: tables folded to its width, long ones as plain lines."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import msgspec

from ledger.errors import Refused
from ledger.files import refuse_output, write_output
from ledger.terminal import on_one_line, say, write
from projections.queries.blocks import Block, Grid, Lines, Register
from projections.queries.question import Answer
from projections.rendering.fit import fitted, stacked
from projections.rendering.text import as_csv, as_text

if TYPE_CHECKING:
    from rich.table import Table

_CONTROL = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What JSON lets stand in a text and a terminal would obey; written as JSON writes the others."""
_SCREENS = 200
"""A table of more rows is no longer looked at on a screen, but searched or piped on."""


def show(
    answer: Answer,
    *,
    as_json: bool = False,
    as_csv: bool = False,
    replace: bool = False,
    typed: Callable[[str], str] = str,
) -> None:
    """Print an answer as JSON, CSV or text, and write the files that it makes.

    ``replace``: over what is there under their names; ``typed``: of a text, with the commands that
    it suggests as they have to be typed.
    """
    pages = [(page.path, page.text.encode()) for page in answer.pages]
    for path, content in pages:
        refuse_output(path, content, replace=replace)
    if as_json:
        # A number that says how sure it is (`lags.Lag`) is a number.
        encoded = msgspec.json.encode(answer.document, enc_hook=int)
        document = msgspec.json.format(encoded, indent=2).decode()
        write(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", document) + "\n")
    elif as_csv:
        _show_rows(answer)
    elif answer.paged and sys.stdout.isatty():
        from pydoc import pager  # noqa: PLC0415 - for terminals only

        pager("\n".join(as_text(answer.blocks)) + "\n")
    else:
        _show_blocks(_suggesting(each, typed) for each in answer.blocks)
    for path, content in pages:
        write_output(path, content, replace=replace)
        say(f"written to {path}", err=True)


def _show_rows(answer: Answer) -> None:
    if answer.document.get("knows_nothing"):
        say(*as_text(each for each in answer.blocks if isinstance(each, Lines)), err=True)
    elif answer.listing is None:
        raise Refused("no-rows", "this answer is no list of rows", "ask for it with --json")
    write(as_csv(answer, on_one_line) if sys.stdout.isatty() else as_csv(answer))


def _suggesting(block: Block, typed: Callable[[str], str]) -> Block:
    """Return a block with the commands that it suggests as they have to be typed.

    In notes beneath a table, never in its rows: what somebody wrote may read like a command.
    """
    match block:
        case Lines(suggests=True):
            return replace(block, lines=[typed(line) for line in block.lines])
        case Grid():
            return replace(block, notes=[typed(note) for note in block.notes])
        case _:
            return block


def _show_blocks(blocks: Iterable[Block]) -> None:
    for each in blocks:
        block = each.as_grid if isinstance(each, Register) else each
        if isinstance(block, Grid) and sys.stdout.isatty() and len(block.rows) <= _SCREENS:
            _draw(block)
        elif isinstance(block, Grid):
            write("".join(f"{on_one_line(line)}\n" for line in as_text([block])))
        else:
            say(*as_text([block]))


def _draw(grid: Grid) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to import, and for terminals only
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console(highlight=False, markup=False)
    seen = replace(
        grid,
        headings=list(map(on_one_line, grid.headings)),
        rows=[[on_one_line(" ".join(cell.splitlines())) for cell in row] for row in grid.rows],
    )
    fits = fitted(seen, console.width)
    with console.capture() as drawn:
        console.print(Text(on_one_line(grid.title), "bold"))
        if fits is None:
            records = list(stacked(seen, console.width))
            for n, lines in enumerate(records, 1):
                style = "bold" if grid.total and n == len(records) else ""
                console.print(Text("\n".join(["", *lines]), style))
            console.print()
        else:
            console.print(_table(*fits))
        for note in grid.notes:
            console.print(Text(on_one_line(note), "dim"))
        console.print()
    write(drawn.get())


def _table(grid: Grid, widths: Sequence[int]) -> "Table":
    from rich import box  # noqa: PLC0415 - slow to import, and for terminals only
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for n, (heading, width) in enumerate(zip(grid.headings, widths, strict=True)):
        side: Literal["left", "right"] = "right" if n in grid.numeric else "left"
        table.add_column(Text(heading), justify=side, width=width, overflow="fold")
    for n, row in enumerate(grid.rows):
        last = grid.total and n == len(grid.rows) - 1
        if last:
            table.add_section()
        table.add_row(*(Text(cell, "bold" if last else "") for cell in row))
    return table
