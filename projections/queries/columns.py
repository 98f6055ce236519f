"""A column said once: its key, its heading, how it is written; text, CSV and JSON follow from it.

Rows are findings of one class; what they say is made in the form that is asked for, and only then.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from operator import attrgetter
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

    @property
    def of(self) -> Callable[[T], Any]:
        """What tells of a row what it says."""
        return self.value or attrgetter(self.key)

    def cell(self, row: T) -> str:
        """Return how that is read."""
        return written(self.of(row)) if self.text is None else self.text(row)

    def on(self, part: "Callable[[W], T]") -> "Column[W]":
        """Return the column of rows that have such a row as a part; the CSV says the same."""
        of = self.of
        return Column(
            self.key,
            self.heading,
            lambda whole: of(part(whole)),
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
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, (dict, Mapping)):
        return dict(zip(value, plain_each(value.values()), strict=True))
    if isinstance(value, Listing):
        return value.documents()
    if isinstance(value, date):
        return value.isoformat()
    return plain_each(value) if isinstance(value, (list, tuple)) else value


def plain_each(values: Iterable[Any]) -> list[Any]:
    """Return each value as JSON holds it."""
    return [value if value.__class__ in _ATOMS else plain(value) for value in values]


class Listing(Generic[T]):
    """Rows under columns, in the order of the document."""

    def __init__(self, columns: Iterable[Column[T]], rows: Sequence[T]) -> None:
        self.columns, self.rows = tuple(columns), rows

    def __len__(self) -> int:
        return len(self.rows)

    def documents(self) -> list[dict[str, Any]]:
        """Return the rows as JSON holds them."""
        named = [column for column in self.columns if column.key and column.json]
        rows = self._by_key((column, column.of) for column in named)
        for key in (column.key for column in named if column.sparse):
            for row in rows:
                if row[key] is None:
                    del row[key]
        return rows

    def _by_key(
        self, columns: Iterable[tuple[Column[T], Callable[[T], Any]]]
    ) -> list[dict[str, Any]]:
        """Return what some columns say of each row, by their keys; column by column."""
        said = {column.key: plain_each(map(of, self.rows)) for column, of in columns}
        return [dict(zip(said, row, strict=True)) for row in zip(*said.values(), strict=True)]

    @property
    def header(self) -> tuple[str, ...]:
        """The keys of the CSV."""
        return tuple(column.key for column in self._in_csv)

    @property
    def _in_csv(self) -> list[Column[T]]:
        return [column for column in self.columns if column.key and column.csv]

    def flat(self) -> list[dict[str, Any]]:
        """Return the rows as the CSV has them."""
        return self._by_key(
            (column, column.csv if callable(column.csv) else column.of) for column in self._in_csv
        )

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
