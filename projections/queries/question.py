"""What every question is made of: its options, and an answer that is data before it is text.

A question is a class: its fields are its options. The first line of its docstring,
``attendance WORDS: what it answers.``, is its place on the command line; it is found there
without being imported.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

from ledger.store.folder import Folder
from ledger.terminal import Progress

if TYPE_CHECKING:
    from policies.law.disclosure import OnRecord
    from projections.queries.view import View


def option(help_text: str, default: Any = None, **more: Any) -> Any:  # noqa: ANN401 - as `field`
    """Declare a field that is an option; ``choices``: the words it may be."""
    return field(default=default, metadata={"help": help_text, **more})


def argument(help_text: str, default: Any = None, **more: Any) -> Any:  # noqa: ANN401 - as `field`
    """Declare a field that is given by its place; ``required`` unless said otherwise."""
    metadata = {"help": help_text, "argument": True, "required": True, **more}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of anything that is asked."""


@dataclass(frozen=True, kw_only=True)
class PointInTime(Options):
    """Of which days, and as known when; the same on every query."""

    on: date | None = option("sessions, roll and groups as at this date [today]")
    from_: date | None = option("first date counted [first day of the school year]")
    known_at: str | None = option("only what was recorded at or before this instant [now]")
    position: int | None = option("only the first N events of the log", minimum=0)
    clock: Literal["ledger", "source"] = option(
        "compare --known-at with the ledger's own time, or with what sources stated",
        "ledger",
        choices=("ledger", "source"),
    )


@dataclass(frozen=True, kw_only=True)
class Question(PointInTime, ABC):
    """A question that the read models answer."""

    @property
    def on_record(self) -> "OnRecord | None":
        """What is recorded before it is answered, where asking is itself on record."""
        return None

    @abstractmethod
    def answer(self, view: "View", /) -> "Answer":
        """Answer from the read models at one point in time. Raises `Refused`."""


@dataclass(frozen=True, kw_only=True)
class Inspection(Options, ABC):
    """A question about the files themselves, answered without the read models.

    ``doing``: what is shown while it is worked out.
    """

    doing: ClassVar[str] = "verifying"

    @abstractmethod
    def inspect(self, folder: Folder, progress: Progress, /) -> "Answer":
        """Answer from the files of a ledger; ``progress`` is told how far it is."""


@dataclass(frozen=True, kw_only=True)
class Selection(Question):
    """A question about some of the pupils."""

    pupil: str | None = option("one pupil, by UPN or local id")
    group: str | None = option("members of a group, by its name (9B)")
    cohort: str | None = option("members of a cohort (FSM)")
    year: str | None = option("members of a year (Y9)")
    school: str | None = option("the school's URN: a check that this is its ledger")
    membership: Literal["on", "session"] = option(
        "group membership as at --on, or as at each session", "on", choices=("on", "session")
    )
    current: bool = option("only pupils on roll at --on", default=False)


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


@dataclass(frozen=True, slots=True)
class Page:
    """A file that an answer writes: where to, what, and whether over what is there."""

    path: Path
    text: str
    replace: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: the JSON document, the rows for CSV, and the blocks for reading.

    ``columns``: the row's keys that make the CSV, in order; ``flat``: the rows as CSV has them,
    where those of the document hold lists of their own. ``pages``: files to write; ``paged``:
    read page by page on a terminal; ``differs``: a verification found a difference.
    """

    document: Mapping[str, Any]
    columns: Sequence[str] = ()
    blocks: Sequence[Block] = ()
    flat: Sequence[Mapping[str, Any]] | None = None
    pages: Sequence[Page] = ()
    paged: bool = False
    differs: bool = False

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """Return the rows of the document."""
        found: Sequence[Mapping[str, Any]] = self.document.get("rows") or ()
        return found


def natural_order(text: str) -> tuple[object, ...]:
    """Return a key that sorts 9B before 10A, for reading."""
    pieces = re.split(r"(\d+)", text)
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces if p)


def percent(part: int, whole: int) -> str | None:
    """Return 100 x part / whole with one decimal, half up; none of nothing."""
    if whole == 0:
        return None
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}"


def share_of(part: int, whole: int) -> str:
    """Write a percentage with the counts behind it: ``90.0 % (9 of 10)``."""
    shown = percent(part, whole)
    return "no sessions" if shown is None else f"{shown} % ({part} of {whole})"
