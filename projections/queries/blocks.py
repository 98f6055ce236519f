"""What an answer is read as: blocks that say what they are, not how they are drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload


class Rows(Sequence[Sequence[str]]):
    """The rows of a table, made when the first is read: most answers are wanted in one form."""

    def __init__(self, make: Callable[[], list[Sequence[str]]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> list[Sequence[str]]:
        return self._make()

    @overload
    def __getitem__(self, at: int) -> Sequence[str]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Sequence[str]]: ...
    def __getitem__(self, at: int | slice) -> Sequence[str] | Sequence[Sequence[str]]:
        return self._made[at]

    def __len__(self) -> int:
        return len(self._made)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of plain text."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table to be shown: column headings, rows of text, what stands beneath.

    ``numeric``: the columns (by number) that are aligned to the right; ``total``: whether the
    last row is a total.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()
    total: bool = False
    notes: Sequence[str] = ()


Block = Lines | Grid
"""What an answer is read as: a closed set, which text, pages and documents draw alike."""
