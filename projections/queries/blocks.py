"""What an answer is read as: blocks that say what they are, not how they are drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import zip_longest
from textwrap import wrap
from typing import Any, NamedTuple, TypeVar, overload

T = TypeVar("T")
_WIDE = 60
_ROOM = "____"


class Made(Sequence[T]):
    """Rows or notes that are made when the first is read: most answers are wanted in one form."""

    def __init__(self, make: Callable[[], Sequence[T]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Sequence[T]:
        return self._make()

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        return self._made[at]

    def __len__(self) -> int:
        return len(self._made)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a part of an answer is about."""

    text: str


_TITLE, _WIDTH = 13, 80


def titled(title: str, said: str) -> list[str]:
    """Return a text in lines of 80 columns, its title before the first."""
    return wrap(said, _WIDTH, initial_indent=f"{title:<{_TITLE}}", subsequent_indent=" " * _TITLE)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of plain text.

    ``suggests``: commands in them are shown as they have to be typed; never where lines hold what
    somebody wrote, which stays as it is.
    """

    lines: Sequence[str]
    suggests: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table to be shown: column headings, rows of text, what stands beneath.

    ``numeric``: the columns (by number) that are aligned to the right; ``total``: whether the
    last row is a total; ``free``: the columns of free text, which may be as long as a book.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()
    total: bool = False
    notes: Sequence[str] = ()
    free: frozenset[int] = frozenset()

    @property
    def folded(self) -> Sequence[Sequence[str]]:
        """The rows for lines of text: long free text goes on beneath, in rows of nothing else."""
        if not self.free:
            return self.rows
        found: list[Sequence[str]] = []
        for row in self.rows:
            lines = [_lines(cell) if n in self.free else [cell] for n, cell in enumerate(row)]
            found += zip_longest(*lines, fillvalue="")
        return found


def _lines(cell: str) -> list[str]:
    # One reason of 51,000 characters would make every row that wide.
    return wrap(cell, _WIDE) if len(cell) > _WIDE else [cell]


class Cell(NamedTuple):
    """A session in a pupil's register: the mark, or what is planned, with signs and notes.

    With neither of them there is room to write in; ``notes``: their numbers.
    """

    mark: str = ""
    plan: str = ""
    signs: str = ""
    notes: tuple[int, ...] = ()

    @property
    def written(self) -> str:
        """What stands in it; a plan in brackets, for it is no entry."""
        return (f"({self.plan})" if self.plan else self.mark) + self.signs

    @property
    def as_text(self) -> str:
        """The same in a line of text, with the numbers of its notes."""
        numbers = ",".join(map(str, self.notes))
        return f"{self.written} [{numbers}]" if numbers else self.written or _ROOM


@dataclass(frozen=True, slots=True)
class Register:
    """A group's register: a row of cells for each pupil, what stands beneath.

    ``form``: it is printed to be written in.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    notes: Sequence[str] = ()
    form: bool = False

    @property
    def as_grid(self) -> Grid:
        """The same as a table of text."""
        rows = [(name, *(cell.as_text for cell in cells)) for name, cells in self.rows]
        return Grid(self.title, self.headings, rows, notes=self.notes)


@dataclass(frozen=True, slots=True)
class Places:
    """A list by short labels: what a code means, where a paper of a file is found."""

    title: str
    entries: Sequence[tuple[str, str]]

    @property
    def lines(self) -> list[str]:
        """Each entry as a line."""
        return [f"{label}  {what}" for label, what in self.entries]


@dataclass(frozen=True, slots=True)
class Signature:
    """Room for somebody to sign; ``name``: where it is known who will."""

    role: str
    name: str = ""

    @property
    def lines(self) -> list[str]:
        """What there is to fill in."""
        room = 10 * _ROOM
        return [f"Signed: {room} ({self.role})", f"Name:   {self.name or room}", f"Date:   {room}"]


Block = Heading | Lines | Grid | Register | Places | Signature
"""What an answer is read as: a closed set, which text, pages and documents draw alike."""


def document(block: Block) -> dict[str, Any]:
    """Return a block as JSON holds it, with its kind: for whoever lays out paper."""
    found = {each.name: _plain(getattr(block, each.name)) for each in fields(block)}
    return {"block": type(block).__name__.lower(), **found}


def _plain(value: Any) -> Any:  # noqa: ANN401 - what blocks hold
    if isinstance(value, Cell):
        return {name: _plain(held) for name, held in value._asdict().items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
