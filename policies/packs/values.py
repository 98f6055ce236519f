"""The dated values of the statute: which value a rule had on a day, and where that is written.

Every file of ``statutory/england`` but the table of codes is a list of ``[[rule]]``. A rule is
named by its file and its name in the file, ``register.open_minutes``, so that a question parses
one file only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import PurePosixPath

from ledger.errors import Refused
from policies.packs import codes
from policies.packs import files as packs
from policies.packs.rule_table import Rule, Table, read

__all__ = ["Parameters", "Rule", "parameters"]

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
    """Return the statutory catalogue, read from the bytes that ``packs.digest`` names."""
    paths = (PurePosixPath(name) for name, _ in packs.files())
    stems = (path.stem for path in paths if path.parent == _FOLDER and str(path) != codes.FILE)
    return Parameters(tuple(sorted(stems)), _table)


@cache
def _table(stem: str) -> Table:
    return read(packs.content(f"{_FOLDER}/{stem}.toml").decode(), stem)


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
