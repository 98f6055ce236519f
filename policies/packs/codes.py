"""The catalogue of register codes: what each meant on each day.

Code letters, their dates and how they count are rows of ``statutory/england/codes.toml``; no
module names a letter.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal, get_args

from ledger.english import alternatives
from ledger.errors import Refused
from ledger.values import HALVES
from policies.packs import files

# One row of the table of register codes, and the reading of the file that holds them.

Category = Literal[
    "present",
    "approved_activity",
    "authorised",
    "unauthorised",
    "not_possible",
    "administrative",
    "separate",
]
Age = Literal["compulsory", "below_or_above"]
Requires = Literal["nature", "cause"]
Basis = Literal["statute", "guidance"]


@dataclass(frozen=True, slots=True)
class CodeRule:
    """What one code means from one date to another; the keys are explained in the file.

    ``since`` and ``until`` are the first and the last day; no ``until`` means still in force.
    """

    code: str
    era: str
    since: date
    until: date | None
    description: str
    category: Category
    possible: bool
    attended: bool
    unauthorised: bool
    threshold: bool
    sessions: tuple[str, ...]
    requires: Requires | None
    age: Age | None
    provisional: bool
    cancels: bool
    late: bool
    replaced_by: tuple[str, ...]
    basis: Basis
    reference: str
    confidence: str

    def covers(self, on: date) -> bool:
        """Tell whether this meaning is in force on a day."""
        return self.since <= on and (self.until is None or on <= self.until)


_MANDATORY: Mapping[str, type] = {
    "code": str,
    "era": str,
    "from": date,
    "description": str,
    "category": str,
    "possible": bool,
    "attended": bool,
    "unauthorised": bool,
    "threshold": bool,
    "sessions": list,
    "basis": str,
    "reference": str,
    "confidence": str,
}
_OPTIONAL: Mapping[str, type] = {
    "until": date,
    "requires": str,
    "age": str,
    "provisional": bool,
    "cancels": bool,
    "late": bool,
    "replaced_by": list,
}
_TYPES: Mapping[str, type] = {**_MANDATORY, **_OPTIONAL}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "category": get_args(Category),
    "requires": get_args(Requires),
    "age": get_args(Age),
    "basis": get_args(Basis),
    "confidence": ("verified", "second-hand", "memory", "inferred"),
    "sessions": HALVES,
}


def read_rows(text: str, file: str) -> tuple[CodeRule, ...]:
    """Read every ``[[code]]`` table of a file; refused naming the file, the code and the key."""
    try:
        pack = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refusal(file, str(error)) from error
    rows: list[dict[str, Any]] = pack.pop("code", [])
    if pack:
        raise refusal(file, f"unknown key {min(pack)!r}")
    for number, row in enumerate(rows, start=1):
        for fault in _faults(row):
            raise refusal(file, f"code {row.get('code', f'number {number}')}: {fault}")
    return tuple(_rule(row) for row in rows)


def refusal(file: str, what: str) -> Refused:
    """Return the refusal of a table that cannot be used."""
    return Refused("pack-invalid", f"{file}: {what}", "the head of the file explains its keys")


def _faults(row: Mapping[str, Any]) -> Iterator[str]:
    # Each check relies on those before it: the caller stops at the first fault.
    yield from (f"unknown key {key!r}" for key in sorted(row.keys() - _TYPES.keys()))
    yield from (f"missing key {key!r}" for key in sorted(_MANDATORY.keys() - row.keys()))
    for key, value in row.items():
        # A boolean is also an int and a date-time also a date: the exact type is meant.
        if type(value) is not _TYPES[key]:
            yield f"{key!r} is not a {_TYPES[key].__name__}"
        elif not _among(value, _CHOICES.get(key)):
            yield f"{key!r} is not one of {', '.join(_CHOICES[key])}"
    if row.get("until", row["from"]) < row["from"]:
        yield "'until' is before 'from'"


def _among(value: object, choices: tuple[str, ...] | None) -> bool:
    if choices is None:
        return True
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(each in choices for each in values)


def _rule(row: Mapping[str, Any]) -> CodeRule:
    given = {key: value for key, value in row.items() if key in _MANDATORY and key != "from"}
    return CodeRule(
        **given | {"sessions": tuple(row["sessions"])},
        since=row["from"],
        until=row.get("until"),
        requires=row.get("requires"),
        age=row.get("age"),
        provisional=row.get("provisional", False),
        cancels=row.get("cancels", False),
        late=row.get("late", False),
        replaced_by=tuple(row.get("replaced_by", ())),
    )


FILE = "statutory/england/codes.toml"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """An immutable catalogue of code meanings; at most one meaning of a code on any day."""

    rules: tuple[CodeRule, ...]
    by_code: Mapping[str, tuple[CodeRule, ...]]

    def known(self, code: str) -> bool:
        """Tell whether a code was ever in force."""
        return code in self.by_code

    def find(self, code: str, on: date) -> CodeRule | None:
        """Return the meaning of a code on a day; None where it has none."""
        for rule in self.by_code.get(code, ()):
            if rule.covers(on):
                return rule
        return None

    def rule(self, code: str, on: date) -> CodeRule:
        """Return the meaning of a code on a day.

        Refused as ``code-unknown`` or ``code-not-in-force``; the remedy names what stood or
        stands for the same circumstances on that day.
        """
        found = self.find(code, on)
        if found is None:
            raise self._refusal(code, on)
        return found

    def in_force(self, on: date) -> list[CodeRule]:
        """Return the meanings in force on a day, in the order of the file."""
        return [rule for rule in self.rules if rule.covers(on)]

    def eras(self, first: date, last: date) -> list[tuple[date, date]]:
        """Split first to last, both included, into the longest ranges with constant meanings."""
        if first > last:
            return []
        starts = sorted({first} | {day for day in self._changes() if first < day <= last})
        return [(start, after - _DAY) for start, after in pairwise([*starts, last + _DAY])]

    def present(self, half: str) -> str:
        """Return the code of a pupil present in one half of the day only (``AM``, ``PM``)."""
        for rule in self.rules:
            if rule.category == "present" and rule.sessions == (half,):
                return rule.code
        raise Refused(
            code="session",
            what=f"no code says present in {half!r} alone",
            remedy="name a half of the day, AM or PM",
        )

    def provisional(self, on: date) -> str:
        """Return the code of a reason not yet known, which has to be replaced."""
        return _only((rule for rule in self.in_force(on) if rule.provisional), on)

    def cancelled(self, on: date) -> str:
        """Return the code that a cancelled session gives to everyone."""
        return _only((rule for rule in self.in_force(on) if rule.cancels), on)

    def _changes(self) -> set[date]:
        ends = {rule.until + _DAY for rule in self.rules if rule.until is not None}
        return ends | {rule.since for rule in self.rules}

    def _refusal(self, code: str, on: date) -> Refused:
        if not self.known(code):
            return Refused(
                "code-unknown", f"{code!r} is not a register code", self._remedy(on, code)
            )
        before = [rule for rule in self.by_code[code] if rule.since <= on]
        what = (
            f"{code} ended on {before[-1].until}"
            if before
            else f"{code} is in force from {self.by_code[code][0].since}, not on {on}"
        )
        return Refused("code-not-in-force", what, self._remedy(on, code))

    def _remedy(self, on: date, code: str) -> str:
        later = {each for rule in self.by_code.get(code, ()) for each in rule.replaced_by}
        in_force = self.in_force(on)
        related = [r.code for r in in_force if r.code in later or code in r.replaced_by]
        if related:
            return f"use {alternatives(related)}"
        if in_force:
            return f"use a code in force on {on}: {' '.join(rule.code for rule in in_force)}"
        return f"check the date: no code is known for {on}"


def parse(text: str, file: str) -> Codes:
    """Read a catalogue; refused where a row is faulty or two meanings of a code overlap."""
    rules = read_rows(text, file)
    by_code: dict[str, list[CodeRule]] = defaultdict(list)
    for rule in sorted(rules, key=lambda each: each.since):
        by_code[rule.code].append(rule)
    for code, meanings in by_code.items():
        for earlier, later in pairwise(meanings):
            if earlier.covers(later.since):
                raise refusal(file, f"code {code}: two meanings on {later.since}")
    return Codes(rules, MappingProxyType({code: tuple(each) for code, each in by_code.items()}))


@cache
def codes() -> Codes:
    """Return the statutory catalogue, read once from the bytes that ``files.digest`` names."""
    return parse(files.content(FILE).decode(), FILE)


def _only(found: Iterable[CodeRule], on: date) -> str:
    for rule in found:
        return rule.code
    raise Refused(
        code="date-outside-rule",
        what=f"no register code is known for {on}",
        remedy="check the date",
    )


# The rules that decisions and answers are made under, as one value.


@dataclass(frozen=True, slots=True)
class Rules:
    """The codes of the statute, and the digest of every pack in force."""

    codes: Codes
    digest: str


@cache
def rules() -> Rules:
    """Return the rules of this installation."""
    return Rules(codes(), files.digest())
