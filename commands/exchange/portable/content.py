"""Reading a portable folder, at the edge: bytes in, parsed content out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from commands.exchange.portable import mark_rows, rows, school_toml
from commands.exchange.portable.mark_rows import MarkRows, number
from commands.exchange.portable.school_toml import SchoolFile
from ledger.errors import Refused
from ledger.events.calendar import SessionCancelled
from ledger.events.log import SourceFile
from ledger.formats import fields, portable
from ledger.formats.fields import Field
from ledger.formats.sheet import Problems, Sheet

# Reading the small files: every column by its own reader, every fault with its line.

Row = TypeVar("Row")


class Table(NamedTuple, Generic[Row]):
    """The rows of a file that could be read; ``has``: the columns that the file has.

    ``named``: every text of the first column, that of faulty rows too, so that rows of other
    files which name it are not said to name nobody.
    """

    rows: tuple[Row, ...] = ()
    has: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


_DAY = fields.day
_DATES: Mapping[str, Field] = {"from": Field("since", _DAY), "to": Field("until", _DAY)}
_STATED: Mapping[str, Field] = {"recorded_on": Field("stated", fields.instant)}
_WHEN: Mapping[str, Field] = {
    "date": Field("date", _DAY, mandatory=True),
    "session": Field("half", fields.half, mandatory=True),
}
_OUTCOMES = ("paid", "unpaid", "not_guilty", "guilty", "withdrawn")


def _texts(*names: str, mandatory: bool = False) -> dict[str, Field]:
    return {name: Field(name, fields.text, mandatory) for name in names}


def _flags(*names: str) -> dict[str, Field]:
    return {name: Field(name, fields.yes_no) for name in names}


_FIELDS: Mapping[str, Mapping[str, Field]] = {
    portable.STAFF: {
        **_texts("staff_id", "name", "job_title", mandatory=True),
        "roles": Field("roles", fields.roles, empty=()),
        **_DATES,
    },
    portable.PUPILS: {
        "upn": Field("upn", fields.upn, mandatory=True),
        **_texts("local_id", "sex", "name_used", "address", "last_school", "next_school"),
        **_texts("surname", "forename", mandatory=True),
        "dob": Field("dob", _DAY, mandatory=True),
        "starts_on": Field("starts_on", _DAY, mandatory=True),
        "leaves_on": Field("leaves_on", _DAY),
        "leaving_ground": Field("ground", fields.text, empty=""),
        "boarder": Field("boarder", fields.flag, empty=False),
        **_STATED,
    },
    portable.GROUPS: {
        **_texts("upn", "name", mandatory=True),
        "kind": Field("kind", fields.one_of("year", "registration", "cohort"), mandatory=True),
        **_DATES,
        **_STATED,
    },
    portable.PARENTS: {
        **_texts("parent_id", "surname", mandatory=True),
        **_texts("title", "forename", "address", "phone", "email"),
        "dob": Field("dob", lambda cell: _DAY(cell).isoformat()),
        **_flags("address_confidential"),
    },
    portable.RELATIONS: {
        **_texts("parent_id", "upn", mandatory=True),
        **_texts("relationship"),
        **_flags("lives_with", "parental_responsibility", "care", "no_contact"),
        "contact_order": Field("contact_order", fields.number),
        **_DATES,
        **_STATED,
    },
    portable.AMENDMENTS: {
        **_texts("upn", "original", "amended", mandatory=True),
        **_WHEN,
        **_texts("reason", "nature"),
        "amended_by": Field("by", fields.text),
        "amended_on": Field("stated", fields.instant),
        "minutes_late": Field("minutes_late", fields.number),
        "kind": Field("kind", fields.one_of(*portable.CHANGE_KINDS)),
    },
    portable.NOTICES: {
        **_texts("parent_id", "upn", mandatory=True),
        "kind": Field("kind", fields.one_of("s444A", "s105"), mandatory=True),
        "issued_on": Field("issued_on", _DAY, mandatory=True),
        **{
            name: Field(name, _DAY)
            for name in ("offence_first", "offence_last", "received_on", "paid_on",
                         "withdrawn_on", "outcome_on")
        },
        "outcome": Field("outcome", fields.one_of(*_OUTCOMES)),
        "sessions": Field("sessions", fields.sessions, empty=()),
        **_texts("issuer"),
        **_STATED,
    },
    portable.CASEWORK: {
        **_texts("upn", "step", mandatory=True),
        "on": Field("on", _DAY, mandatory=True),
        **_texts("by", "outcome", "notes"),
        "with": Field("with_whom", fields.text),
    },
    portable.PLANS: {
        **_texts("upn", mandatory=True),
        **_WHEN,
        **_texts("code", "reason", "nature"),
        "planned_by": Field("by", fields.text),
        "planned_on": Field("stated", fields.instant),
        "step": Field("step", fields.one_of(*portable.PLAN_STEPS), mandatory=True),
    },
}  # fmt: skip


def read(sheet: Sheet, make: Callable[..., Row], problems: Problems) -> Table[Row]:
    """Read every row of a file that is in order; add to ``problems`` what is wrong elsewhere."""
    names = portable.FILES[sheet.file].all
    found, named = [], set()
    for line, cells in sheet.rows():
        named.add(cells[0])
        if row := _row(sheet.file, line, dict(zip(names, cells, strict=True)), problems):
            found.append(make(line=line, **row))
    return Table(tuple(found), sheet.has, frozenset(named))


def _row(
    file: str, line: int, cells: Mapping[str, str], problems: Problems
) -> dict[str, Any] | None:
    row: dict[str, Any] = {}
    for name, why_or_value in values(_FIELDS[file], cells):
        if isinstance(why_or_value, Refused):
            problems.refuse(file, line, why_or_value)
            row["faulty"] = True
        else:
            row[name] = why_or_value
    return None if "faulty" in row else row


def values(wanted: Mapping[str, Field], cells: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield each attribute of a row with its value, or with the refusal of its cell."""
    for column, cell in cells.items():
        field = wanted[column]
        if not cell:
            missing = Refused("field-empty", f"{column} is empty", "it must be given")
            yield field.attribute, missing if field.mandatory else field.empty
            continue
        try:
            yield field.attribute, field.read(cell)
        except Refused as why:
            yield field.attribute, Refused(why.code, f"{column}: {why.what}", why.remedy)


ORDER = (portable.SCHOOL, *portable.FILES)


@dataclass(slots=True)
class Content:
    """What a folder holds. ``problems``: what could not be read; ``other``: CSV files passed over.

    ``whole``: the folder brings the school, and not only marks for a ledger that knows it.
    """

    files: tuple[SourceFile, ...] = ()
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

    def span(self) -> tuple[int, int] | None:
        """Return the first and last session, by number, that marks or cancellations are for."""
        numbers = [
            number(closure.date, half)
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
    with _readable(path):
        return _Loading(path).content()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise Refused(
            "folder-unreadable", f"{path} cannot be read: {why}", "check its permissions"
        ) from error


class _Loading:
    """One pass over the files of a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems = Problems()
        self._files: list[SourceFile] = []
        self._present = {p.name for p in path.iterdir() if p.is_file()}

    def content(self) -> Content:
        known = self._present & set(ORDER)
        whole = not (portable.MARKS in known and known <= set(portable.TOP_UP))
        for name in portable.REQUIRED if whole else ():
            if name not in known:
                self._problems.refuse_file(name, 0, _missing(known))
        content = Content(whole=whole, problems=self._problems, school=self._school())
        content.staff = self._table(portable.STAFF, rows.StaffRow)
        content.pupils = self._table(portable.PUPILS, rows.PupilRow)
        content.groups = self._table(portable.GROUPS, rows.GroupRow)
        content.parents = self._table(portable.PARENTS, rows.ParentRow)
        content.relations = self._table(portable.RELATIONS, rows.RelationRow)
        content.marks = self._marks()
        content.amendments = self._table(portable.AMENDMENTS, rows.AmendmentRow)
        content.notices = self._table(portable.NOTICES, rows.NoticeRow)
        content.casework = self._table(portable.CASEWORK, rows.CaseworkRow)
        content.plans = self._table(portable.PLANS, rows.PlanRow)
        content.files = tuple(self._files)
        content.other = tuple(sorted(n for n in self._present - known if n.endswith(".csv")))
        return content

    def _school(self) -> SchoolFile:
        if (content := self._bytes(portable.SCHOOL)) is None:
            return SchoolFile()
        found = school_toml.read(content, self._problems)
        self._add(portable.SCHOOL, content, 1 + sum(
            len(each) for each in (found.times, found.terms, found.closures)
        ))  # fmt: skip
        return found

    def _table(self, name: str, make: Callable[..., Row]) -> Table[Row]:
        if (content := self._bytes(name)) is None:
            return Table()
        sheet = Sheet(name, content, self._problems)
        found = read(sheet, make, self._problems)
        self._add(name, content, sheet.count)
        return found

    def _marks(self) -> MarkRows:
        if (content := self._bytes(portable.MARKS)) is None:
            return MarkRows()
        sheet = Sheet(portable.MARKS, content, self._problems)
        found = mark_rows.read(sheet, self._problems)
        self._add(portable.MARKS, content, sheet.count)
        return found

    def _bytes(self, name: str) -> bytes | None:
        return (self._path / name).read_bytes() if name in self._present else None

    def _add(self, name: str, content: bytes, count: int) -> None:
        self._files.append(SourceFile(name=name, sha256=sha256(content).hexdigest(), rows=count))


def _missing(known: set[str]) -> Refused:
    remedy = "add it"
    if portable.MARKS in known:
        remedy += ", or leave marks.csv (and amendments.csv) alone in the folder as a top-up"
    return Refused("file-missing", "is missing", remedy)
