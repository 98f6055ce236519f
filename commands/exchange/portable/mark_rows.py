"""The rows of ``marks.csv`` as compact columns: some 30 bytes a row, few texts, each once."""

from array import array
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.formats import fields
from ledger.formats.portable import ENTRY_KINDS, MARKS, EntryKind
from ledger.formats.sheet import Problems, Sheet
from ledger.values import HALVES, Half, Session

# A session is one small number: hundreds of thousands of rows name a few hundred of them.


def number(day: date, half: Half) -> int:
    """Return the number of a session, two a day."""
    return 2 * day.toordinal() + HALVES.index(half)


@lru_cache(8192)
def session(number: int) -> Session:
    """Return the session that has a number."""
    return Session(date.fromordinal(number // 2), HALVES[number % 2])


NOT_STATED = -(2**63)
"""In ``stated``: the source says no time."""
Value = TypeVar("Value")


class Extras(NamedTuple):
    """What few rows state besides."""

    minutes_late: int | None = None
    nature: str | None = None
    comment: str | None = None
    kind: EntryKind | None = None
    reason: str | None = None


PLAIN = Extras()


class MarkRows:
    """The rows; ``upns``, ``codes``, ``staff`` and ``sessions`` are what the columns number."""

    def __init__(self) -> None:
        self.upns: list[str] = []
        self.codes: list[str] = []
        self.staff: list[str] = []
        self.sessions: list[int] = []
        self.upn = array("I")
        self.session = array("I")
        self.code = array("I")
        self.by = array("I")
        self.stated = array("q")
        self.line = array("I")
        self.extras: dict[int, Extras] = {}

    def __len__(self) -> int:
        return len(self.line)


class _Memo(Generic[Value]):
    """What a reader made of each text so far; forgets all when there are too many."""

    def __init__(self, read: Callable[[str], Value], column: str) -> None:
        self._reader = read
        self._column = column
        self._found: dict[str, Value] = {}

    def __call__(self, cell: str) -> Value:
        found = self._found.get(cell)
        if found is not None:
            return found
        if not cell:
            raise _empty(self._column)
        value = _read(self._column, self._reader, cell)
        if len(self._found) > _REMEMBERED:
            self._found.clear()
        self._found[cell] = value
        return value


_REMEMBERED = 50_000


class _Numbering(Generic[Value]):
    """Numbers distinct values in the order in which they come."""

    def __init__(self, values: list[Value]) -> None:
        self._values = values
        self._numbers: dict[Value, int] = {}

    def __call__(self, value: Value) -> int:
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self._values)
            self._values.append(value)
        return number


def read(sheet: Sheet, problems: Problems) -> MarkRows:
    """Read every row that is in order; add to ``problems`` what is wrong with the others."""
    rows = MarkRows()
    for (line, *_), why in _append_all(sheet, rows):
        problems.refuse(MARKS, line, why)
    return rows


def _append_all(sheet: Sheet, rows: MarkRows) -> Iterator[tuple[tuple[int, list[str]], Refused]]:
    day = _Memo(fields.day, "date")
    half = _Memo(fields.half, "session")
    instant = _Memo(parse_instant, "recorded_on")
    upn, code, staff = map(_Numbering[str], (rows.upns, rows.codes, rows.staff))
    session = _Numbering(rows.sessions)
    for line, cells in sheet.rows():
        try:
            at = number(day(cells[1]), half(cells[2]))
            stated = instant(cells[8]) if cells[8] else NOT_STATED
            if cells[4] or cells[5] or cells[6] or cells[9] or cells[10]:
                rows.extras[len(rows)] = _extras(cells)
            if not cells[0] or not cells[3]:
                raise _empty("code" if cells[0] else "upn")
        except Refused as why:
            rows.extras.pop(len(rows), None)
            yield (line, cells), why
            continue
        rows.upn.append(upn(cells[0]))
        rows.session.append(session(at))
        rows.code.append(code(cells[3]))
        rows.by.append(staff(cells[7]))
        rows.stated.append(stated)
        rows.line.append(line)


def _empty(column: str) -> Refused:
    return Refused("field-empty", f"{column} is empty", "it must be given")


def _extras(cells: list[str]) -> Extras:
    return Extras(
        _read("minutes_late", fields.number, cells[4]) if cells[4] else None,
        cells[5] or None,
        cells[6] or None,
        _read("kind", _kind, cells[9]) if cells[9] else None,
        cells[10] or None,
    )


def _kind(cell: str) -> EntryKind:
    found = fields.among(cell, ENTRY_KINDS)
    return "entry" if found == "entry" else "late_entry"


def _read(column: str, read: Callable[[str], Value], cell: str) -> Value:
    try:
        return read(cell)
    except Refused as why:
        raise Refused(why.code, f"{column}: {why.what}", why.remedy) from None
