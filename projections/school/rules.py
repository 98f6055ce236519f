"""Which codes and values of the law apply on a day, and what changed between two days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.english import number_of
from ledger.errors import Refused
from policies.packs.catalogue import Change, Entry, changes, entries
from policies.packs.codes import codes
from policies.packs.values import parameters
from projections.queries.blocks import Grid
from projections.queries.question import Answer, Question, argument, option
from projections.queries.view import View

_COLUMNS = ("kind", "name", "value", "from", "until", "reference", "confidence")
_WORDS = {
    "verified": "read in the source",
    "second-hand": "as others tell it",
    "memory": "FROM MEMORY, not checked",
    "inferred": "OUR INFERENCE",
}
_UNSURE = ("memory", "inferred")


@dataclass(frozen=True, kw_only=True)
class RulesInForce(Question):
    """attendance rules: which codes and values of the law apply on a day, and what changed.

    Every code and value with its dates, reference, and how sure we are of it.
    """

    diff: date | None = option(
        "what began, ended or changed between this date and the one after it [--on]"
    )
    other: date | None = argument("with --diff: the second date", required=False, metavar="[DATE]")
    name: str | None = option("one rule, by its name (register.open_minutes) or code")

    def answer(self, view: View) -> Answer:
        """Answer with one row a rule: in force on a day, or different between two."""
        if self.diff is not None:
            return _differences(self, view, self.diff)
        if self.other is not None:
            raise Refused(
                "diff-missing",
                f"{self.other} is the second of two dates, and the first is not given",
                "write attendance rules --diff DATE DATE, or --on DATE for one day",
            )
        if self.name is not None:
            _check_day(self.name, view.on)
        found = [e for e in entries(view.on) if self.name in (None, e.name)]
        found.sort(key=_place)
        document = {"as_of": view.as_of(), "rows": [_row(entry) for entry in found]}
        title = f"{number_of(len(found), 'rule')} in force on {view.on}"
        body = [
            (e.name, e.value_text, _dates(e), e.reference, _WORDS[e.confidence]) for e in found
        ]
        headings = ("Rule", "Says", "In force", "Where it is written", "How we know")
        grid = Grid(title, headings, body, notes=[*_doubts(found), view.provenance()])
        return Answer(document, _COLUMNS, [grid])


def _check_day(name: str, on: date) -> None:
    """Refuse a day outside the rule that is asked for, naming it."""
    if codes().known(name):
        codes().rule(name, on)
    else:
        parameters().value(name, on)


def _place(entry: Entry) -> tuple[str, str, date]:
    return entry.kind, entry.name, entry.since


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "name": entry.name,
        "value": entry.value_text,
        "from": entry.since.isoformat(),
        "until": entry.until.isoformat() if entry.until else None,
        "reference": entry.reference,
        "confidence": entry.confidence,
        "basis": entry.basis,
        "note": entry.note,
    }


def _dates(entry: Entry) -> str:
    return f"from {entry.since}" + (f" to {entry.until}" if entry.until else "")


def _doubts(found: Sequence[Entry]) -> list[str]:
    """Name the rules that rest on memory or inference."""
    return [
        f"{_WORDS[sort]}: {', '.join(dict.fromkeys(names))}"
        for sort in _UNSURE
        if (names := [entry.name for entry in found if entry.confidence == sort])
    ]


def _differences(question: RulesInForce, view: View, one: date) -> Answer:
    before, after = sorted((one, question.other or view.on))
    # Where no rule at all is known, nothing can be said to have begun.
    entries(before)
    found = [c for c in changes(before, after) if question.name in (None, _entry(c).name)]
    if not found and question.name is not None:
        _check_known(question.name)
    found.sort(key=lambda change: _place(_entry(change)))
    rows = [_change_row(change) for change in found]
    document = {
        "as_of": view.as_of(),
        "before": before.isoformat(),
        "after": after.isoformat(),
        "rows": rows,
    }
    body = [
        (r["change"], r["name"], r["before"] or "", r["after"] or "", r["reference"], r["sure"])
        for r in (row | {"sure": _WORDS[row["confidence"]]} for row in rows)
    ]
    headings = ("What", "Rule", str(before), str(after), "Where it is written", "How we know")
    differ = "differs" if len(rows) == 1 else "differ"
    title = f"{number_of(len(rows), 'rule')} {differ} between {before} and {after}"
    notes = [*_doubts([_entry(change) for change in found]), view.provenance()]
    columns = ("change", *_COLUMNS, "before", "after")
    return Answer(document, columns, [Grid(title, headings, body, notes=notes)])


def _check_known(name: str) -> None:
    """Refuse a name that no code and no value ever had."""
    if not codes().known(name):
        parameters().rows(name)


def _entry(change: Change) -> Entry:
    """Return the newer of the two sides of a change; one of them is always there."""
    found = change.after or change.before
    assert found is not None  # noqa: S101 - a change has at least one side
    return found


def _change_row(change: Change) -> dict[str, Any]:
    return {
        "change": change.what,
        **_row(_entry(change)),
        "before": change.before.value_text if change.before else None,
        "after": change.after.value_text if change.after else None,
    }
