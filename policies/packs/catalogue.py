"""Codes and parameters side by side: what applied on a day, and what changed between two."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Literal

from msgspec import Struct

from ledger.errors import Refused
from policies.packs.codes import CodeRule, codes
from policies.packs.rows import Dated
from policies.packs.values import Rule, Value, parameters

Kind = Literal["code", "parameter"]


class Entry(Dated, frozen=True, kw_only=True):
    """One dated rule as it is listed."""

    kind: Kind
    name: str
    value_text: str
    basis: str
    note: str


class Change(Struct, frozen=True):
    """What became of a rule between two days.

    ``passed``: in force on neither day, but in between; ``before`` is then its last value.
    ``restated``: the same value, written elsewhere or otherwise.
    """

    what: Literal["began", "ended", "changed", "restated", "passed"]
    before: Entry | None
    after: Entry | None


def entries(on: date | None = None) -> list[Entry]:
    """Return the rules in force on a day, codes first; without a day, every one there ever was.

    Refused as ``date-outside-rule`` before the first rule of all.
    """
    every = _every()
    if on is None:
        return list(every)
    found = [entry for entry in every if entry.covers(on)]
    if not found:
        first = min(every, key=lambda entry: entry.since)
        raise Refused(
            code="date-outside-rule",
            what=f"no rule is known for {on}: the earliest is {first.name}, from {first.since}",
            remedy=f"ask about {first.since} or later",
        )
    return found


def changes(before: date, after: date) -> list[Change]:
    """Return what is different on one day from what it was on another, in order of listing."""
    by_name: dict[tuple[Kind, str], list[Entry]] = {}
    for entry in _every():
        by_name.setdefault((entry.kind, entry.name), []).append(entry)
    found = (_change(rows, before, after) for rows in by_name.values())
    return [change for change in found if change is not None]


def _change(rows: list[Entry], before: date, after: date) -> Change | None:
    old, new = _on(rows, before), _on(rows, after)
    if old is None and new is None:
        between = [each for each in rows if before < each.since <= after]
        return (
            Change("passed", max(between, key=lambda each: each.since), None) if between else None
        )
    if old is None:
        return Change("began", None, new)
    if new is None:
        return Change("ended", old, None)
    if old is new:
        return None
    return Change("restated" if old.value_text == new.value_text else "changed", old, new)


def _on(rows: Iterable[Entry], day: date) -> Entry | None:
    return next((row for row in rows if row.covers(day)), None)


@cache
def _every() -> tuple[Entry, ...]:
    return (
        *(_entry("code", rule.code, _meaning(rule), rule) for rule in codes().rules),
        *(
            _entry("parameter", rule.name, value_text(rule.value), rule, rule.note)
            for rule in parameters().every()
        ),
    )


def _entry(kind: Kind, name: str, says: str, rule: CodeRule | Rule, note: str = "") -> Entry:
    return Entry(
        kind=kind,
        name=name,
        value_text=says,
        since=rule.since,
        until=rule.until,
        reference=rule.reference,
        confidence=rule.confidence,
        basis=rule.basis,
        note=note,
    )


def _meaning(rule: CodeRule) -> str:
    says = [rule.description, rule.category.replace("_", " ")]
    if rule.threshold:
        says.append("relevant entry")
    if rule.requires:
        says.append(f"needs the {rule.requires}")
    return "; ".join(says)


def value_text(value: Value) -> str:
    """Return a value as words: a table by its ``text`` if it has one, else key by key."""
    if isinstance(value, tuple):
        return ", ".join(value_text(each) for each in value)
    if isinstance(value, Mapping):
        if "text" in value:
            return value_text(value["text"])
        return ", ".join(f"{_words(key)} {value_text(each)}" for key, each in value.items())
    return str(value)


def _words(key: str) -> str:
    return key.replace("_", " ")
