"""The catalogue of register codes: what each meant on each day.

Code letters, their dates and how they count are rows of ``statutory/england/codes.toml``; no
module names a letter.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from ledger.english import alternatives
from ledger.errors import Refused
from ledger.values import Half
from policies.packs import files
from policies.packs.rows import Dated, Sheet

# One row of the table of register codes.

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


class CodeRule(Dated, frozen=True, kw_only=True):
    """What one code means from one date to another; the keys are explained in the file."""

    code: str
    era: str
    description: str
    category: Category
    possible: bool
    attended: bool
    unauthorised: bool
    threshold: bool
    sessions: Annotated[tuple[Half, ...], msgspec.Meta(min_length=1)]
    requires: Requires | None = None
    age: Age | None = None
    provisional: bool = False
    cancels: bool = False
    late: bool = False
    replaced_by: tuple[str, ...] = ()
    basis: Literal["statute", "guidance"]


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

    @lru_cache(maxsize=1 << 14)  # noqa: B019 - one catalogue lives as long as the program
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

    def cancels(self, code: str, on: date) -> bool:
        """Tell whether a code says of a day that the session was cancelled."""
        rule = self.find(code, on)
        return rule is not None and rule.cancels

    def relevant(self, code: str, on: date) -> bool:
        """Tell whether the threshold of a penalty notice counts a code on a day (reg 9A(5))."""
        rule = self.find(code, on)
        return rule is not None and rule.threshold

    def notice_rests_on(self, code: str, on: date) -> bool:
        """Tell whether a penalty notice for a day may rest on a code: G, N, O and U.

        Those that the threshold counts that day; before it was law, those that it came to count.
        """
        counted = (each for each in self.rules if each.code == code and each.threshold)
        return any(each.until is None or on <= each.until for each in counted)

    def late(self, *, attended: bool) -> str:
        """Return the codes of a pupil who came late: before the register closed, or after it.

        Before it closed is attendance, after it is not; those of any day, as ``L``.
        """
        found = (rule.code for rule in self.rules if rule.late and rule.attended == attended)
        return "/".join(dict.fromkeys(found))

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
    sheet = Sheet(file, "code", "code", "the head of the file explains its keys")
    rules = tuple(sheet.read(text, CodeRule))
    by_code: dict[str, list[CodeRule]] = defaultdict(list)
    for rule in sorted(rules, key=lambda each: each.since):
        by_code[rule.code].append(rule)
    sheet.refuse_faults(
        (code, f"two meanings on {later.since}")
        for code, meanings in by_code.items()
        for earlier, later in pairwise(meanings)
        if earlier.covers(later.since)
    )
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


class Rules(Struct, frozen=True):
    """The codes of the statute, and the digest of every pack in force."""

    codes: Codes
    digest: str


@cache
def rules() -> Rules:
    """Return the rules of this installation."""
    return Rules(codes(), files.digest())
