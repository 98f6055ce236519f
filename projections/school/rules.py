"""Which codes and values of the law apply on a day, and what changed between two days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.english import number_of
from ledger.errors import Refused
from policies.packs.catalogue import Change, Entry, changes, entries
from policies.packs.codes import codes
from policies.packs.values import parameters
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Question, argument, option
from projections.queries.view import View

_WORDS = {
    "verified": "read in the source",
    "second-hand": "as others tell it",
    "memory": "FROM MEMORY, not checked",
    "inferred": "OUR INFERENCE",
}
_UNSURE = ("memory", "inferred")


class ListedRule(NamedTuple):
    """A rule as it is listed, and what became of it where two days are compared."""

    entry: Entry
    what: str | None = None
    before: Entry | None = None
    after: Entry | None = None


class RuleFindings(NamedTuple):
    """The rules in force on a day (``after``), or those that differ from ``before``."""

    before: date | None
    after: date
    rows: Sequence[ListedRule]


@dataclass(frozen=True, kw_only=True)
class RulesInForce(Question[RuleFindings]):
    """attendance rules: which codes and values of the law apply on a day, and what changed.

    Every code and value with its dates, reference, and how sure we are of it.
    """

    diff: date | None = option(
        "what began, ended or changed between this date and the one after it [--on]"
    )
    other: date | None = argument("with --diff: the second date", required=False, metavar="[DATE]")
    name: str | None = option(
        "one rule, by its name (register.open_minutes) or code, or a group of them (casework)"
    )

    def find(self, view: View) -> RuleFindings:
        """Find the rules in force on the day, or what differs between two."""
        if self.diff is not None:
            before, after = sorted((self.diff, self.other or view.on))
            return RuleFindings(before, after, _differences(self.name, before, after))
        if self.other is not None:
            raise Refused(
                "diff-missing",
                f"{self.other} is the second of two dates, and the first is not given",
                "write attendance rules --diff DATE DATE, or --on DATE for one day",
            )
        found = [ListedRule(e) for e in entries(view.on) if _is_named(e, self.name)]
        if self.name is not None and not found:
            _check_day(self.name, view.on)
        return RuleFindings(None, view.on, sorted(found, key=_place))

    def present(self, found: RuleFindings) -> Answer:
        """Show one row a rule."""
        count, notes = number_of(len(found.rows), "rule"), list(_doubts(found.rows))
        if found.before is None:
            listing = Listing(COLUMNS, found.rows)
            table = listing.grid(f"{count} in force on {found.after}", notes=notes)
            return Answer({"rows": listing}, blocks=[table])
        days = (str(found.before), str(found.after))
        listing = Listing(_compared(*days), found.rows)
        differ = "differs" if len(listing) == 1 else "differ"
        title = f"{count} {differ} between {days[0]} and {days[1]}"
        table = listing.grid(title, order=("What", "Rule", *days, *_SOURCE), notes=notes)
        fields = {"before": found.before, "after": found.after, "rows": listing}
        return Answer(fields, blocks=[table])


def _is_named(entry: Entry, name: str | None) -> bool:
    """Tell whether a rule has a name, or belongs to the group of that name."""
    return name in (None, entry.name) or entry.name.startswith(f"{name}.")


def _is_group(name: str) -> bool:
    return any(rule.name.startswith(f"{name}.") for rule in parameters().every())


def _check_day(name: str, on: date) -> None:
    """Refuse a day outside the rule that is asked for, naming it; a group may have none then."""
    if _is_group(name):
        return
    if codes().known(name):
        codes().rule(name, on)
    else:
        parameters().value(name, on)


def _differences(name: str | None, before: date, after: date) -> list[ListedRule]:
    # Where no rule at all is known, nothing can be said to have begun.
    entries(before)
    every = (_changed(change) for change in changes(before, after))
    found = [rule for rule in every if _is_named(rule.entry, name)]
    if not (found or name is None or codes().known(name) or _is_group(name)):
        parameters().rows(name)  # refuses a name that no code and no value ever had
    return sorted(found, key=_place)


def _changed(change: Change) -> ListedRule:
    """Return the newer of the two sides of a change, one of which is always there, and both."""
    newer = change.after or change.before
    assert newer is not None  # noqa: S101 - a change has at least one side
    return ListedRule(newer, change.what, change.before, change.after)


def _place(rule: ListedRule) -> tuple[str, str, date]:
    return rule.entry.kind, rule.entry.name, rule.entry.since


def _dates(rule: ListedRule) -> str:
    until = rule.entry.until
    return f"from {rule.entry.since}" + (f" to {until}" if until else "")


def _doubts(found: Sequence[ListedRule]) -> Iterator[str]:
    """Name the rules that rest on memory or inference."""
    for sort in _UNSURE:
        if names := [rule.entry.name for rule in found if rule.entry.confidence == sort]:
            yield f"{_WORDS[sort]}: {', '.join(dict.fromkeys(names))}"


_SOURCE = ("Where it is written", "How we know")
COLUMNS: tuple[Column[ListedRule], ...] = (
    Column("kind", value=lambda rule: rule.entry.kind),
    Column("name", "Rule", lambda rule: rule.entry.name),
    Column("value", "Says", lambda rule: rule.entry.value_text),
    Column("from", "In force", lambda rule: rule.entry.since, text=_dates),
    Column("until", value=lambda rule: rule.entry.until),
    Column("reference", _SOURCE[0], lambda rule: rule.entry.reference),
    Column("confidence", _SOURCE[1], lambda rule: rule.entry.confidence,
           text=lambda rule: _WORDS[rule.entry.confidence]),
    Column("basis", value=lambda rule: rule.entry.basis, csv=False),
    Column("note", value=lambda rule: rule.entry.note, csv=False),
)  # fmt: skip


def _compared(before: str, after: str) -> tuple[Column[ListedRule], ...]:
    """Return the columns of a comparison of two days."""
    return (
        Column("change", "What", lambda rule: rule.what),
        *COLUMNS,
        Column("before", before, lambda rule: rule.before and rule.before.value_text),
        Column("after", after, lambda rule: rule.after and rule.after.value_text),
    )
