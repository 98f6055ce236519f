"""Answers on a terminal: tables folded to its width, long ones as plain lines."""

import json
import sys
from collections.abc import Iterable

from ledger.errors import Refused
from ledger.files import ORDINARY, translated, write_new
from ledger.terminal import say, visible, write
from projections.queries.blocks import Block, Grid, Register
from projections.queries.question import Answer
from projections.rendering.text import as_csv, as_text

_SCREENS = 200
"""A table of more rows is no longer looked at on a screen, but searched or piped on."""


def show(answer: Answer, *, as_json: bool = False, as_csv: bool = False) -> None:
    """Print an answer as JSON, CSV or text, and write the files that it makes."""
    if as_json:
        write(json.dumps(answer.document, ensure_ascii=False, indent=2) + "\n")
    elif as_csv:
        _show_rows(answer)
    elif answer.paged and sys.stdout.isatty():
        from pydoc import pager  # noqa: PLC0415 - for terminals only

        pager("\n".join(as_text(answer.blocks)) + "\n")
    else:
        _show_blocks(answer.blocks)
    for page in answer.pages:
        with translated(page.path):
            write_new(page.path, page.text, mode=ORDINARY, replace=page.replace)
        say(f"written to {page.path}", err=True)


def _show_rows(answer: Answer) -> None:
    if answer.document.get("knows_nothing"):
        say("\n".join(as_text(answer.blocks[:1])), err=True)
    elif answer.listing is None:
        raise Refused("no-rows", "this answer is no list of rows", "ask for it with --json")
    write(as_csv(answer))


def _show_blocks(blocks: Iterable[Block]) -> None:
    for each in blocks:
        block = each.as_grid if isinstance(each, Register) else each
        if isinstance(block, Grid) and sys.stdout.isatty() and len(block.rows) <= _SCREENS:
            _draw(block)
        else:
            say("\n".join(as_text([block])))


def _draw(grid: Grid) -> None:
    from rich import box  # noqa: PLC0415 - slow to import, and for terminals only
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console(highlight=False, markup=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for n, heading in enumerate(grid.headings):
        table.add_column(Text(heading), justify="right" if n in grid.numeric else "left")
    rows = grid.folded
    for n, row in enumerate(rows):
        last = grid.total and n == len(rows) - 1
        if last:
            table.add_section()
        table.add_row(*(Text(visible(cell), "bold" if last else "") for cell in row))
    with console.capture() as drawn:
        console.print(Text(visible(grid.title), "bold"))
        console.print(table)
        for note in grid.notes:
            console.print(Text(visible(note), "dim"))
        console.print()
    write(drawn.get())
