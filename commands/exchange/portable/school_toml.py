"""Reading ``school.toml``: the school, its register times, terms and closures, as events."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from difflib import get_close_matches
from itertools import takewhile
from typing import Any, TypeVar, cast

from ledger import clock
from ledger.errors import Refused
from ledger.events.calendar import RegisterTimesSet, SessionCancelled, SessionsClosed, TermSet
from ledger.events.school import SchoolOpened
from ledger.formats import fields, portable
from ledger.formats.sheet import Problems, line_of, text_stream
from ledger.values import HALVES, Half

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


_SCHOOL = ("urn", "name", "la_code", "estab", "type", "phase")
_SCHOOL_KINDS = dict.fromkeys(_SCHOOL, str)
_CLOSED_OPTIONAL = {"sessions": list, "groups": list, "kind": str, "reason": str,
                    "recorded_on": object}  # fmt: skip
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
        text = text_stream(content, "save it again as plain text, UTF-8").read()
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
            except (_BadKey, _BadKeys) as bad:
                for why in bad.found if isinstance(bad, _BadKeys) else [bad]:
                    self._refuse(self._lines.key(why.key, line) if why.key else line, why)

    def _refuse(self, line: int, why: Refused) -> None:
        self._problems.refuse_file(portable.SCHOOL, line, why)


class _BadKey(Refused):
    """A refusal of what one key holds."""

    def __init__(self, key: str, code: str, what: str, remedy: str) -> None:
        super().__init__(code, what, remedy)
        self.key = key


class _BadKeys(Exception):  # noqa: N818 - it carries refusals, which are what is told
    """All that is wrong with the keys of one table."""

    def __init__(self, found: list[_BadKey]) -> None:
        super().__init__(found)
        self.found = found


class _Table:
    """One table; `check` refuses its keys all at once, then they are taken one by one."""

    def __init__(self, content: object, name: str) -> None:
        if not isinstance(content, dict):
            raise _BadKey("", "key-type", f"{name} is not a table", f"write it under [{name}]")
        self._content: dict[str, Any] = content
        self.name = name

    def check(self, kinds: Mapping[str, type], optional: Mapping[str, type] | None = None) -> None:
        """Refuse keys that are unknown or missing, or hold another type than theirs."""
        all_kinds = {**kinds, **(optional or {})}
        found = [
            _BadKey("", "key-missing", f"{self.name} has no {key}", "it must be given")
            for key in kinds
            if key not in self._content
        ]
        for key, value in self._content.items():
            if key not in all_kinds:
                what = f"unknown key {key!r} in {self.name}"
                found.append(_BadKey(key, "key-unknown", what, _closest(key, all_kinds)))
            # A date-time is also a date for Python: the exact type is meant.
            elif all_kinds[key] not in (type(value), object):
                what = f"{key} is not {_NAMES_OF_TYPES[all_kinds[key]]}"
                found.append(_BadKey(key, "key-type", what, "correct what it holds"))
        if found:
            raise _BadKeys(found)

    def take(self, key: str, _kind: type[Value], default: Value | None = None) -> Value:
        """Return the value of a key that was checked, or the default where it is not there."""
        return cast("Value", self._content.get(key, default))

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
        value = self._content.get("recorded_on")
        if value is None:
            return None
        try:
            return clock.parse_instant(value if isinstance(value, str) else value.isoformat())
        except (Refused, AttributeError):
            raise _BadKey(
                "recorded_on", "key-type", "recorded_on is not a date or time", "correct it"
            ) from None


def _closest(key: str, known: Iterable[str]) -> str:
    """Return what to do with an unknown key: it may be a known one, misspelt."""
    found = get_close_matches(key, known, 1)
    return f"did you mean {found[0]}? If not, take it out" if found else "take it out"


def _unknown(name: str, known: tuple[str, ...]) -> Refused:
    return Refused("key-unknown", f"unknown key {name!r}", f"its tables are {', '.join(known)}")


def _school(table: _Table) -> SchoolOpened:
    table.check(_SCHOOL_KINDS)
    texts = {key: table.take(key, str) for key in _SCHOOL[:-2]}
    kind, phase = table.word("type", _TYPES), table.word("phase", _PHASES)
    for key, value in texts.items():
        if not value.strip():
            raise _BadKey(key, "field-empty", f"{key} is empty", "it must be given")
    return SchoolOpened(**texts, type=kind, phase=phase)


def _register_times(table: _Table) -> RegisterTimesSet:
    table.check({"from": date, "am": dict, "pm": dict})
    since = table.take("from", date)
    halves, bad = [], list[_BadKey]()
    for half in ("am", "pm"):
        try:
            halves.append(_times(_Table(table.take(half, dict), half), half))
        except _BadKeys as found:
            bad += found.found
    if bad:
        raise _BadKeys(bad)
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
        table.check({"opens": time, "closes": time})
    except _BadKeys as bad:
        raise _BadKeys([_BadKey(half, w.code, w.what, w.remedy) for w in bad.found]) from None
    opens, closes = table.take("opens", time), table.take("closes", time)
    if closes <= opens:
        what = f"{half} closes before it opens"
        raise _BadKeys([_BadKey(half, "times-reversed", what, "correct the two times")])
    return opens, closes


def _term(table: _Table) -> TermSet:
    table.check({"name": str, "first": date, "last": date})
    name = table.take("name", str)
    first, last = table.take("first", date), table.take("last", date)
    if why := fields.reversed_dates(first, last, ("first", "last")):
        raise _BadKey("last", why.code, why.what, why.remedy)
    return TermSet(name=name, first=first, last=last)


def _closed(table: _Table) -> Closed:
    table.check({"date": date}, _CLOSED_OPTIONAL)
    day = table.take("date", date)
    halves = table.words("sessions", [*HALVES])
    groups = tuple(sorted(set(table.words("groups", []))))
    make = _CLOSURES[table.word("kind", tuple(_CLOSURES), "planned")]
    reason, stated = table.take("reason", str, ""), table.stated()
    sessions: tuple[Half, ...] = tuple(half for half in HALVES if half in halves)
    if not halves or set(halves) - set(HALVES):
        raise _BadKey("sessions", "word", "sessions holds more or less than AM, PM",
                      'write ["AM"], ["PM"] or ["AM", "PM"]')  # fmt: skip
    return make(date=day, sessions=sessions, groups=groups, reason=reason, stated=stated, row=1)
