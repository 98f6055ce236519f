"""The dated values of the statute: which value a rule had on a day, and where that is written.

Every file of ``statutory/england`` but the table of codes is a list of ``[[rule]]``. A rule is
named by its file and its name in the file, ``register.open_minutes``, so that a question parses
one file only.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from itertools import islice, pairwise
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from msgspec import Struct
from msgspec.structs import replace

from ledger.errors import Refused
from policies.packs import codes, files
from policies.packs.rows import Dated, Sheet

if TYPE_CHECKING:
    Value: TypeAlias = int | str | date | tuple["Value", ...] | Mapping[str, "Value"]
else:
    Value = Any  # a type that holds itself is nothing to msgspec: `Rule` looks at the kind

Table: TypeAlias = "Mapping[str, tuple[Rule, ...]]"
Basis = Literal["statute", "guidance", "statistics", "policy"]
_KINDS = (int, bool, str, date, list, dict, tuple, MappingProxyType)
_DAY = timedelta(days=1)


class Rule(Dated, frozen=True, kw_only=True):
    """One value from one date to another.

    ``name`` is that of the file and that in the file: ``register.open_minutes``. ``after_gap``:
    no value is known for the days before it, although an earlier one was in force.
    """

    name: str
    value: Value
    basis: Basis
    note: str = ""
    after_gap: bool = False

    def __post_init__(self) -> None:
        """Refuse a value that no rule can have, and a rule that nobody can look up."""
        super().__post_init__()
        if type(self.value) not in _KINDS:  # a date-time is a date too: the kind itself is meant
            raise ValueError("'value' is not a int")  # noqa: TRY003 - `Sheet` names the rule
        if not self.reference.strip():
            raise ValueError("'reference' is empty")  # noqa: TRY003 - as above

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


def read_rules(text: str, stem: str, basis: Basis = "statute") -> Table:
    """Read every ``[[rule]]`` of a file, by full name and in order of date.

    ``stem`` is the file's name without ``.toml``; ``basis``: of the rules that state none.
    Refused naming the file, and of each faulty rule its name and key; also where two values of a
    name overlap, or leave a gap that is not declared.
    """
    remedy = "policies/README.md explains the keys of a rule"
    sheet = Sheet(f"{stem}.toml", "rule", "name", remedy)
    found: dict[str, list[Rule]] = {}
    for rule in sorted(sheet.read(text, Rule, basis=basis), key=lambda each: each.since):
        name = f"{stem}.{rule.name}"
        found.setdefault(name, []).append(replace(rule, name=name, value=_freeze(rule.value)))
    sheet.refuse_faults(
        (name, fault) for name, rules in found.items() for fault in islice(_disorder(rules), 1)
    )
    return MappingProxyType({name: tuple(rules) for name, rules in found.items()})


def _disorder(rules: list[Rule]) -> Iterator[str]:
    for earlier, later in pairwise(rules):
        if earlier.covers(later.since):
            yield f"two values on {later.since}"
        elif earlier.covers(later.since - _DAY) == later.after_gap:
            stated = "declared after a gap" if later.after_gap else "not declared after a gap"
            yield f"the value from {later.since} is {stated}"


def _freeze(value: Any) -> Value:  # noqa: ANN401 - whatever TOML can hold
    if isinstance(value, list):
        return tuple(_freeze(each) for each in value)
    if isinstance(value, dict):
        return MappingProxyType({key: _freeze(each) for key, each in value.items()})
    return cast("Value", value)


_FOLDER = PurePosixPath(codes.FILE).parent


class Parameters(Struct, frozen=True):
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
    paths = (PurePosixPath(name) for name, _ in files.every())
    stems = (path.stem for path in paths if path.parent == _FOLDER and str(path) != codes.FILE)
    return Parameters(tuple(stems), _table)


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
