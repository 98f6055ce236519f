"""What a table's row is: a class whose fields are the columns, said once.

From the class follow the table that is made, what a handler writes, and what a question reads.
Rows are read by `Known` and written by `tables.Writer`; no other package names a column.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cache
from types import UnionType
from typing import Any, ClassVar, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

Sealed = NewType("Sealed", str)
"""A text as the log holds it, under its subject's key; `View.open` opens it.

It stays sealed in the tables, so that destroying a key leaves nothing to clean up.
"""
INTERVAL = ("kf", "kt", "sf", "st")
_SEPARATOR = "\n"


class Joined(tuple[str, ...]):
    """Several words in one column, a line each: no name of a group or a session has two lines."""

    __slots__ = ()


class Table(Struct, frozen=True):
    """How a class is stored; ``key``: what identifies a fact's versions.

    ``since``: the column with the position from which a row is known; ``row_id``: the first
    column is an integer that places the row, and no index is needed.
    """

    name: str
    key: tuple[str, ...]
    since: str | None
    row_id: bool = False
    indexes: tuple[str, ...] = ()

    @property
    def versioned(self) -> bool:
        """Whether rows carry the columns of their interval; key and ``kf`` are unique then."""
        return self.since == "kf"


class Record(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A row; texts about people are still sealed."""

    TABLE: ClassVar[Table]


class Versioned(Record, frozen=True, kw_only=True):
    """A version of a fact: known from event ``kf`` until ``kt``, none while it stands.

    ``sf`` and ``st``: the same by the times that sources stated, in microseconds, never falling
    along a chain; 0 where a source stated none.
    """

    kf: int
    kt: int | None
    sf: int
    st: int | None

    @property
    def identity(self) -> dict[str, Any]:
        """What all versions of the fact have in common, by column."""
        return {name: getattr(self, name) for name in self.TABLE.key}


class Lasting:
    """What holds from a day to a day, both included; none: without a first, or a last."""

    __slots__ = ()
    since: date | None
    until: date | None

    @property
    def is_empty(self) -> bool:
        """Whether it ended before it began: recorded, and taken back."""
        return self.since is not None and not self.covers(self.since)

    def covers(self, day: date) -> bool:
        """Tell whether it holds on a day."""
        return (self.since or date.min) <= day <= (self.until or date.max)


R = TypeVar("R", bound=Record)
V = TypeVar("V", bound=Versioned)


def table(
    name: str,
    key: Iterable[str] = (),
    since: str | None = None,
    **more: Any,  # noqa: ANN401 - as `Table` has them
) -> Callable[[type[R]], type[R]]:
    """Say in which table the rows of a class are kept, and how (`Table`)."""

    def tabled(record: type[R]) -> type[R]:
        known = "kf" if issubclass(record, Versioned) else since
        record.TABLE = Table(name, tuple(key), known, **more)
        return record

    return tabled


def columns(record: type[Record]) -> dict[str, type]:
    """Return the type that each column of a class is stored as; asked for by who makes tables."""
    hints = get_type_hints(record)
    return {name: int if _is_number(hints[name]) else str for name in record.__struct_fields__}


def is_sealed(row: object, name: str) -> bool:
    """Tell whether an attribute is a sealed text: of a record, or of what is made of one."""
    return name in _sealed(type(row))  # type: ignore[arg-type] # every class can be hashed


@cache
def _sealed(kind: type) -> frozenset[str]:
    hints = get_type_hints(kind).items()
    return frozenset(name for name, hint in hints if Sealed in (hint, *get_args(hint)))


def _is_number(kind: Any) -> bool:  # noqa: ANN401 - an annotation
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return any(each in (int, bool) for each in kinds)


def stored(value: Any) -> Any:  # noqa: ANN401 - what a column holds
    """Return a value as its column holds it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return int(value)
    return _SEPARATOR.join(value) if isinstance(value, (tuple, list)) else value


def read(record: type[R], rows: Iterable[tuple[Any, ...]]) -> list[R]:
    """Return rows of all columns of a class, in their order."""
    # Not strict: SQLite has no truth values but 0 and 1.
    return msgspec.convert(list(rows), list[record], strict=False, dec_hook=_split)  # type: ignore[valid-type]


def each(record: type[R], rows: Iterable[tuple[Any, ...]]) -> Iterator[R]:
    """Yield rows as `read` returns them, without holding all of them."""
    for row in rows:
        yield msgspec.convert(row, record, strict=False, dec_hook=_split)


def _split(_: type, column: str | None) -> Joined:
    return Joined(column.split(_SEPARATOR) if column else ())


@cache
def selection(record: type[Record]) -> str:
    """Return all columns of a class as SQL names them, in the order of its fields."""
    return ", ".join(f'"{name}"' for name in record.__struct_fields__)
