"""From the bytes of a CSV file to its rows: encoding, delimiter, header, number of fields."""

import csv
import io
from collections.abc import Iterator, Sequence

from ledger.errors import Refused
from ledger.formats import portable
from ledger.formats.problems import Problems

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
            f"{found} field{'s' * (found != 1)}, the header has {self._width}",
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
