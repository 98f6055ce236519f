"""Reading ``school.toml``: the school, its register times, terms and closures, as events."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, TypeVar

from commands.portable import fields
from commands.portable.problems import Problems
from commands.portable.text import decoded, line_of
from commands.portable.toml_lines import Lines, place
from ledger import clock, portable
from ledger.errors import Refused
from ledger.events.calendar import (
    RegisterTimesSet,
    SchoolOpened,
    SessionCancelled,
    SessionsClosed,
    TermSet,
)
from ledger.values import HALVES, Half

_SCHOOL = ("urn", "name", "la_code", "estab", "type", "phase")
_TYPES = ("maintained", "academy", "pru", "ap-academy", "special-maintained", "special-academy",
          "non-maintained-special", "independent")  # fmt: skip
_PHASES = ("nursery", "primary", "secondary", "all-through", "special", "ap", "post-16")
_TABLES = ("school", "register", "term", "closed")
Closed = SessionsClosed | SessionCancelled
_CLOSURES: Mapping[str, type[Closed]] = {"planned": SessionsClosed, "cancelled": SessionCancelled}
_NAMES_OF_TYPES = {
    time: "a time like 08:45:00",
    date: "a date like 2026-11-20",
    str: "a text",
    list: "a list",
    dict: "a table",
}
Value = TypeVar("Value")


@dataclass(slots=True)
class SchoolFile:
    """What ``school.toml`` states, each with the line on which it begins."""

    opened: SchoolOpened | None = None
    times: list[tuple[int, RegisterTimesSet]] = field(default_factory=list)
    terms: list[tuple[int, TermSet]] = field(default_factory=list)
    closures: list[tuple[int, Closed]] = field(default_factory=list)


def read(content: bytes, problems: Problems) -> SchoolFile:
    """Read the file; add to ``problems`` what is wrong in it."""
    try:
        text = decoded(content).read()
    except Refused as why:
        problems.refuse_file(portable.SCHOOL, line_of(why), why)
        return SchoolFile()
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
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
        for _, opened in self._each(document, "school", _school):
            found.opened = opened
        found.times = list(self._each(document, "register", _register_times))
        found.terms = list(self._each(document, "term", _term))
        found.closures = list(self._each(document, "closed", _closed))
        if "school" not in document:
            self._refuse(0, Refused("key-missing", "has no [school]", "say which school it is"))
        return found

    def _each(
        self, document: Mapping[str, Any], name: str, make: Callable[["_Table"], Any]
    ) -> Iterator[tuple[int, Any]]:
        tables = document.get(name, [])
        if isinstance(tables, dict):
            tables = [tables]
        for index, table in enumerate(tables if isinstance(tables, list) else [None]):
            line = self._lines.table(name, index)
            try:
                yield max(line, 1), make(_Table(table, name))
            except _BadKey as why:
                self._refuse(self._lines.key(why.key, line) if why.key else line, why)

    def _refuse(self, line: int, why: Refused) -> None:
        self._problems.refuse_file(portable.SCHOOL, line, why)


class _BadKey(Refused):
    """A refusal of what one key holds."""

    def __init__(self, key: str, code: str, what: str, remedy: str) -> None:
        super().__init__(code, what, remedy)
        self.key = key


class _Table:
    """One table; its keys are taken one by one, and `done` refuses what is left."""

    def __init__(self, content: object, name: str) -> None:
        if not isinstance(content, dict):
            raise _BadKey("", "key-type", f"{name} is not a table", f"write it under [{name}]")
        self._left: dict[str, Any] = dict(content)
        self._known = list(content)
        self.name = name

    def take(self, key: str, kind: type[Value], default: Value | None = None) -> Value:
        """Return the value of a key, refuse another type or, without default, its absence."""
        if key not in self._left:
            if default is not None:
                return default
            raise _BadKey("", "key-missing", f"{self.name} has no {key}", "it must be given")
        value = self._left.pop(key)
        # A date-time is also a date for Python: the exact type is meant.
        if type(value) is not kind:
            raise _BadKey(
                key, "key-type", f"{key} is not {_NAMES_OF_TYPES[kind]}", "correct what it holds"
            )
        return value

    def word(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """Return a text from a list."""
        word = self.take(key, str, default)
        try:
            return fields.among(word, allowed)
        except Refused as why:
            raise _BadKey(key, why.code, f"{key}: {why.what}", why.remedy) from None

    def words(self, key: str, default: list[str]) -> list[str]:
        """Return a list of texts."""
        found = self.take(key, list, default)
        if not all(isinstance(each, str) for each in found):
            raise _BadKey(key, "key-type", f"{key} is not a list of texts", "quote each of them")
        return found

    def stated(self) -> int | None:
        """Return the instant under ``recorded_on``, a date, a time with or without offset."""
        value = self._left.pop("recorded_on", None)
        if value is None:
            return None
        try:
            return clock.parse_instant(value if isinstance(value, str) else value.isoformat())
        except (Refused, AttributeError):
            raise _BadKey(
                "recorded_on", "key-type", "recorded_on is not a date or time", "correct it"
            ) from None

    def done(self) -> None:
        """Refuse the keys that nobody asked for."""
        for key in self._left:
            raise _BadKey(key, "key-unknown", f"unknown key {key!r} in {self.name}", "take it out")


def _unknown(name: str, known: tuple[str, ...]) -> Refused:
    return Refused("key-unknown", f"unknown key {name!r}", f"its tables are {', '.join(known)}")


def _school(table: _Table) -> SchoolOpened:
    texts = {key: table.take(key, str) for key in _SCHOOL[:-2]}
    kind, phase = table.word("type", _TYPES), table.word("phase", _PHASES)
    table.done()
    for key, value in texts.items():
        if not value.strip():
            raise _BadKey(key, "field-empty", f"{key} is empty", "it must be given")
    return SchoolOpened(**texts, type=kind, phase=phase)


def _register_times(table: _Table) -> RegisterTimesSet:
    since = table.take("from", date)
    halves = [_times(_Table(table.take(half, dict), half), half) for half in ("am", "pm")]
    table.done()
    (am_opens, am_closes), (pm_opens, pm_closes) = halves
    if pm_opens < am_closes:
        raise _BadKey("pm", "times-reversed", "pm opens before am closes", "correct the times")
    return RegisterTimesSet(
        since=since,
        am_opens=am_opens.isoformat("seconds"),
        am_closes=am_closes.isoformat("seconds"),
        pm_opens=pm_opens.isoformat("seconds"),
        pm_closes=pm_closes.isoformat("seconds"),
    )


def _times(table: _Table, half: str) -> tuple[time, time]:
    try:
        opens, closes = table.take("opens", time), table.take("closes", time)
        table.done()
    except _BadKey as why:
        raise _BadKey(half, why.code, why.what, why.remedy) from None
    if closes <= opens:
        raise _BadKey(
            half, "times-reversed", f"{half} closes before it opens", "correct the two times"
        )
    return opens, closes


def _term(table: _Table) -> TermSet:
    name = table.take("name", str)
    first, last = table.take("first", date), table.take("last", date)
    table.done()
    if why := fields.reversed_dates(first, last, ("first", "last")):
        raise _BadKey("last", why.code, why.what, why.remedy)
    return TermSet(name=name, first=first, last=last)


def _closed(table: _Table) -> Closed:
    day = table.take("date", date)
    halves = table.words("sessions", [*HALVES])
    groups = tuple(sorted(set(table.words("groups", []))))
    make = _CLOSURES[table.word("kind", tuple(_CLOSURES), "planned")]
    reason, stated = table.take("reason", str, ""), table.stated()
    table.done()
    sessions: tuple[Half, ...] = tuple(half for half in HALVES if half in halves)
    if not halves or set(halves) - set(HALVES):
        raise _BadKey("sessions", "word", "sessions holds more or less than AM, PM",
                      'write ["AM"], ["PM"] or ["AM", "PM"]')  # fmt: skip
    return make(date=day, sessions=sessions, groups=groups, reason=reason, stated=stated, row=1)
