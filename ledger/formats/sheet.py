"""From the bytes of a CSV file to its rows: encoding, delimiter, header, number of fields."""

import csv
import io
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from ledger import values
from ledger.clock import iso, parse_instant
from ledger.english import number_of
from ledger.errors import ImportRefused, Problem, Refused
from ledger.events.log import Finding
from ledger.formats import portable

# -- problems ------------------------------------------------------------------------------
# What is wrong in an import: gathered all at once, refused together.


SHOWN = 100
"""How many problems a refusal shows; all of them are counted."""


@dataclass(slots=True)
class Problems:
    """Problems that always refuse, and findings, which may be recorded as stated.

    A finding is a fact that the law or a policy would not allow. ``unread``: files that are
    faulty as a whole, so that nothing is said of rows which only look wrong without them.
    """

    faults: list[Problem] = field(default_factory=list)
    findings: list[Problem] = field(default_factory=list)
    hidden: int = 0
    unread: set[str] = field(default_factory=set)
    _said: set[Hashable] = field(default_factory=set)

    def refuse(self, file: str, line: int, why: Refused) -> None:
        """Add a problem that refuses the import."""
        if len(self.faults) < SHOWN * SHOWN:
            self.faults.append(_problem(file, line, why))
        else:
            self.hidden += 1

    def refuse_file(self, file: str, line: int, why: Refused) -> None:
        """Add a problem that leaves a whole file unread."""
        self.unread.add(file)
        self.refuse(file, line, why)

    def refuse_once(self, about: Hashable, file: str, line: int, why: Refused) -> None:
        """Add a problem that many lines of a file share, at the first of them."""
        if (file, about) not in self._said:
            self._said.add((file, about))
            self.refuse(file, line, why)

    def find(self, file: str, line: int, why: Refused) -> None:
        """Add a finding."""
        self.findings.append(_problem(file, line, why))

    def copy(self) -> "Problems":
        """Return a copy to add to."""
        return Problems(
            [*self.faults], [*self.findings], self.hidden, {*self.unread}, {*self._said}
        )

    def settle(self, *, accept_findings: bool, order: Iterable[str]) -> tuple[Finding, ...]:
        """Refuse when anything stands in the way; return the findings that were accepted.

        ``order``: the files in the order in which their problems are shown.
        """
        rank = {file: place for place, file in enumerate(order)}
        self.findings.sort(key=lambda problem: (rank[problem.file], problem.line))
        findings = [] if accept_findings else self.findings
        total = len(self.faults) + self.hidden + len(findings)
        if total:
            shown = sorted([*self.faults, *findings], key=lambda p: (rank[p.file], p.line))
            raise ImportRefused(shown[:SHOWN], total=total, findings=len(findings))
        return tuple(Finding(file=p.file, line=p.line, code=p.code) for p in self.findings)


def _problem(file: str, line: int, why: Refused) -> Problem:
    return Problem(file, line, why.code, why.what, why.remedy)


# -- sheet ---------------------------------------------------------------------------------
# From the bytes of a CSV file to its rows: encoding, delimiter, header, number of fields.


_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SAVE_AGAIN = "save it again as CSV, UTF-8, with commas"


class Sheet:
    """One CSV file: its columns, and its rows to be read once.

    ``has``: the columns of the header; ``rows()`` yields each row's line (header = 1) and cells
    in the order of ``portable.FILES``, empty where a column is not in the file. What is wrong is
    added to ``problems``, and the row or the file left out. ``columns``: of a file that is not
    one of the folder's.
    """

    def __init__(
        self,
        file: str,
        content: bytes,
        problems: Problems,
        columns: portable.Columns | None = None,
    ) -> None:
        self.file = file
        self._wanted = columns or portable.FILES[file]
        self.has: frozenset[str] = frozenset()
        self.count = 0
        self._problems = problems
        self._lines: Iterator[tuple[int, list[str]]] = iter(())
        self._places: list[int] = []
        self._width = 0
        try:
            stream = decoded(content)
            self._lines = self._records(stream)
            self._read_header()
        except Refused as why:
            problems.refuse_file(file, line_of(why), why)
            self._lines = iter(())

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield every row that has the right number of fields."""
        places = self._places
        in_order = places == list(range(self._width))
        for line, cells in self._lines:
            self.count += 1
            if len(cells) != self._width:
                self._problems.refuse(self.file, line, self._wrong_width(len(cells)))
            elif in_order:
                yield line, cells
            else:
                yield line, [cells[at] if at >= 0 else "" for at in places]

    def _records(self, stream: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
        reader, line = csv.reader(stream, strict=True), 1
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            self._problems.refuse_file(self.file, line, _malformed(error))

    def _read_header(self) -> None:
        line, header = next(self._lines, (0, None))
        if header is None:
            if self.file in self._problems.unread:
                return  # the header itself was malformed, and said to be
            raise Refused("file-empty", "is empty", "give it a header row, or take it away")
        del line
        _check_delimiter(header)
        wanted = self._wanted
        faults = [*_header_faults(header, wanted)]
        for why in faults:
            self._problems.refuse_file(self.file, 1, why)
        if faults:
            self._lines = iter(())
            return
        self.has, self._width = frozenset(header), len(header)
        self._places = [header.index(name) if name in self.has else -1 for name in wanted.all]

    def _wrong_width(self, found: int) -> Refused:
        return Refused(
            "field-count",
            f"{number_of(found, 'field')}, the header has {self._width}",
            "quote a field that holds a comma; where the file ends here, it was cut short",
        )


class _At(Refused):
    """A refusal that knows its line."""

    def __init__(self, line: int, code: str, what: str, remedy: str) -> None:
        super().__init__(code, what, remedy)
        self.line = line


def line_of(why: Refused) -> int:
    """Return the line that a refusal of a file names, 0 where it names none."""
    return why.line if isinstance(why, _At) else 0


def decoded(content: bytes, remedy: str = _SAVE_AGAIN) -> io.TextIOWrapper:
    """Return the text of a file; refuse, by its name, every encoding but UTF-8."""
    if content.startswith(_UTF16) or _looks_like_utf16(content):
        raise Refused("encoding", "is in UTF-16, not UTF-8", remedy)
    if (at := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, at) + 1
        raise _At(line, "nul", "holds a NUL byte", "the file is damaged: export it again")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise _At(
            line,
            "encoding",
            f"byte 0x{byte:02X} is not UTF-8: it looks like Windows-1252 (Latin-1)",
            remedy,
        ) from None
    buffer = io.BytesIO(content)
    buffer.seek(len(_BOM) if content.startswith(_BOM) else 0)
    return io.TextIOWrapper(buffer, encoding="utf-8", newline="")


def _looks_like_utf16(content: bytes) -> bool:
    start = content[:64]
    return len(start) > 1 and (not any(start[1::2]) or not any(start[::2]))


def _check_delimiter(header: Sequence[str]) -> None:
    for delimiter, name in _DELIMITERS.items():
        if len(header) == 1 and delimiter in header[0]:
            raise _At(1, "delimiter", f"its fields are separated by {name}", _SAVE_AGAIN)


def _header_faults(header: Sequence[str], wanted: portable.Columns) -> Iterator[Refused]:
    known = ", ".join(wanted.all)
    for name in dict.fromkeys(header):
        if name not in wanted.all:
            yield Refused("column-unknown", f"unknown column {name!r}", f"its columns are {known}")
        elif header.count(name) > 1:
            yield Refused("column-twice", f"column {name!r} is there twice", "keep one of them")
    for name in wanted.required:
        if name not in header:
            yield Refused(
                "column-missing", f"column {name!r} is missing", "add it; its cells may be empty"
            )


def _malformed(error: csv.Error) -> Refused:
    text = str(error)
    if "unexpected end" in text or "field larger" in text:
        return Refused(
            "quote-open",
            "a quoted field that begins here does not end",
            "close its quotation mark; where there is none, the file was cut short",
        )
    return Refused(
        "quotes",
        "its quotation marks are not as in RFC 4180",
        'put the whole field in quotation marks, and write each one inside it twice ("")',
    )


# -- fields --------------------------------------------------------------------------------
# The fields of a row: text as it is in the file to a value, or a refusal that says why.


_MOST_DIGITS = 9

Read = Callable[[str], Any]


class Field(NamedTuple):
    """How a column is read: as which attribute, by which function, whether it must be given.

    ``empty``: the value of a cell that is empty, where it need not be given.
    """

    attribute: str
    read: Read
    mandatory: bool = False
    empty: Any = None


day = lru_cache(4096)(values.parse_date)
"""Read an ISO date."""
instant = lru_cache(4096)(parse_instant)
"""Read an instant as microseconds."""


def text(cell: str) -> str:
    """Read a text as it is."""
    return cell


def upn(cell: str) -> str:
    """Read a UPN whose form and check letter are right."""
    return values.check_upn(cell)


def number(cell: str) -> int:
    """Read a whole number, not negative."""
    if not cell.isdecimal() or not cell.isascii():
        raise Refused("number", f"{cell!r} is not a whole number", "write digits only")
    if len(cell) > _MOST_DIGITS:
        raise Refused("number", f"{cell} is out of every reach", "check the number")
    return int(cell)


def one_of(*allowed: str) -> Read:
    """Return the reader of a word from a list."""

    def read(cell: str) -> str:
        return among(cell, allowed)

    return read


def among(cell: str, allowed: Collection[str]) -> str:
    """Return a word that is on a list, or refuse it."""
    if cell not in allowed:
        raise Refused("word", f"{cell!r} is not known here", f"use one of {', '.join(allowed)}")
    return cell


def half(cell: str) -> values.Half:
    """Read AM or PM."""
    if cell not in values.HALVES:
        raise Refused("session", f"{cell!r} is neither AM nor PM", "write one of the two")
    return "AM" if cell == "AM" else "PM"


def roles(cell: str) -> tuple[str, ...]:
    """Read the roles of a member of staff."""
    return tuple(among(role, ROLES) for role in _parts(cell))


def sessions(cell: str) -> tuple[str, ...]:
    """Read the sessions that a notice relies on."""
    return tuple(str(values.parse_session(part)) for part in _parts(cell))


def _parts(cell: str) -> list[str]:
    stripped = (part.strip() for part in cell.split(portable.LIST_SEPARATOR))
    return [part for part in stripped if part]


yes_no = one_of("yes", "no")
"""Read yes or no."""


def flag(cell: str) -> bool:
    """Read yes or no as truth."""
    return bool(yes_no(cell) == "yes")


ROLES = ("teacher", "attendance_officer", "head", "authoriser", "safeguarding", "trust", "auditor")


def reversed_dates(
    first: date | None, last: date | None, names: tuple[str, str]
) -> Refused | None:
    """Return what is wrong when two dates are the wrong way round."""
    if first is None or last is None or first <= last:
        return None
    return Refused(
        "dates-reversed",
        f"{names[1]} {last} is before {names[0]} {first}",
        "correct one of the two dates",
    )


def future_day(when: date | None, today: date, name: str) -> Refused | None:
    """Return what is wrong when a day has not come yet."""
    if when is None or when <= today:
        return None
    return Refused("future", f"{name} {when} has not come yet", "correct the date")


def future_instant(when: int | None, now: int, name: str) -> Refused | None:
    """Return what is wrong when an instant has not come yet."""
    if when is None or when <= now:
        return None
    return Refused("future", f"{name} {iso(when)} has not come yet", "correct the time")


def twice(what: str) -> Refused:
    """Return the refusal of what may be stated once only."""
    return Refused("twice", f"{what} is stated twice", "keep one of the two")
