"""A column said once: its key, its heading, how it is written; text, CSV and JSON follow from it.

Rows are findings of one class; what they say is made in the form that is asked for, and only then.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Generic, TypeVar

from policies.law import absence
from projections.queries.blocks import Grid, Made

T = TypeVar("T")
W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """What one column says of each row.

    ``key``: in the document and the CSV, empty where it is only read; ``value``: what it says,
    the row's attribute of that name unless given; ``heading``: above it where it is read, empty
    where it is not; ``text``: how it is read, as `written` unless given; ``number``: aligned to
    the right; ``free``: free text, which may be long; ``csv``: what the CSV says where it is not
    the same, or whether it is in it; ``json``: whether it is in the document, which may say in
    one value what the CSV spreads; ``sparse``: the document leaves it out of a row without it.
    """

    key: str
    heading: str = ""
    value: Callable[[T], Any] | None = None
    text: Callable[[T], str] | None = None
    number: bool = False
    free: bool = False
    csv: bool | Callable[[T], Any] = True
    json: bool = True
    sparse: bool = False

    def of(self, row: T) -> Any:  # noqa: ANN401 - whatever the column holds
        """Return what it says of a row."""
        return getattr(row, self.key) if self.value is None else self.value(row)

    def cell(self, row: T) -> str:
        """Return how that is read."""
        return written(self.of(row)) if self.text is None else self.text(row)

    def on(self, part: "Callable[[W], T]") -> "Column[W]":
        """Return the column of rows that have such a row as a part; the CSV says the same."""
        return Column(
            self.key,
            self.heading,
            lambda whole: self.of(part(whole)),
            lambda whole: self.cell(part(whole)),
            number=self.number,
            free=self.free,
            csv=bool(self.csv),
            json=self.json,
            sparse=self.sparse,
        )


def written(value: object) -> str:
    """Write a value to be read: nothing for none, ``yes`` or ``no``, a list with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


_ATOMS = frozenset({str, int, bool, float, type(None)})


def plain(value: Any) -> Any:  # noqa: ANN401 - what JSON can hold, and what becomes that
    """Return a value as JSON holds it: dates as text, records by name, listings as their rows."""
    if value.__class__ in _ATOMS:
        return value
    if isinstance(value, Listing):
        return value.documents()
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {k: v if v.__class__ in _ATOMS else plain(v) for k, v in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


class Listing(Generic[T]):
    """Rows under columns, in the order of the document."""

    def __init__(self, columns: Iterable[Column[T]], rows: Sequence[T]) -> None:
        self.columns, self.rows = tuple(columns), rows

    def __len__(self) -> int:
        return len(self.rows)

    def documents(self) -> list[dict[str, Any]]:
        """Return the rows as JSON holds them."""
        named = [column for column in self.columns if column.key and column.json]
        return [
            {
                column.key: plain(value)
                for column in named
                if (value := column.of(row)) is not None or not column.sparse
            }
            for row in self.rows
        ]

    @property
    def header(self) -> tuple[str, ...]:
        """The keys of the CSV."""
        return tuple(column.key for column in self._in_csv)

    @property
    def _in_csv(self) -> list[Column[T]]:
        return [column for column in self.columns if column.key and column.csv]

    def flat(self) -> list[dict[str, Any]]:
        """Return the rows as the CSV has them."""
        return [
            {
                column.key: plain(column.csv(row) if callable(column.csv) else column.of(row))
                for column in self._in_csv
            }
            for row in self.rows
        ]

    def grid(
        self,
        title: str,
        *,
        order: Sequence[str] = (),
        rows: Callable[[], Iterable[T]] | None = None,
        total: T | None = None,
        notes: Sequence[str] = (),
    ) -> Grid:
        """Return the table that is read.

        ``order``: headings, where they do not stand as in the document; ``rows``: makes them in
        the order of reading, where it is another; ``total``: a last row, beneath a rule.
        """
        shown = [column for column in self.columns if column.heading]
        if order:
            by_heading = {column.heading: column for column in shown}
            shown = [by_heading[heading] for heading in order]

        def body() -> list[Sequence[str]]:
            every = self.rows if rows is None else rows()
            ends = () if total is None else (total,)
            return [tuple(column.cell(row) for column in shown) for row in (*every, *ends)]

        return Grid(
            title,
            [column.heading for column in shown],
            Made(body),
            frozenset(n for n, column in enumerate(shown) if column.number),
            total is not None,
            notes,
            frozenset(n for n, column in enumerate(shown) if column.free),
        )


def natural_order(text: str) -> tuple[object, ...]:
    """Return a key that sorts 9B before 10A, for reading."""
    pieces = re.split(r"(\d+)", text)
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces if p)


def percent(part: int, whole: int) -> str | None:
    """Return 100 x part / whole with one decimal, half up; none of nothing."""
    return None if whole == 0 else _rounded(part, whole, 1)


def share_of(part: int, whole: int, *lines: int) -> str:
    """Write a percentage with the counts behind it: ``90.0 % (9 of 10)``.

    Never as on a line that it is not on: 350 of 389, written 90.0 %, would stand beside the flag
    of a pupil below it. Lines are those of the flags of absence, and ``lines`` besides.
    """
    if whole == 0:
        return "no sessions"
    exact, every, decimals = Fraction(100 * part, whole), absence.lines().union(lines), 1
    while exact != (shown := Fraction(_rounded(part, whole, decimals))) and shown in every:
        decimals += 1
    return f"{_rounded(part, whole, decimals)} % ({part} of {whole})"


def _rounded(part: int, whole: int, decimals: int) -> str:
    unit = 10**decimals
    units = (200 * unit * part + whole) // (2 * whole)
    return f"{units // unit}.{units % unit:0{decimals}}"
