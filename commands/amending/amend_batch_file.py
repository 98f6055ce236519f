"""A batch of amendments as a file: CSV read as the portable folder's files are, a line a mark."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import NamedTuple, TextIO

from commands.exchange.portable import tables
from ledger.errors import Problem, Refused
from ledger.formats import fields
from ledger.formats.fields import Field
from ledger.formats.portable import NO_MARK, Columns
from ledger.formats.problems import Problems
from ledger.formats.sheet import Sheet
from ledger.store.folder import translated
from ledger.values import Half, Session

STDIN = "-"
COLUMNS = Columns(
    ("upn", "date", "session", "original", "amended", "reason"), ("nature", "minutes_late")
)
_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "upn": Field("upn", str.strip, mandatory=True),
        "date": Field("date", fields.day, mandatory=True),
        "session": Field("half", fields.half, mandatory=True),
        "original": Field("original", str.strip, mandatory=True),
        "amended": Field("amended", str.strip, empty=NO_MARK),
        "reason": Field("reason", str.strip, empty=""),
        "nature": Field("nature", str.strip),
        "minutes_late": Field("minutes_late", fields.number),
    }
)


class Row(NamedTuple):
    """One line: the mark that stands, and what is to stand; ``line``: its place, header 1."""

    line: int
    upn: str
    date: date
    half: Half
    original: str
    amended: str
    reason: str
    nature: str | None
    minutes_late: int | None

    @property
    def session(self) -> Session:
        """The session that the mark is for."""
        return Session(self.date, self.half)


class BatchFile(NamedTuple):
    """The lines that could be read, and what is wrong with the others."""

    name: str
    rows: tuple[Row, ...]
    faults: tuple[Problem, ...]


def read(file: str, stdin: TextIO) -> BatchFile:
    """Read a file, or ``stdin`` where it is ``-``; what is wrong in it is kept for `changes`."""
    name = "stdin" if file == STDIN else PurePath(file).name
    problems = Problems()
    sheet = Sheet(name, stdin.buffer.read() if file == STDIN else _bytes(file), problems, COLUMNS)
    rows = []
    for line, cells in sheet.rows():
        row, faulty = {}, False
        for attribute, found in tables.values(_FIELDS, dict(zip(COLUMNS.all, cells, strict=True))):
            if isinstance(found, Refused):
                problems.refuse(name, line, found)
                faulty = True
            row[attribute] = found
        if not faulty:
            rows.append(Row(line=line, **row))
    if not rows and not problems.faults:
        raise Refused("nothing-to-amend", f"{name} holds no line", "add a line for each mark")
    return BatchFile(name, tuple(rows), tuple(problems.faults))


def _bytes(file: str) -> bytes:
    path = Path(file)
    if path.is_dir():
        raise Refused("batch-file", f"{file} is a folder", "name the CSV file in it")
    if not path.exists():
        raise Refused(
            "batch-file", f"there is no file {file}", "check the name, or give - (stdin)"
        )
    with translated(path):
        return path.read_bytes()
