"""The rows of every file, as values: what each column is called, and how it is read.

A field of a row is the column of its name, or of the name given to it; its type says how a cell
is read, and its default what an empty cell states (none: it must be given). The rows of marks.csv
are many, and held as compact columns: some 30 bytes a row, few texts, each once.
"""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from itertools import count, groupby
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import field as column

from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.events.base import Event
from ledger.events.casework import Trigger
from ledger.events.penalties import WithdrawalGround
from ledger.events.roll import GroupKind, YesNo
from ledger.formats import fields
from ledger.formats.fields import Field, Read
from ledger.formats.portable import ChangeKind, EntryKind, PlanStep
from ledger.formats.sheet import Sheet
from ledger.values import HALVES, Half, Session

Instant = Annotated[int, fields.instant]
Name = Annotated[str, fields.name]
NoticeKind = Literal["s444A", "s105"]
Outcome = Literal["paid", "unpaid", "not_guilty", "guilty", "withdrawn"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row; ``line`` is its place in the file, the header being 1."""

    line: int

    @property
    def row(self) -> int:
        """The line, as the events call it."""
        return self.line


class DatedRow(Row, frozen=True, kw_only=True):
    """What holds from a day until a day."""

    since: date | None = column(default=None, name="from")
    until: date | None = column(default=None, name="to")


class SessionRow(Row, frozen=True, kw_only=True):
    """What is stated of a pupil's session."""

    upn: str
    date: date
    half: Half = column(name="session")

    @property
    def session(self) -> Session:
        """The session that the row is about."""
        return Session(self.date, self.half)

    @property
    def number(self) -> int:
        """The number of the session."""
        return session_number(self.date, self.half)


class StaffRow(DatedRow, frozen=True, kw_only=True):
    """A member of staff with the title held from a date."""

    staff_id: Name
    name: Name
    job_title: Name
    roles: Annotated[tuple[str, ...], fields.roles] = ()
    stated: Instant | None = column(default=None, name="recorded_on")


class PupilRow(Row, frozen=True, kw_only=True):
    """A pupil's spell on roll, with the pupil's details."""

    upn: Annotated[str, fields.upn]
    local_id: Name | None = None
    surname: Name
    forename: Name
    dob: date
    sex: Name | None = None
    starts_on: date
    leaves_on: date | None = None
    ground: str = column(default="", name="leaving_ground")
    name_used: Name | None = None
    boarder: bool = False
    address: str | None = None
    last_school: Name | None = None
    next_school: Name | None = None
    stated: Instant | None = column(default=None, name="recorded_on")


class GroupRow(DatedRow, frozen=True, kw_only=True):
    """A pupil's membership of a group."""

    upn: str
    kind: GroupKind
    name: Name
    stated: Instant | None = column(default=None, name="recorded_on")

    def covers(self, day: date) -> bool:
        """Tell whether the pupil belongs to the group on a day."""
        return (self.since or day) <= day <= (self.until or day)


class ParentRow(Row, frozen=True, kw_only=True):
    """A parent or other contact."""

    parent_id: Name
    title: Name | None = None
    surname: Name
    forename: Name | None = None
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    dob: Annotated[str, fields.day_text] | None = None
    address_confidential: YesNo | None = None
    stated: Instant | None = column(default=None, name="recorded_on")


class RelationRow(DatedRow, frozen=True, kw_only=True):
    """What a parent is to a pupil."""

    parent_id: Name
    upn: str
    relationship: str | None = None
    lives_with: YesNo | None = None
    parental_responsibility: YesNo | None = None
    contact_order: int | None = None
    care: YesNo | None = None
    no_contact: YesNo | None = None
    stated: Instant | None = column(default=None, name="recorded_on")


class AmendmentRow(SessionRow, frozen=True, kw_only=True):
    """A change of a mark."""

    original: str
    amended: str
    reason: str | None = None
    by: Name | None = column(default=None, name="amended_by")
    stated: Instant | None = column(default=None, name="amended_on")
    nature: str | None = None
    minutes_late: int | None = None
    kind: ChangeKind | None = None
    batch: Annotated[str, fields.reference] | None = None
    name: str | None = None
    job_title: str | None = None


class NoticeRow(Row, frozen=True, kw_only=True):
    """A penalty notice."""

    parent_id: Name
    upn: str
    kind: NoticeKind
    issued_on: date
    offence_first: date | None = None
    offence_last: date | None = None
    received_on: date | None = None
    paid_on: date | None = None
    withdrawn_on: date | None = None
    outcome: Outcome | None = None
    outcome_on: date | None = None
    sessions: Annotated[tuple[str, ...], fields.sessions] = ()
    issuer: Name | None = None
    withdrawn_ground: WithdrawalGround | None = None
    stated: Instant | None = column(default=None, name="recorded_on")


def read_trigger(cell: str) -> Trigger:
    """Read which rule a step answers, as an export writes it: JSON."""
    try:
        found = msgspec.json.decode(cell, type=Trigger)
        for text in filter(None, (found.rule, found.pack, found.value, *found.sessions)):
            fields.plain_word(text)
    except (msgspec.MsgspecError, Refused):
        remedy = "leave it as the export wrote it, or empty"
        raise Refused("trigger-form", "this does not say which rule is answered", remedy) from None
    return found


class CaseworkRow(Row, frozen=True, kw_only=True):
    """A step with a family; with ``corrects``, what a correction says of one."""

    upn: str
    step: Name
    on: date
    by: Name | None = None
    with_whom: str | None = column(default=None, name="with")
    outcome: str | None = None
    notes: str | None = None
    stated: Instant | None = column(default=None, name="recorded_on")
    at: Annotated[str, fields.time_of_day] | None = None
    parent: Name | None = column(default=None, name="parent_id")
    said: Annotated[str, str] | None = None
    next_review: date | None = None
    first: date | None = column(default=None, name="from")
    last: date | None = column(default=None, name="to")
    sessions: Annotated[tuple[str, ...], fields.agreed_sessions] = ()
    id: str | None = None
    reviews: str | None = None
    ends: bool = False
    trigger: Annotated[Trigger, read_trigger] | None = column(default=None, name="answers")
    name: str | None = None
    job_title: str | None = None
    of: str | None = column(default=None, name="corrects")
    reason: str | None = None


class PlanRow(SessionRow, frozen=True, kw_only=True):
    """A step of what was planned for a session."""

    code: str | None = None
    reason: str | None = None
    nature: str | None = None
    by: Name | None = column(default=None, name="planned_by")
    stated: Instant | None = column(default=None, name="planned_on")
    step: PlanStep


_READERS: Mapping[Any, Read] = {
    str: fields.text,
    date: fields.day,
    int: fields.number,
    bool: fields.flag,
    Half: fields.half,
}
_E = TypeVar("_E", bound=Event)


def fields_of(row: type[msgspec.Struct]) -> Mapping[str, Field]:
    """Return how the columns of a file are read, into which attribute of its row."""
    return {
        each.encode_name: Field(each.name, _reader(each.type), each.required, each.default)
        for each in msgspec.structs.fields(row)
        if each.name != "line"
    }


def _reader(kind: Any) -> Read:  # noqa: ANN401 - any annotation
    """Return what reads a type: what it says itself, else by its kind, else one of its words."""
    if get_origin(kind) is Annotated:
        reader: Read = kind.__metadata__[0]
        return reader
    if kind in _READERS:
        return _READERS[kind]
    first, *more = get_args(kind)
    return _reader(first) if type(None) in more else fields.one_of(first, *more)


def lacking_details(row: type[Row], has: Collection[str]) -> set[str]:
    """Return the details for which a file has no column, so that what is held of them stays."""
    found = {field.attribute for column, field in fields_of(row).items() if column not in has}
    return found - {"stated"}


def event_of(kind: type[_E], said: Any, **besides: object) -> _E:  # noqa: ANN401 - read by name
    """Return the event that a row, or a version of a mark, makes: all that both name alike."""
    stated = {name: getattr(said, name) for name in _shared(kind, said.__class__)}
    stated.update(besides)
    return kind(**stated)


@cache
def _shared(kind: type[Event], said: type) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if hasattr(said, name))


# The rows of marks.csv. A session is one small number: hundreds of thousands of rows name a few
# hundred of them.


def session_number(day: date, half: Half) -> int:
    """Return the number of a session, two a day."""
    return 2 * day.toordinal() + HALVES.index(half)


@lru_cache(8192)
def session_numbered(number: int) -> Session:
    """Return the session that has a number."""
    return Session(date.fromordinal(number // 2), HALVES[number % 2])


_UTC = ("Z", "+00:00", "+0000", "+00")
NOT_STATED = -(2**63)
"""In ``stated``: the source says no time."""
_REMEMBERED = 50_000
"""How many distinct texts of a column are known again without being read."""


class Extras(msgspec.Struct, frozen=True):
    """What few rows state besides."""

    minutes_late: int | None = None
    nature: str | None = None
    comment: str | None = None
    kind: EntryKind | None = None
    reason: str | None = None


PLAIN = Extras()


class MarkRows:
    """The rows; ``upns``, ``codes``, ``staff`` and ``sessions`` are what the columns number.

    ``faulty``: the UPNs of rows that are not among them; none where a row was no row at all.
    ``utc``: of each row, whether its time is written as UTC, with a Z.
    """

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
        self.faulty: list[str | None] = []
        self.utc = bytearray()

    def __len__(self) -> int:
        return len(self.line)

    def registers(self) -> Iterator[tuple[int, int]]:
        """Yield where neighbours of one session, author and time begin, and before what they end.

        Which is how a source writes the marks of one register.
        """
        first, said = 0, zip(self.session, self.by, self.stated, self.utc, strict=True)
        for _, neighbours in groupby(said):
            last = first + sum(1 for _ in neighbours)
            yield first, last
            first = last


def read_marks(sheet: Sheet) -> MarkRows:
    """Read every row that is in order; tell the sheet what is wrong with the others."""
    reader = _MarkReader()
    rows = reader.rows
    for lines, columns in sheet.blocks():
        try:
            reader.take(lines, columns)
        except Refused:
            for line, *cells in zip(lines, *columns, strict=True):
                try:
                    reader.take([line], [[cell] for cell in cells])
                except Refused as why:
                    sheet.refuse(line, why)
                    rows.faulty.append(cells[0])
    if sheet.count > len(rows) + len(rows.faulty):
        rows.faulty.append(None)
    return reader.finished()


class _MarkReader:
    """Reads columns of marks.csv; what few texts state many times is read once."""

    def __init__(self) -> None:
        self.rows = MarkRows()
        remembering = lru_cache(_REMEMBERED)
        self._session, self._time = remembering(_session), remembering(_time)
        self._upns, self._codes, self._staff, self._sessions = (
            defaultdict[Any, int](count().__next__) for _ in range(4)
        )

    def take(self, lines: Sequence[int], columns: Sequence[Sequence[str]]) -> None:
        """Add rows, all or none. Raises `Refused`, of a single row for what is wrong with it."""
        upn, on, part, code, minutes, nature, comment, by, at, kind, reason = columns
        rows, first = self.rows, len(self.rows)
        sessions, times = list(map(self._session, on, part)), list(map(self._time, at))
        more = zip(minutes, nature, comment, kind, reason, strict=True)
        extras = {
            place: _extras(cells) for place, cells in enumerate(more, start=first) if any(cells)
        }
        if not (all(upn) and all(code)):
            raise fields.empty("code" if all(upn) else "upn")
        rows.extras |= extras
        rows.upn.extend(map(self._upns.__getitem__, upn))
        rows.session.extend(map(self._sessions.__getitem__, sessions))
        rows.code.extend(map(self._codes.__getitem__, code))
        rows.by.extend(map(self._staff.__getitem__, by))
        rows.stated.extend(stated for stated, _ in times)
        rows.utc.extend(utc for _, utc in times)
        rows.line.extend(lines)

    def finished(self) -> MarkRows:
        """Return the rows, with what their columns number."""
        rows = self.rows
        rows.upns, rows.codes, rows.sessions = map(list, (self._upns, self._codes, self._sessions))
        rows.staff = [fields.text(each) for each in self._staff]
        return rows


def _session(day: str, half: str) -> int:
    return session_number(_DAY.value("date", day), _HALF.value("session", half))


def _time(cell: str) -> tuple[int, bool]:
    """Return when a mark was recorded, if it is stated, and whether it is written as UTC."""
    if not cell:
        return NOT_STATED, False
    return _INSTANT.value("recorded_on", cell), cell.endswith(_UTC)


def _extras(cells: Sequence[str]) -> Extras:
    values = (each.value(name, cell) for (name, each), cell in zip(_EXTRAS, cells, strict=True))
    return Extras(*values)


_DAY = Field("date", fields.day, mandatory=True)
_HALF = Field("session", fields.half, mandatory=True)
_INSTANT = Field("recorded_on", parse_instant, mandatory=True)
_EXTRAS = fields_of(Extras).items()
