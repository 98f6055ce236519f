"""A register as a file: CSV with a pupil and a code on each line."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import NamedTuple, TextIO

from ledger.errors import ImportRefused, Problem
from ledger.store.folder import translated

STDIN = "-"
_MANDATORY = ("upn", "code")
_COLUMNS = (*_MANDATORY, "minutes_late", "nature")


class Row(NamedTuple):
    """One line of a register as it was written; ``line`` 0 when it came from no file."""

    line: int
    pupil: str
    code: str = ""
    minutes_late: str = ""
    nature: str = ""


class RegisterRefused(ImportRefused):
    """A register that was refused whole, with every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(sorted(problems), total=len(problems))
        self.code = "register-refused"
        self.remedy = "correct these lines and take the register again"


def read(file: str, stdin: TextIO) -> tuple[Row, ...]:
    """Return the rows of a file, or of ``stdin`` where the file is ``-``; or refuse it."""
    name, text = _named_text(file, stdin)
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    problems: list[Problem] = []
    rows: list[Row] = []
    try:
        columns = _columns(name, next(lines, []))
        for cells in lines:
            if len(cells) > len(columns):
                what = f"{len(cells)} cells under {len(columns)} columns"
                problems.append(Problem(name, lines.line_num, "cells", what, "quote commas"))
            elif any(cells):
                rows.append(_row(lines.line_num, dict(zip(columns, cells, strict=False))))
    except csv.Error as error:
        problems.append(Problem(name, lines.line_num, "csv", str(error), "correct the quoting"))
    if problems:
        raise RegisterRefused(problems)
    return tuple(rows)


def shown(file: str) -> str:
    """Return the name by which problems call a file."""
    return "stdin" if file == STDIN else PurePath(file).name


def _named_text(file: str, stdin: TextIO) -> tuple[str, str]:
    name = shown(file)
    try:
        return name, (stdin.buffer.read() if file == STDIN else _bytes(file)).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(name, "is not UTF-8", "save it as CSV UTF-8") from None


def _bytes(file: str) -> bytes:
    path = Path(file)
    if path.is_dir():
        raise _unusable(file, "is a folder", "name the CSV file in it")
    if not path.exists():
        raise _unusable(file, "there is no such file", "check the name, or give - for stdin")
    with translated(path):
        return path.read_bytes()


def _columns(name: str, header: list[str]) -> list[str]:
    if not any(cell.strip() for cell in header):
        raise _unusable(name, "is empty", f"begin with the line {','.join(_COLUMNS)}")
    if len(header) == 1 and ";" in header[0]:
        raise _unusable(name, "is separated by semicolons", "separate by commas", line=1)
    columns = [cell.strip() for cell in header]
    problems = list(_header_problems(name, columns))
    if problems:
        raise RegisterRefused(problems)
    return columns


def _header_problems(name: str, columns: list[str]) -> Iterator[Problem]:
    remedy = f"the columns are {', '.join(_COLUMNS)}"
    for column in dict.fromkeys(columns):
        if column not in _COLUMNS:
            yield Problem(name, 1, "column-unknown", f"unknown column {column!r}", remedy)
        elif columns.count(column) > 1:
            yield Problem(name, 1, "column-twice", f"column {column} is there twice", remedy)
    for column in _MANDATORY:
        if column not in columns:
            yield Problem(name, 1, "column-missing", f"there is no column {column}", remedy)


def _row(line: int, cells: Mapping[str, str]) -> Row:
    found = {column: cell.strip() for column, cell in cells.items()}
    return Row(line, found.pop("upn", ""), **found)


def _unusable(name: str, what: str, remedy: str, *, line: int = 0) -> RegisterRefused:
    return RegisterRefused([Problem(name, line, "file", what, remedy)])
