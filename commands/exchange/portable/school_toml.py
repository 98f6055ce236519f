"""Reading ``school.toml``: the school, its register times, terms and closures, as events."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from difflib import get_close_matches
from itertools import takewhile
from tomllib import TOMLDecodeError
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from commands.exchange.portable.rows import event_of
from ledger import clock, names
from ledger.errors import Refused
from ledger.events.base import SourcedEvent, replace
from ledger.events.calendar import (
    ClosureWithdrawn,
    RegisterTimesSet,
    SessionCancelled,
    SessionsClosed,
    TermSet,
)
from ledger.events.school import SchoolOpened
from ledger.formats import fields, portable
from ledger.formats.sheet import Problems, line_of, text_stream
from ledger.formats.toml import read_toml
from ledger.values import HALVES

# Where in a TOML file something stands: the parser says so only of what it cannot parse.

_HEADER = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]\]?")
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class Lines:
    """Finds the lines of tables and keys; 0 where one is written in a way not looked for."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._headers: list[tuple[int, str]] = []
        for line, content in enumerate(self._lines, start=1):
            if found := _HEADER.match(content):
                self._headers.append((line, found[1]))

    def table(self, name: str, index: int = 0) -> int:
        """Return the line of the header of a table, of an array's ``index``-th."""
        found = [line for line, header in self._headers if header == name]
        return found[index] if index < len(found) else 0

    def key(self, key: str, after: int = 0) -> int:
        """Return the line of a key in the table that begins at line ``after``, else ``after``."""
        lines = enumerate(self._lines[after:], start=after + 1)
        table = takewhile(lambda numbered: not _HEADER.match(numbered[1]), lines)
        found = (line for line, text in table if re.match(rf"\s*{re.escape(key)}\b", text))
        return next(found, after or self.table(key))


def place(error: str, text: str) -> tuple[int, str]:
    """Split a parser's message into the line that it names and what it says."""
    line = _AT_LINE.search(error)
    last = len(text.splitlines())
    return int(line[1]) if line and line[1] else last, _AT_LINE.sub("", error)


def _name(given: str) -> str:
    try:
        return names.name(given)
    except Refused as why:
        raise PydanticCustomError(_NO_NAME, "{what}", {"what": why.what}) from None


_NO_NAME = "no_name"
Name = Annotated[str, AfterValidator(_name)]
Day = Annotated[date, Field(strict=True)]
Clock = Annotated[time, Field(strict=True)]


class _Table(BaseModel):
    """A table of the file: the keys that it may have, and what each holds."""

    model_config = ConfigDict(extra="forbid")


class _School(_Table):
    urn: str
    name: Name
    la_code: str
    estab: str
    type: Literal["maintained", "academy", "pru", "ap-academy", "special-maintained",
                  "special-academy", "non-maintained-special", "independent"]  # fmt: skip
    phase: Literal["nursery", "primary", "secondary", "all-through", "special", "ap", "post-16"]
    recorded_on: object = None


class _Opening(_Table):
    opens: Clock
    closes: Clock


class _RegisterTimes(_Table):
    since: Day = Field(alias="from")
    am: dict[str, Any]  # each is read by itself, as `_Opening`
    pm: dict[str, Any]
    recorded_on: object = None


class _Term(_Table):
    name: Name
    first: Day
    last: Day
    recorded_on: object = None


class _Closed(_Table):
    day: Day = Field(alias="date")
    sessions: list[str] = [*HALVES]
    groups: list[Name] = []
    kind: Literal["planned", "cancelled"] = "planned"
    reason: Annotated[str, AfterValidator(names.text)] = ""
    recorded_on: object = None
    withdrawn_on: object = None


_TABLES = ("school", "register", "term", "closed")
_ALLOWED = {
    key: get_args(model.model_fields[key].annotation)
    for model, key in ((_School, "type"), (_School, "phase"), (_Closed, "kind"))
}
"""The words that a key may hold."""
Closed = SessionsClosed | SessionCancelled
_WRONG = {
    "time_type": "a time like 08:45:00",
    "date_type": "a date like 2026-11-20",
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a table",
}
"""What a key holds instead, by what pydantic says is wrong with it."""
Model = TypeVar("Model", bound=_Table)
_E = TypeVar("_E", bound=SourcedEvent)


@dataclass(slots=True)
class SchoolFile:
    """What ``school.toml`` states, each with the line on which it begins.

    Of the school, of register times and of terms there may be several versions, each recorded at
    a time of its own.
    ``withdrawn``: closures of once, each with the event that took it back, and when.
    """

    schools: list[SchoolOpened] = field(default_factory=list)
    times: list[RegisterTimesSet] = field(default_factory=list)
    terms: list[TermSet] = field(default_factory=list)
    closures: list[tuple[int, Closed]] = field(default_factory=list)
    withdrawn: list[tuple[int, Closed, ClosureWithdrawn]] = field(default_factory=list)


def read(content: bytes, problems: Problems) -> SchoolFile:
    """Read the file; add to ``problems`` what is wrong in it."""
    try:
        text = text_stream(content, "save it again as plain text, UTF-8").read()
    except Refused as why:
        problems.refuse_file(portable.SCHOOL, line_of(why), why)
        return SchoolFile()
    try:
        document = read_toml(text)
    except TOMLDecodeError as error:
        line, what = place(str(error), text)
        fault = Refused("toml", f"is not valid TOML here: {what}", "correct this line")
        problems.refuse_file(portable.SCHOOL, line, fault)
        return SchoolFile()
    return _Reader(Lines(text), problems).school(document)


class _Reader:
    """Reads the tables of one document, each on its own, so that all faults are found."""

    def __init__(self, lines: Lines, problems: Problems) -> None:
        self._lines = lines
        self._problems = problems

    def school(self, document: dict[str, Any]) -> SchoolFile:
        for name in sorted(document.keys() - set(_TABLES)):
            self._refuse(self._lines.key(name), _unknown(name, _TABLES))
        found = SchoolFile()
        found.schools = self._versions(document, "school", _school)
        found.times = self._versions(document, "register", _register_times)
        found.terms = self._versions(document, "term", _term)
        for line, (closed, withdrawn) in self._each(document, "closed", _closed):
            if withdrawn is None:
                found.closures.append((line, closed))
            else:
                found.withdrawn.append((line, closed, withdrawn))
        if "school" not in document:
            self._refuse(0, Refused("key-missing", "has no [school]", "say which school it is"))
        return found

    def _versions(
        self, document: Mapping[str, Any], name: str, make: Callable[[object], _E]
    ) -> list[_E]:
        """Return the events of some tables, in the order in which they were recorded."""
        stated = [replace(event, row=n) for n, event in self._each(document, name, make)]
        return sorted(stated, key=lambda event: event.stated or 0)

    def _each(
        self, document: Mapping[str, Any], name: str, make: Callable[[object], Any]
    ) -> Iterator[tuple[int, Any]]:
        tables = document.get(name, [])
        if isinstance(tables, dict):
            tables = [tables]
        for index, table in enumerate(tables if isinstance(tables, list) else [None]):
            line = self._lines.table(name, index)
            try:
                yield max(line, 1), make(table)
            except _BadKeys as bad:
                for key, why in bad.found:
                    self._refuse(self._lines.key(key, line) if key else line, why)

    def _refuse(self, line: int, why: Refused) -> None:
        self._problems.refuse_file(portable.SCHOOL, line, why)


class _BadKeys(Exception):  # noqa: N818 - it carries refusals, which are what is told
    """What is wrong with a table: refusals, each with the key that it is about, or none."""

    def __init__(self, *found: tuple[str, Refused]) -> None:
        super().__init__(*found)
        self.found = found


def _table(content: object, name: str, model: type[Model]) -> Model:
    """Read one table; all keys that are wrong by their form are refused at once, else the first.

    The order is that of people who correct a file: what is missing, then line by line.
    """
    if not isinstance(content, dict):
        why = Refused("key-type", f"{name} is not a table", f"write it under [{name}]")
        raise _BadKeys(("", why))
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = error.errors()
    keys, first = list(content), faults[0]
    faults.sort(key=lambda each: keys.index(each["loc"][0]) if each["loc"][0] in keys else -1)
    forms = [bad for each in faults if (bad := _form_fault(each, name, model))]
    raise _BadKeys(*forms or [_value_fault(first)])


def _form_fault(fault: ErrorDetails, name: str, model: type[_Table]) -> tuple[str, Refused] | None:
    """Return what is wrong with a key by its form: missing, unknown, of another type."""
    key, kind = str(fault["loc"][0]), fault["type"]
    if kind == "missing":
        return "", Refused("key-missing", f"{name} has no {key}", "it must be given")
    if kind == "extra_forbidden":
        known = [field.alias or each for each, field in model.model_fields.items()]
        return key, Refused("key-unknown", f"unknown key {key!r} in {name}", _closest(key, known))
    if kind == "literal_error" and not isinstance(fault["input"], str):
        kind = "string_type"
    if kind in _WRONG and len(fault["loc"]) == 1:
        what = f"{key} is not {_WRONG[kind]}"
        return key, Refused("key-type", what, "correct what it holds")
    return None


def _value_fault(fault: ErrorDetails) -> tuple[str, Refused]:
    """Return what is wrong with a value of the right type: no word of a list, no list of texts."""
    key = str(fault["loc"][0])
    if fault["type"] == _NO_NAME:
        what = f"{key}: {fault['msg']}"
        return key, Refused("name-control", what, "write it on one line, with spaces only")
    if fault["type"] != "literal_error":
        return key, Refused("key-type", f"{key} is not a list of texts", "quote each of them")
    why = fields.unknown_word(fault["input"], _ALLOWED[key])
    return key, Refused(why.code, f"{key}: {why.what}", why.remedy)


def _instant(value: object, key: str) -> int | None:
    """Return the instant under a key, a date, a time with or without offset."""
    if value is None:
        return None
    try:
        return clock.parse_instant(value if isinstance(value, str) else value.isoformat())  # type: ignore[attr-defined]
    except (Refused, AttributeError):
        why = Refused("key-type", f"{key} is not a date or time", "correct it")
        raise _BadKeys((key, why)) from None


def _closest(key: str, known: Iterable[str]) -> str:
    """Return what to do with an unknown key: it may be a known one, misspelt."""
    found = get_close_matches(key, known, 1)
    return f"did you mean {found[0]}? If not, take it out" if found else "take it out"


def _unknown(name: str, known: tuple[str, ...]) -> Refused:
    return Refused("key-unknown", f"unknown key {name!r}", f"its tables are {', '.join(known)}")


def _school(content: object) -> SchoolOpened:
    found = _table(content, "school", _School)
    for key in ("urn", "name", "la_code", "estab"):
        if not getattr(found, key).strip():
            raise _BadKeys((key, fields.empty(key)))
    stated = _instant(found.recorded_on, "recorded_on")
    return SchoolOpened(**found.model_dump(exclude={"recorded_on"}), stated=stated)


def _register_times(content: object) -> RegisterTimesSet:
    found = _table(content, "register", _RegisterTimes)
    halves, bad = list[_Opening](), list[tuple[str, Refused]]()
    for half in ("am", "pm"):
        try:
            halves.append(_opening(getattr(found, half), half))
        except _BadKeys as wrong:
            bad += [(half, why) for _, why in wrong.found]
    if bad:
        raise _BadKeys(*bad)
    am, pm = halves
    if pm.opens < am.closes:
        why = Refused("times-reversed", "pm opens before am closes", "correct the times")
        raise _BadKeys(("pm", why))
    return RegisterTimesSet(
        since=found.since,
        am_opens=am.opens.isoformat("seconds"),
        am_closes=am.closes.isoformat("seconds"),
        pm_opens=pm.opens.isoformat("seconds"),
        pm_closes=pm.closes.isoformat("seconds"),
        stated=_instant(found.recorded_on, "recorded_on"),
    )


def _opening(content: object, half: str) -> _Opening:
    found = _table(content, half, _Opening)
    if found.closes <= found.opens:
        what = f"{half} closes before it opens"
        raise _BadKeys((half, Refused("times-reversed", what, "correct the two times")))
    return found


def _term(content: object) -> TermSet:
    found = _table(content, "term", _Term)
    if why := fields.reversed_dates(found.first, found.last, ("first", "last")):
        raise _BadKeys(("last", why))
    stated = _instant(found.recorded_on, "recorded_on")
    return TermSet(name=found.name, first=found.first, last=found.last, stated=stated)


def _closed(content: object) -> tuple[Closed, ClosureWithdrawn | None]:
    """Read a closure, and that it was withdrawn where it was."""
    found = _table(content, "closed", _Closed)
    stated, halves = _instant(found.recorded_on, "recorded_on"), found.sessions
    withdrawn = _instant(found.withdrawn_on, "withdrawn_on")
    if not halves or set(halves) - set(HALVES):
        why = Refused("word", "sessions holds more or less than AM, PM",
                      'write ["AM"], ["PM"] or ["AM", "PM"]')  # fmt: skip
        raise _BadKeys(("sessions", why))
    if withdrawn is not None and withdrawn < (stated or 0):
        why = Refused(
            "times-reversed", "withdrawn_on is before recorded_on", "correct one of them"
        )
        raise _BadKeys(("withdrawn_on", why))
    make = SessionsClosed if found.kind == "planned" else SessionCancelled
    closed = make(date=found.day, sessions=tuple(half for half in HALVES if half in halves),
                  groups=tuple(sorted(set(found.groups))), reason=found.reason or None,
                  stated=stated, row=1)  # fmt: skip
    if withdrawn is None:
        return closed, None
    return closed, event_of(ClosureWithdrawn, closed, stated=withdrawn)
