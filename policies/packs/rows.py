"""Dated rows in TOML: the tables of a file, held to the fields of a class.

What is wrong is said by file, row and key, as whoever wrote the file knows them.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from tomllib import TOMLDecodeError
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from ledger.errors import Refused
from ledger.formats.toml import read_toml

Confidence = Literal["verified", "second-hand", "memory", "inferred"]
D = TypeVar("D", bound=msgspec.Struct)


class Dated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What applied from one date to another, and where that is written.

    ``since`` and ``until`` are the first and the last day; no ``until`` means still in force.
    """

    since: date = msgspec.field(name="from")
    until: date | None = None
    reference: str
    confidence: Confidence

    def __post_init__(self) -> None:
        """Refuse a last day before the first."""
        if self.until is not None and self.until < self.since:
            raise ValueError("'until' is before 'from'")  # noqa: TRY003 - `Sheet` names the row

    def covers(self, on: date) -> bool:
        """Tell whether it is in force on a day."""
        return self.since <= on and (self.until is None or on <= self.until)


class Sheet(Struct, frozen=True):
    """A file of ``[[heading]]`` tables; ``name``: the key of a table that names it."""

    file: str
    heading: str
    name: str
    remedy: str

    def read(self, text: str, row_class: type[D], **unless_stated: str) -> list[D]:
        """Return the rows in the order of the file; refused with the first fault of each."""
        rows, faults = [], []
        for number, stated in enumerate(self._tables(text), start=1):
            table = unless_stated | stated
            try:
                # A date is one of TOML's: of itself msgspec would take a text for one.
                rows.append(msgspec.convert(table, row_class, builtin_types=(date,)))
            except msgspec.ValidationError as error:
                fault = _fault(table, row_class) or str(error)
                faults.append((str(table.get(self.name, f"number {number}")), fault))
        self.refuse_faults(faults)
        return rows

    def _tables(self, text: str) -> list[dict[str, Any]]:
        try:
            pack = read_toml(text)
        except TOMLDecodeError as error:
            raise self._refusal(str(error)) from error
        tables: list[dict[str, Any]] = pack.pop(self.heading, [])
        if pack:
            raise self._refusal(f"unknown key {min(pack)!r}")  # noqa: TRY003 - a refusal's words
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            headed = f"{self.heading!r} is not a list of tables, each headed [[{self.heading}]]"
            raise self._refusal(headed)
        return tables

    def refuse_faults(self, faults: Iterable[tuple[str, str]]) -> None:
        """Refuse the file where there are faults: each the name of a row and what is wrong."""
        if said := [f"{self.heading} {name}: {fault}" for name, fault in faults]:
            raise self._refusal("; ".join(said))

    def _refusal(self, what: str) -> Refused:
        return Refused("pack-invalid", f"{self.file}: {what}", self.remedy)


def _fault(table: Mapping[str, Any], row_class: type[msgspec.Struct]) -> str | None:
    """Return which key is at fault; none where the keys are right one by one."""
    fields = {each.encode_name: each for each in msgspec.structs.fields(row_class)}
    for key in sorted(table.keys() - fields.keys()):
        return f"unknown key {key!r}"
    for key in sorted(key for key, each in fields.items() if each.required):
        if key not in table:
            return f"missing key {key!r}"
    for key, value in table.items():
        try:
            msgspec.convert(value, fields[key].type, builtin_types=(date,))
        except msgspec.ValidationError:
            return f"{key!r} is not {_wanted(fields[key].type)}"
    return None


def _wanted(kind: Any) -> str:  # noqa: ANN401 - an annotation
    """Say what a key may hold, in the words of TOML."""
    if choices := _choices(kind):
        return f"one of {', '.join(choices)}"
    one = get_args(kind)[0] if isinstance(kind, UnionType) else kind
    return "a list" if get_origin(one) is tuple else f"a {one.__name__}"


def _choices(kind: Any) -> list[str]:  # noqa: ANN401 - an annotation
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [choice for part in get_args(kind) for choice in _choices(part)]
