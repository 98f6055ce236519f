"""Reading a portable folder, at the edge: bytes in, parsed content out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from commands.exchange.portable import rows, school_toml
from commands.exchange.portable.decided import DECIDED, DecidedRow
from commands.exchange.portable.rows import MarkRows, session_number
from commands.exchange.portable.school_toml import SchoolFile
from ledger.errors import Refused
from ledger.events.calendar import SessionCancelled
from ledger.events.log import SourceFile
from ledger.formats import portable
from ledger.formats.sheet import Problems, Sheet, Table

ORDER = (portable.SCHOOL, *portable.FILES)
Found = TypeVar("Found")
Row = TypeVar("Row", bound=rows.Row)


@dataclass(slots=True)
class Content:
    """What a folder holds. ``problems``: what could not be read; ``other``: what is passed over.

    ``digests``: SHA-256 of the bytes of each of its ``files`` (hex).

    ``whole``: the folder brings the school, and not only marks for a ledger that knows it.
    """

    files: tuple[SourceFile, ...] = ()
    digests: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    whole: bool = True
    problems: Problems = field(default_factory=Problems)
    school: SchoolFile = field(default_factory=SchoolFile)
    staff: Table[rows.StaffRow] = field(default_factory=Table)
    pupils: Table[rows.PupilRow] = field(default_factory=Table)
    groups: Table[rows.GroupRow] = field(default_factory=Table)
    parents: Table[rows.ParentRow] = field(default_factory=Table)
    relations: Table[rows.RelationRow] = field(default_factory=Table)
    marks: MarkRows = field(default_factory=MarkRows)
    amendments: Table[rows.AmendmentRow] = field(default_factory=Table)
    notices: Table[rows.NoticeRow] = field(default_factory=Table)
    casework: Table[rows.CaseworkRow] = field(default_factory=Table)
    plans: Table[rows.PlanRow] = field(default_factory=Table)
    decided: Mapping[str, Table[DecidedRow]] = field(default_factory=dict)

    def span(self) -> tuple[int, int] | None:
        """Return the first and last session, by number, that marks or cancellations are for."""
        numbers = [
            session_number(closure.date, half)
            for _, closure in self.school.closures
            if isinstance(closure, SessionCancelled)
            for half in closure.sessions
        ]
        numbers += self.marks.sessions
        return (min(numbers), max(numbers)) if numbers else None


def load(path: Path) -> Content:
    """Read every file of a folder; refuse a path that is none."""
    if path.is_file():
        raise Refused(
            "folder-expected", f"{path} is a file", f"name the folder that holds it: {path.parent}"
        )
    if not path.is_dir():
        raise Refused("folder-missing", f"there is no folder {path}", "check the path")
    try:
        return _FolderReader(path).content()
    except OSError as error:
        why = error.strerror or str(error)
        raise Refused(
            "folder-unreadable", f"{path} cannot be read: {why}", "check its permissions"
        ) from error


class _FolderReader:
    """One pass over the files of a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems = Problems()
        self._files: list[SourceFile] = []
        self._digests: list[str] = []
        self._present = {p.name for p in path.iterdir() if p.is_file()}

    def content(self) -> Content:
        known = self._present & set(ORDER)
        strange = sorted(self._present - known)
        meant = {file: name for file in strange if (name := portable.meant(file))}
        for file, name in meant.items():
            if name not in known:
                self._problems.unread.add(name)
            self._problems.refuse(file, 0, _misnamed(name, known))
        here = known | set(meant.values())
        whole = not here or not here <= portable.TOP_UP
        missing = [name for name in portable.REQUIRED if whole and name not in here]
        if missing:
            self._problems.unread.update(missing)
            self._problems.refuse(missing[0], 0, _missing(missing[1:], known))
        return Content(
            whole=whole,
            problems=self._problems,
            other=tuple(strange),
            school=self._school(),
            staff=self._table(portable.STAFF, rows.StaffRow),
            pupils=self._table(portable.PUPILS, rows.PupilRow),
            groups=self._table(portable.GROUPS, rows.GroupRow),
            parents=self._table(portable.PARENTS, rows.ParentRow),
            relations=self._table(portable.RELATIONS, rows.RelationRow),
            marks=self._csv(portable.MARKS, rows.read_marks, MarkRows()),
            amendments=self._table(portable.AMENDMENTS, rows.AmendmentRow),
            notices=self._table(portable.NOTICES, rows.NoticeRow),
            casework=self._table(portable.CASEWORK, rows.CaseworkRow),
            plans=self._table(portable.PLANS, rows.PlanRow),
            decided={name: self._table(name, row) for name, row in DECIDED.items()},
            files=tuple(self._files),  # last: every reader above adds its own
            digests=tuple(self._digests),
        )

    def _school(self) -> SchoolFile:
        if (content := self._bytes(portable.SCHOOL)) is None:
            return SchoolFile()
        found = school_toml.read(content, self._problems)
        count = len(found.schools) + len(found.times) + len(found.terms)
        self._add(portable.SCHOOL, content, count + len(found.closures) + len(found.withdrawn))
        return found

    def _table(self, name: str, row: type[Row]) -> Table[Row]:
        nothing: Table[Row] = Table()
        return self._csv(name, lambda sheet: sheet.table(rows.fields_of(row), row), nothing)

    def _csv(self, name: str, read: Callable[[Sheet], Found], nothing: Found) -> Found:
        if (content := self._bytes(name)) is None:
            return nothing
        sheet = Sheet(name, content, self._problems)
        found = read(sheet)
        self._add(name, content, sheet.count)
        return found

    def _bytes(self, name: str) -> bytes | None:
        return (self._path / name).read_bytes() if name in self._present else None

    def _add(self, name: str, content: bytes, count: int) -> None:
        self._files.append(SourceFile(name=name, rows=count))
        self._digests.append(sha256(content).hexdigest())


def _misnamed(name: str, known: set[str]) -> Refused:
    if name in known:
        return Refused(
            "file-misnamed",
            f"seems to be {name}, which is there too",
            f"take it out of the folder; the file that counts is called {name}",
        )
    kind = " (CSV UTF-8)" if name.endswith("csv") else ""
    return Refused(
        "file-misnamed",
        f"seems to be {name}, and is not called so",
        f"save it as {name}{kind}, or take it out of the folder",
    )


def _missing(more: list[str], known: set[str]) -> Refused:
    """Say once what a folder needs that brings a school, or part of one."""
    what, remedy = "is missing", "add it"
    if more:
        what, remedy = f"is missing, and so {_is_or_are(more)}", "add them"
    if portable.MARKS in known:
        remedy += ", or leave marks.csv (and amendments.csv) alone in the folder as a top-up"
    return Refused("file-missing", what, remedy)


def _is_or_are(names: list[str]) -> str:
    *most, last = names
    return f"are {', '.join(most)} and {last}" if most else f"is {last}"
