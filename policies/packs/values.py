"""The dated values of the statute: which value a rule had on a day, and where that is written.

Every file of ``statutory/england`` but the table of codes is a list of ``[[rule]]``. A rule is
named by its file and its name in the file, ``register.open_minutes``, so that a question parses
one file only.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import islice, pairwise
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast, get_args

from ledger.errors import Refused
from policies.packs import codes, files

# One dated value of law, and the reading of the files that hold such values.

Value: TypeAlias = "int | str | date | tuple[Value, ...] | Mapping[str, Value]"
Table: TypeAlias = "Mapping[str, tuple[Rule, ...]]"
Confidence = Literal["verified", "second-hand", "memory", "inferred"]
Basis = Literal["statute", "guidance", "statistics", "policy"]
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """One value from one date to another.

    ``name`` is that of the file and that in the file: ``register.open_minutes``. ``since`` and
    ``until`` are the first and the last day; no ``until`` means still in force. ``after_gap``:
    no value is known for the days before it, although an earlier one was in force.
    """

    name: str
    value: Value
    since: date
    until: date | None
    reference: str
    confidence: Confidence
    basis: Basis
    note: str
    after_gap: bool

    def covers(self, on: date) -> bool:
        """Tell whether this value is in force on a day."""
        return self.since <= on and (self.until is None or on <= self.until)

    @property
    def number(self) -> int:
        """The value, where it is a whole number."""
        return cast("int", self._every(int, [self.value])[0])

    @property
    def day(self) -> date:
        """The value, where it is a date."""
        return cast("date", self._every(date, [self.value])[0])

    @property
    def names(self) -> tuple[str, ...]:
        """The value, where it is a list of names."""
        return cast("tuple[str, ...]", tuple(self._every(str, self._list())))

    @property
    def days(self) -> tuple[date, ...]:
        """The value, where it is a list of dates."""
        return cast("tuple[date, ...]", tuple(self._every(date, self._list())))

    @property
    def table(self) -> Mapping[str, Any]:
        """The value, where it is a table."""
        return cast("Mapping[str, Any]", self._every(MappingProxyType, [self.value])[0])

    def _list(self) -> list[Value]:
        return list(self._every(tuple, [self.value])[0])  # type: ignore[arg-type]

    def _every(self, kind: type, values: list[Value]) -> list[Value]:
        if not all(type(value) is kind for value in values):
            raise Refused(
                code="pack-invalid",
                what=f"{self.name} from {self.since} does not hold what is asked of it",
                remedy="correct its value",
            )
        return values


_MANDATORY: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "value": (int, bool, str, date, list, dict),
    "from": (date,),
    "reference": (str,),
    "confidence": (str,),
}
_OPTIONAL: Mapping[str, tuple[type, ...]] = {
    "until": (date,),
    "basis": (str,),
    "note": (str,),
    "after_gap": (bool,),
}
_TYPES: Mapping[str, tuple[type, ...]] = {**_MANDATORY, **_OPTIONAL}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "confidence": get_args(Confidence),
    "basis": get_args(Basis),
}


def read_rules(text: str, stem: str, basis: Basis = "statute") -> Table:
    """Read every ``[[rule]]`` of a file, by full name and in order of date.

    ``stem`` is the file's name without ``.toml``; ``basis``: of the rules that state none.
    Refused naming the file, and of each faulty rule its name and key; also where two values of a
    name overlap, or leave a gap that is not declared.
    """
    try:
        pack = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refusal(stem, str(error)) from error
    rows: list[dict[str, Any]] = pack.pop("rule", [])
    if pack:
        raise _refusal(stem, f"unknown key {min(pack)!r}")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _refusal(stem, "'rule' is not a list of tables, each headed [[rule]]")
    _refuse_faults(
        stem, ((_row_name(row, number), _faults(row)) for number, row in enumerate(rows, 1))
    )
    found: dict[str, list[Rule]] = {}
    for row in sorted(rows, key=lambda each: each["from"]):
        found.setdefault(f"{stem}.{row['name']}", []).append(_rule(stem, row, basis))
    _refuse_faults(stem, ((name, _disorder(rules)) for name, rules in found.items()))
    return MappingProxyType({name: tuple(rules) for name, rules in found.items()})


def _row_name(row: Mapping[str, Any], number: int) -> str:
    return str(row.get("name", f"number {number}"))


def _refuse_faults(stem: str, checked: Iterable[tuple[str, Iterator[str]]]) -> None:
    """Refuse a file with the first fault of each of its rules."""
    faults = [f"rule {name}: {fault}" for name, found in checked for fault in islice(found, 1)]
    if faults:
        raise _refusal(stem, "; ".join(faults))


def _refusal(stem: str, what: str) -> Refused:
    return Refused(
        code="pack-invalid",
        what=f"{stem}.toml: {what}",
        remedy="policies/README.md explains the keys of a rule",
    )


def _faults(row: Mapping[str, Any]) -> Iterator[str]:
    # Each check relies on those before it: only the first fault is told.
    yield from (f"unknown key {key!r}" for key in sorted(row.keys() - _TYPES.keys()))
    yield from (f"missing key {key!r}" for key in sorted(_MANDATORY.keys() - row.keys()))
    for key, value in row.items():
        if type(value) not in _TYPES[key]:
            yield f"{key!r} is not a {_TYPES[key][0].__name__}"
        elif key in _CHOICES and value not in _CHOICES[key]:
            yield f"{key!r} is not one of {', '.join(_CHOICES[key])}"
    if not row["reference"].strip():
        yield "'reference' is empty"
    if row.get("until", row["from"]) < row["from"]:
        yield "'until' is before 'from'"


def _disorder(rules: list[Rule]) -> Iterator[str]:
    for earlier, later in pairwise(rules):
        if earlier.covers(later.since):
            yield f"two values on {later.since}"
        elif earlier.covers(later.since - _DAY) == later.after_gap:
            stated = "declared after a gap" if later.after_gap else "not declared after a gap"
            yield f"the value from {later.since} is {stated}"


def _rule(stem: str, row: Mapping[str, Any], basis: Basis) -> Rule:
    return Rule(
        name=f"{stem}.{row['name']}",
        value=_freeze(row["value"]),
        since=row["from"],
        until=row.get("until"),
        reference=row["reference"],
        confidence=row["confidence"],
        basis=row.get("basis", basis),
        note=row.get("note", ""),
        after_gap=row.get("after_gap", False),
    )


def _freeze(value: Any) -> Value:  # noqa: ANN401 - whatever TOML can hold
    if isinstance(value, list):
        return tuple(_freeze(each) for each in value)
    if isinstance(value, dict):
        return MappingProxyType({key: _freeze(each) for key, each in value.items()})
    return cast("Value", value)


_FOLDER = PurePosixPath(codes.FILE).parent


@dataclass(frozen=True, slots=True)
class Parameters:
    """A catalogue of dated values.

    ``stems`` are the names of its files, ``table`` gives the values of one of them by name.
    """

    stems: tuple[str, ...]
    table: Callable[[str], Table]

    def rows(self, name: str) -> tuple[Rule, ...]:
        """Return every value of a rule, earliest first; refused as ``rule-unknown``."""
        stem = name.partition(".")[0]
        found = self.table(stem).get(name, ()) if stem in self.stems else ()
        if not found:
            raise Refused(
                code="rule-unknown",
                what=f"there is no rule {name!r}",
                remedy="attendance rules lists the rules and their names",
            )
        return found

    def find(self, name: str, on: date) -> Rule | None:
        """Return the value in force on a day; None where there is none."""
        for rule in self.rows(name):
            if rule.covers(on):
                return rule
        return None

    def value(self, name: str, on: date) -> Rule:
        """Return the value in force on a day; refused as ``date-outside-rule`` where none is."""
        found = self.find(name, on)
        if found is None:
            raise _outside(self.rows(name), on)
        return found

    def every(self) -> Iterator[Rule]:
        """Yield every value of every rule, file by file; this parses all files."""
        for stem in self.stems:
            for rules in self.table(stem).values():
                yield from rules

    def in_force(self, on: date) -> list[Rule]:
        """Return the values in force on a day, file by file."""
        return [rule for rule in self.every() if rule.covers(on)]


@cache
def parameters() -> Parameters:
    """Return the statutory catalogue, read from the bytes that ``files.digest`` names."""
    paths = (PurePosixPath(name) for name, _ in files.statutory())
    stems = (path.stem for path in paths if path.parent == _FOLDER and str(path) != codes.FILE)
    return Parameters(tuple(sorted(stems)), _table)


@cache
def _table(stem: str) -> Table:
    return read_rules(files.content(f"{_FOLDER}/{stem}.toml").decode(), stem)


def _outside(rules: tuple[Rule, ...], on: date) -> Refused:
    first, last = rules[0], rules[-1]
    before = [rule.until for rule in rules if rule.until is not None and rule.until < on]
    if on < first.since:
        what = f"{first.name} has no value on {on}: its earliest is from {first.since}"
        remedy = f"ask about {first.since} or later"
    else:
        named = f"{first.name} (from {first.since})"
        what = f"{named} has no value on {on}: the one before ended on {max(before)}"
        after = [rule.since for rule in rules if rule.since > on]
        remedy = (
            f"ask about {min(after)} or later" if after else f"ask about {last.until} or earlier"
        )
    return Refused("date-outside-rule", what, remedy)
