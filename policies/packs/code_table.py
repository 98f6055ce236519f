"""One row of the table of register codes, and the reading of the file that holds them."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from ledger.errors import Refused
from ledger.values import HALVES

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


def read(text: str, file: str) -> tuple[CodeRule, ...]:
    """Read every ``[[code]]`` table of a file; refused naming the file, the code and the key."""
    try:
        pack = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refused(file, str(error)) from error
    rows: list[dict[str, Any]] = pack.pop("code", [])
    if pack:
        raise refused(file, f"unknown key {min(pack)!r}")
    for number, row in enumerate(rows, start=1):
        for fault in _faults(row):
            raise refused(file, f"code {row.get('code', f'number {number}')}: {fault}")
    return tuple(_rule(row) for row in rows)


def refused(file: str, what: str) -> Refused:
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
