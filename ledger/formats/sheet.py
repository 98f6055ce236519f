"""CSV files of other people: from bytes to rows, with the place of everything that is wrong.

`Sheet` reads the files that have columns of their own: those of the portable folder and a batch
of amendments. It gathers every fault in `Problems`, so that all are told at once. A register and
the totals of another system take `Records` and the checks of a header from here, and have words
of their own for what they refuse. RFC 4180 is asked for strictly: a half-read row would be worse
than none.
"""

import csv
import io
from codecs import getincrementaldecoder
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, Generic, NamedTuple, TextIO, TypeVar

from ledger.english import number_of
from ledger.errors import ImportRefused, Problem, Refused
from ledger.files import translated
from ledger.formats import portable
from ledger.formats.fields import Field

SHOWN = 100
"""How many problems a refusal shows; all of them are counted."""


@dataclass(slots=True)
class Problems:
    """Problems that always refuse, and findings, which may be recorded as stated.

    A finding is a fact that the law or a policy would not allow. ``told``: findings that nobody
    has to accept; ``unread``: files that are faulty as a whole, so that nothing is said of rows
    which only look wrong without them.
    """

    faults: list[Problem] = field(default_factory=list)
    findings: list[Problem] = field(default_factory=list)
    told: list[Problem] = field(default_factory=list)
    hidden: int = 0
    unread: set[str] = field(default_factory=set)
    _said: set[Hashable] = field(default_factory=set)

    def refuse(self, file: str, line: int, why: Refused) -> None:
        """Add a problem that refuses the import."""
        if len(self.faults) < SHOWN * SHOWN:  # a file of nonsense does not fill memory
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

    def tell(self, file: str, line: int, why: Refused) -> None:
        """Add a finding that is recorded and told, and stands in nobody's way."""
        self.told.append(_problem(file, line, why))

    def copy(self) -> "Problems":
        """Return a copy to add to."""
        return Problems(
            [*self.faults],
            [*self.findings],
            [*self.told],
            self.hidden,
            {*self.unread},
            {*self._said},
        )

    def settle(
        self, *, accept_findings: bool, order: Iterable[str], notes: Iterable[str] = ()
    ) -> tuple[Problem, ...]:
        """Refuse when anything stands in the way; return the findings to record.

        ``order``: the files in the order in which their problems are shown, those of other files
        before them; ``notes``: what is said after the problems.
        """
        rank = defaultdict(lambda: -1, {file: place for place, file in enumerate(order)})
        self.findings.sort(key=lambda problem: (rank[problem.file], problem.line))
        findings = [] if accept_findings else self.findings
        total = len(self.faults) + self.hidden + len(findings)
        if total:
            shown = sorted([*self.faults, *findings], key=lambda p: (rank[p.file], p.line))
            raise ImportRefused(shown[:SHOWN], total=total, findings=len(findings), notes=notes)
        self.findings = sorted([*self.findings, *self.told], key=lambda p: (rank[p.file], p.line))
        return tuple(self.findings)


def _problem(file: str, line: int, why: Refused) -> Problem:
    return Problem(file, line, why.code, why.what, why.remedy)


_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AGAIN = "save it again as CSV, UTF-8, with commas"
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_FAULTY = object()
_BYTES_AT_ONCE = 1 << 20
_AT_ONCE = 256
"""How many rows are read at once: few enough for the cache of a processor."""
STDIN = "-"
"""Given as the name of a file: what is given on stdin."""


def display_name(file: str) -> str:
    """Return the name by which problems call a file."""
    return "stdin" if file == STDIN else PurePath(file).name


def content(file: str, stdin: TextIO, *, is_folder: Refused, is_missing: Refused) -> bytes:
    """Return the bytes of a file, or of ``stdin`` where it is ``-``; else raise what is meant."""
    if file == STDIN:
        return stdin.buffer.read()
    path = Path(file)
    if path.is_dir():
        raise is_folder
    if not path.exists():
        raise is_missing
    with translated(path):
        return path.read_bytes()


class Records:
    """The records of a CSV text in order; `csv.Error` where it is not as in RFC 4180.

    ``line``: on which the record at hand begins, the first being 1; ``end``: on which it ends,
    further down where a quoted field holds line feeds. An empty line is a record without cells.
    """

    def __init__(self, text: TextIO) -> None:
        self._reader = csv.reader(text, strict=True)
        self.line = 1

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the cells of every record."""
        for cells in self._reader:
            yield cells
            self.line = self._reader.line_num + 1

    @property
    def end(self) -> int:
        """The line up to which the text was read."""
        return self._reader.line_num


def delimiter(header: Sequence[str]) -> str | None:
    """Return what separates the fields of a header that has no comma, if that is known."""
    found = (each for each in _DELIMITERS if len(header) == 1 and each in header[0])
    return next(found, None)


def header_faults(header: Sequence[str], columns: portable.Columns) -> Iterator[tuple[str, str]]:
    """Yield the code of each fault of a header, and the column that it is about."""
    for name in dict.fromkeys(header):
        if name not in columns.all:
            yield "column-unknown", name
        elif header.count(name) > 1:
            yield "column-twice", name
    for name in columns.required:
        if name not in header:
            yield "column-missing", name


Row = TypeVar("Row")


class Table(NamedTuple, Generic[Row]):
    """The rows of a file that could be read; ``has``: the columns that the file has.

    ``named``: every text of the first column, that of faulty rows too, so that rows of other
    files which name it are not said to name nobody.
    """

    rows: tuple[Row, ...] = ()
    has: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


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
            stream = text_stream(content)
            self._lines = self._records(stream)
            self._read_header()
        except Refused as why:
            problems.refuse_file(file, line_of(why), why)
            self._lines = iter(())

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield every row that has the right number of fields."""
        for lines, columns in self.blocks():
            yield from zip(lines, map(list, zip(*columns, strict=True)), strict=True)

    def blocks(self) -> Iterator[tuple[Sequence[int], Sequence[Sequence[str]]]]:
        """Yield the same rows some thousands at once: their lines, and their columns."""
        while found := list(islice(self._lines, _AT_ONCE)):
            self.count += len(found)
            rows = [row for row in found if self._is_whole(*row)]
            if rows:
                lines, cells = zip(*rows, strict=True)
                columns, nothing = list(zip(*cells, strict=True)), ("",) * len(lines)
                yield lines, [columns[at] if at >= 0 else nothing for at in self._places]

    def _is_whole(self, line: int, cells: Sequence[str]) -> bool:
        """Tell whether a row has as many fields as the header; refuse it where it has not."""
        if len(cells) != self._width:
            self.refuse(line, self._wrong_width(len(cells)))
            return False
        return True

    def refuse(self, line: int, why: Refused) -> None:
        """Add what is wrong with a row."""
        self._problems.refuse(self.file, line, why)

    def table(self, fields: Mapping[str, Field], make: Callable[..., Row]) -> Table[Row]:
        """Return the rows that are in order, each made of its line and the values of its cells."""
        found, named = [], set()
        for line, cells in self.rows():
            named.add(cells[0])
            stated = dict(self._values(fields, cells, line))
            if _FAULTY not in stated.values():
                found.append(make(line=line, **stated))
        return Table(tuple(found), self.has, frozenset(named))

    def _values(
        self, fields: Mapping[str, Field], cells: Sequence[str], line: int
    ) -> Iterator[tuple[str, Any]]:
        for column, cell in zip(self._wanted.all, cells, strict=True):
            field = fields[column]
            try:
                yield field.attribute, field.value(column, cell)
            except Refused as why:
                self.refuse(line, why)
                yield field.attribute, _FAULTY

    def _records(self, stream: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
        records = Records(stream)
        try:
            for cells in records:
                if cells:
                    yield records.line, cells
        except csv.Error as error:
            self._problems.refuse_file(self.file, records.line, _malformed(error))

    def _read_header(self) -> None:
        _, header = next(self._lines, (0, None))
        if header is None:
            if self.file in self._problems.unread:
                return  # the header itself was malformed, and said to be
            raise Refused("file-empty", "is empty", "give it a header row, or take it away")
        if found := delimiter(header):
            what = f"its fields are separated by {_DELIMITERS[found]}"
            raise _At(1, "delimiter", what, _SAVE_AGAIN)
        wanted = self._wanted
        faults = [*header_faults(header, wanted)]
        for code, name in faults:
            self._problems.refuse_file(self.file, 1, _header_refusal(code, name, wanted))
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


def text_stream(content: bytes, remedy: str = _SAVE_AGAIN) -> io.TextIOWrapper:
    """Return the text of a file; refuse, by its name, every encoding but UTF-8."""
    if content.startswith(_UTF16) or _looks_like_utf16(content):
        raise Refused("encoding", "is in UTF-16, not UTF-8", remedy)
    if (at := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, at) + 1
        raise _At(line, "nul", "holds a NUL byte", "the file is damaged: export it again")
    try:
        if not _is_utf8(content):
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


def _is_utf8(content: bytes) -> bool:
    """Tell whether bytes are UTF-8, without holding the text of a large file as well."""
    decoder = getincrementaldecoder("utf-8")()
    cuts = range(0, len(content), _BYTES_AT_ONCE)
    with suppress(UnicodeDecodeError):
        for cut in cuts:
            decoder.decode(content[cut : cut + _BYTES_AT_ONCE])
        decoder.decode(b"", final=True)
        return True
    return False


def _looks_like_utf16(content: bytes) -> bool:
    start = content[:64]
    return len(start) > 1 and (not any(start[1::2]) or not any(start[::2]))


def _header_refusal(code: str, name: str, wanted: portable.Columns) -> Refused:
    if code == "column-unknown":
        known = ", ".join(wanted.all)
        return Refused(code, f"unknown column {name!r}", f"its columns are {known}")
    if code == "column-twice":
        return Refused(code, f"column {name!r} is there twice", "keep one of them")
    return Refused(code, f"column {name!r} is missing", "add it; its cells may be empty")


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
