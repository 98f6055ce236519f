"""Changes that deserve a question, with the evidence: unusual, not improper.

Exact queries, each with the evidence of every finding. Dates, pairs of codes and positions; UPNs
of pupils and names of staff only where they are asked for with a reason, which is itself
recorded, and never as a ranking.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, get_args

from ledger.clock import iso
from ledger.errors import Refused
from policies.law.disclosure import NamesLookedUp
from projections.audit import timing
from projections.audit.papers import find_after_paper
from projections.audit.scope import CheckResult, Finding, Scope
from projections.audit.staff import find_strangers
from projections.audit.thresholds import MARGIN, find_just_below
from projections.audit.words import CHECKS, WORDING, columns, heading, table
from projections.queries.blocks import Block
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Inquiry, Selection, option
from projections.queries.view import Author, View
from projections.readmodel.accessors.marks import any_mark
from projections.readmodel.records.disclosure import NamesShown

Check = Literal[
    "n-kept",
    "late-entries",
    "large-batches",
    "after-paper",
    "absent-to-present",
    "just-lifted",
    "stranger",
]


@dataclass(frozen=True, slots=True)
class Lookup:
    """That names were looked up, as known; why and by whom where names are asked for."""

    recorded: int
    position: int
    reason: str | None = None
    name: str | None = None
    job_title: str | None = None


@dataclass(frozen=True, slots=True)
class AuditFindings:
    """What each check found, when names were looked up, and what the ledger knows nothing of."""

    results: Mapping[Check, CheckResult]
    lookups: Sequence[Lookup]
    missing: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Audit(Selection, Inquiry[AuditFindings]):
    """attendance audit: changes that deserve a question, with the evidence: unusual, not improper.

    What is unusual about the changes of a register: questions for people, no verdicts.
    """

    only: tuple[Check, ...] = option(
        "this check only (may be given several times) [all]", (), choices=get_args(Check)
    )
    census: tuple[date, ...] = option("a census day besides the usual ones (several)", ())
    inspection: tuple[date, ...] = option("a day of inspection (may be given several times)", ())
    before: int = option(
        "school days before a census or inspection that are looked at",
        timing.BEFORE,
        minimum=1,
    )
    batch_over: int = option(
        "list batches of more than so many amendments", timing.OVER, minimum=1
    )
    margin: int = option("how many sessions from a line are just over it", MARGIN, minimum=1)
    names: bool = option(
        "show whom it is about and who made the changes; needs --reason, is recorded",
        default=False,
    )
    reason: str | None = option("why names are needed; kept, with who asked")

    @property
    def on_record(self) -> NamesLookedUp | None:
        """Return that names are looked up, and why; nothing where no names are shown."""
        reason = (self.reason or "").strip()
        if self.names and not reason:
            raise Refused(
                "names-reason",
                "--names shows which pupils and members of staff an audit is about, "
                "and no reason is given",
                "say why with --reason; who asked, when and why is recorded",
            )
        if reason and not self.names:
            raise Refused(
                "reason-unused",
                "--reason says why names are shown, and --names is not given",
                "leave it out, or give --names too",
            )
        return NamesLookedUp(reason) if self.names else None

    def find(self, view: View) -> AuditFindings:
        """Find what each check asks for."""
        scope = Scope(view, self)
        results = {
            check: _CHECKS[check](self, scope)
            for check in get_args(Check)
            if check in (self.only or get_args(Check))
        }
        if self.names:
            results = {check: _with_names(found, scope) for check, found in results.items()}
        return AuditFindings(results, _lookups(view, names=self.names), _knows_nothing_of(view))

    def present(self, found: AuditFindings) -> Answer:
        """Show the findings of each check, with what it asks and what is often behind them."""
        results, missing = found.results, found.missing
        every = [finding for result in results.values() for finding in result.findings]
        lookups = Listing(_lookup_columns(names=self.names), found.lookups)
        fields = {
            "wording": WORDING,
            "knows_nothing_of": missing,
            "checks": [_summary(check, result) for check, result in results.items()],
            "rows": Listing(columns(names=self.names), every),
            "names_shown": lookups,
        }
        blocks: list[Block] = [heading(missing)]
        if "marks" not in missing:
            blocks += [table(check, each, names=self.names) for check, each in results.items()]
        if found.lookups:
            # So that whoever looks is seen too.
            title = "Names were looked up; by whom and why is shown with --names"
            blocks.append(lookups.grid(title, order=_LOOKUPS_READ))
        return Answer(fields, blocks=blocks)

    def unknown(self) -> Answer:
        """Return no check and no finding."""
        return Answer({"checks": [], "rows": Listing(columns(names=self.names), [])})


def _turned_present(question: Audit, scope: Scope) -> CheckResult:
    days = {"census": question.census, "inspections": question.inspection}
    calendar = timing.review_calendar(scope, question.before, **days)
    return timing.find_turned_present(scope, calendar)


_CHECKS: Mapping[Check, Callable[[Audit, Scope], CheckResult]] = {
    "n-kept": lambda _, scope: timing.find_kept(scope),
    "late-entries": lambda _, scope: timing.find_late_entries(scope),
    "large-batches": lambda question, scope: timing.find_batches(scope, question.batch_over),
    "after-paper": lambda _, scope: find_after_paper(scope),
    "absent-to-present": _turned_present,
    "just-lifted": lambda question, scope: find_just_below(scope, question.margin),
    "stranger": lambda _, scope: find_strangers(scope),
}


def _with_names(result: CheckResult, scope: Scope) -> CheckResult:
    def names(found: Finding) -> list[Author]:
        named = (each for each in found.staff if each[0] is not None)
        return list(dict.fromkeys(scope.describer.name_and_title(*each) for each in named))

    return replace(result, findings=[replace(each, by=names(each)) for each in result.findings])


def _knows_nothing_of(view: View) -> list[str]:
    """Return what an audit needs and the ledger has none of: terms, pupils, marks in range."""
    there = {
        "terms": view.calendar.terms,
        "pupils": view.people,
        "marks": any_mark(view, view.first, view.on),
    }
    return [name for name, found in there.items() if not found]


def _summary(check: Check, result: CheckResult) -> dict[str, Any]:
    asks = CHECKS[check]
    said = {"check": check, "asks": asks.question, "often": asks.innocent}
    return {**said, "findings": len(result.findings), **result.summary}


def _lookups(view: View, *, names: bool) -> list[Lookup]:
    known = sorted(view.standing(NamesShown), key=lambda each: each.kf)
    return [
        Lookup(
            view.commits.of(each.kf).at,
            each.kf,
            *((view.open(each.reason), *view.author(each)) if names else ()),
        )
        for each in known
    ]


def _lookup_columns(*, names: bool) -> tuple[Column[Lookup], ...]:
    named: tuple[Column[Lookup], ...] = (
        Column("reason", "Why"),
        Column("name", "Who"),
        Column("job_title", "Job title"),
    )
    return (
        Column("recorded_at", "When", lambda row: iso(row.recorded)),
        Column("position"),
        *(replace(column, json=names) for column in named),
    )


_LOOKUPS_READ = ("When", "Who", "Job title", "Why")
