"""Pages for reading and printing: self-contained HTML, black and white, A4.

No script, no picture, nothing from a network: a page is one file that can be kept, printed and
handed over. Meaning is in text and shape, never in colour alone. Everything given as `str` is
escaped; only `Markup`, which this module makes, stands as it is.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import assert_never

from ledger.terminal import visible
from projections.queries.blocks import (
    Block,
    Cell,
    Grid,
    Heading,
    Lines,
    Places,
    Register,
    Signature,
)

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SHORT = 16
_LONG_WORD = re.compile(r"\S{21}")
_PIECES = re.compile(r"\S{1,20}|\s+")
_IN_CSS = re.compile(r"[^A-Za-z0-9 .,;:()/+-]")
_STYLE = Path(__file__).with_name("page.css")
"""With SIZE and WIDE of the paper, and FOOT, what stands at the foot of each sheet."""


class Markup(str):
    """HTML that is finished: it is not escaped again."""

    __slots__ = ()


def text(written: str) -> Markup:
    """Return text as HTML; characters that no page can hold are replaced."""
    if isinstance(written, Markup):
        return written
    return Markup(escape(visible(_UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", written))))


def tag(name: str, content: str, *, css: str = "") -> Markup:
    """Return an element; ``css``: its classes."""
    given = f' class="{escape(css)}"' if css else ""
    return Markup(f"<{name}{given}>{text(content)}</{name}>")


def join(parts: Iterable[str]) -> Markup:
    """Return pieces of HTML one after another, one a line."""
    return Markup("\n".join(text(part) for part in parts))


def paragraphs(lines: Iterable[str]) -> Markup:
    """Return a paragraph for each line that is not empty."""
    return join(tag("p", line) for line in lines if line.strip())


def notes(lines: Iterable[str], *, css: str = "notes") -> Markup:
    """Return what stands beneath a table, one line each; ``notes key``: in columns."""
    found = [tag("li", line) for line in lines]
    return tag("ul", join(found), css=css) if found else Markup("")


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: frozenset[int] = frozenset(),
    total: bool = False,
    css: str = "",
) -> Markup:
    """Return a table: the heads are repeated on every page, and no row is split.

    ``numeric``: columns aligned to the right; ``total``: whether the last row is one;
    ``css``: ``register`` (a name, then narrow cells), ``form`` (rows to be written in),
    ``list`` (the first cell in one line).
    The first cell of each row names the row.
    """
    body = list(rows)
    heads = [_cell("th", "col", n, each, numeric) for n, each in enumerate(headings)]
    last = len(body) - 1 if total else None
    lines = [_row(row, numeric, total=n == last) for n, row in enumerate(body)]
    head = tag("thead", tag("tr", join(heads)))
    return tag("table", join([head, tag("tbody", join(lines))]), css=css)


def _row(row: Sequence[str], numeric: frozenset[int], *, total: bool) -> Markup:
    first, *rest = row
    cells = [_cell("th", "row", 0, first, numeric)]
    cells += [_cell("td", "", n, each, numeric) for n, each in enumerate(rest, 1)]
    return tag("tr", join(cells), css="total" if total else "")


def _cell(name: str, scope: str, column: int, content: str, numeric: frozenset[int]) -> Markup:
    css = "number" if column in numeric else "name" if column == 0 else ""
    if not css and len(content) <= _SHORT and " " not in content:
        css = "short" if content else ""
    given = (f' scope="{scope}"' if scope else "") + (f' class="{css}"' if css else "")
    return Markup(f"<{name}{given}>{_breakable(content)}</{name}>")


def _breakable(content: str) -> Markup:
    """Return a cell's text; a word too long for its column may go on in the next line."""
    if isinstance(content, Markup) or not _LONG_WORD.search(content):
        return text(content)
    return Markup("<wbr>".join(map(text, _PIECES.findall(content))))


def grid(found: Grid, *, css: str = "") -> Markup:
    """Return a table of an answer with its title and its notes."""
    shown = table(found.headings, found.rows, numeric=found.numeric, total=found.total, css=css)
    return join([*_title(found.title), shown, notes(found.notes)])


def _title(title: str) -> list[Markup]:
    return [tag("h2", title)] if title else []


def blocks(found: Iterable[Block], *, css: str = "") -> Markup:
    """Return the blocks of an answer, as they are shown in text; ``css``: of its tables."""
    return join(_block(block, css) for block in found)


def sheets(found: Iterable[Iterable[Block]], *, css: str = "") -> Markup:
    """Return blocks that are printed on a sheet of their own, each some."""
    return join(tag("section", blocks(each, css=css), css="sheet") for each in found)


def _block(block: Block, css: str) -> Markup:
    match block:
        case Heading():
            return tag("h2", block.text)
        case Lines() | Signature():
            return paragraphs(block.lines)
        case Places():
            return join([*_title(block.title), notes(block.lines, css="notes key")])
        case Grid():
            return grid(block, css=css)
        case Register():
            return _register(block)
        case _:
            assert_never(block)


def _register(found: Register) -> Markup:
    rows = [(name, *map(_register_cell, cells)) for name, cells in found.rows]
    shown = table(found.headings, rows, css="register form" if found.form else "register")
    return join([*_title(found.title), shown, notes(found.notes)])


def _register_cell(cell: Cell) -> str:
    """Return what stands in a cell, the numbers of its notes raised."""
    numbers = ",".join(map(str, cell.notes))
    raised = f"{text(cell.written)}{tag('sup', numbers)}"
    return Markup(raised) if numbers else cell.written


def page(title: str, body: str, *, landscape: bool = False, foot: str = "") -> str:
    """Return a whole page: ``body`` is HTML of this module.

    ``foot``: its provenance (`View.provenance`), at the end and at the foot of each sheet.
    """
    size, wide = ("landscape", "297mm") if landscape else ("portrait", "210mm")
    style = (
        _STYLE.read_text(encoding="utf-8")
        .replace("SIZE", size)
        .replace("WIDE", wide)
        .replace("FOOT", _IN_CSS.sub(_css_escape, foot))
    )
    end = tag("footer", tag("p", foot)) if foot else Markup("")
    return f"""<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{text(title)}</h1>
{text(body)}
</main>
{end}
</body>
</html>
"""


def _css_escape(found: re.Match[str]) -> str:
    r"""Return a character as a style sheet's string can hold it: ``\3c `` for ``<``."""
    return f"\\{ord(found[0]):x} "
