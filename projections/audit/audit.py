"""Changes that deserve a question, with the evidence: unusual, not improper.

Exact queries, each with the evidence of every finding. Dates, pairs of codes and positions; UPNs
of pupils and names of staff only where they are asked for with a reason, which is itself
recorded, and never as a ranking.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from ledger.clock import iso
from ledger.errors import Refused
from policies.law.disclosure import NamesLookedUp
from projections.audit import timing
from projections.audit.papers import find_after_paper
from projections.audit.scope import CheckResult, Scope
from projections.audit.staff import Staff, find_strangers
from projections.audit.thresholds import MARGIN, find_just_below
from projections.audit.words import CHECKS, WORDING, flat, heading, table
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.view import View
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
_COLUMNS = (
    "check",
    "what",
    "session",
    "from_code",
    "to_code",
    "lag",
    "changed_on",
    "positions",
    "evidence",
)


@dataclass(frozen=True, kw_only=True)
class Audit(Selection, Question):
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

    def answer(self, view: View) -> Answer:
        """Answer with the findings of each check."""
        columns = (*_COLUMNS, "upn", "by") if self.names else _COLUMNS
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "checks": [], "rows": [], "knows_nothing": True}
            return Answer(document, columns, [Lines([view.ignorance()])])
        scope, staff = Scope(view, self), Staff(view)
        results = {check: _CHECKS[check](self, scope, staff) for check in _checks_asked(self)}
        rows = {check: _rows(self, staff, result) for check, result in results.items()}
        every = [row for found in rows.values() for row in found]
        shown = _names_shown(self, view)
        missing = _knows_nothing_of(view)
        document = {
            "as_of": view.as_of(),
            "wording": WORDING,
            "knows_nothing_of": missing,
            "checks": [_summary(check, result) for check, result in results.items()],
            "rows": every,
            "names_shown": shown,
        }
        tables = [table(check, found, results[check].summary) for check, found in rows.items()]
        blocks: list[Block] = [
            heading(missing),
            *([] if "marks" in missing else tables),
            *_shown_before(shown),
            Lines([view.provenance()]),
        ]
        return Answer(document, columns, blocks, flat=[flat(row) for row in every])


def _checks_asked(question: Audit) -> list[Check]:
    return [check for check in get_args(Check) if check in (question.only or get_args(Check))]


def _turned_present(question: Audit, scope: Scope, _staff: Staff) -> CheckResult:
    days = {"census": question.census, "inspections": question.inspection}
    calendar = timing.review_calendar(scope, question.before, **days)
    return timing.find_turned_present(scope, calendar)


_CHECKS: Mapping[Check, Callable[[Audit, Scope, Staff], CheckResult]] = {
    "n-kept": lambda _question, scope, _staff: timing.find_kept(scope),
    "late-entries": lambda _question, scope, _staff: timing.find_late_entries(scope),
    "large-batches": lambda question, scope, _staff: timing.find_batches(
        scope, question.batch_over
    ),
    "after-paper": lambda _question, scope, _staff: find_after_paper(scope),
    "absent-to-present": _turned_present,
    "just-lifted": lambda question, scope, _staff: find_just_below(scope, question.margin),
    "stranger": lambda _question, scope, staff: find_strangers(scope, staff),
}


def _rows(question: Audit, staff: Staff, result: CheckResult) -> list[dict[str, Any]]:
    """Return the rows of a check; only with names do they say about whom and by whom."""
    if not question.names:
        return [found.row() for found in result.findings]
    return [
        {**found.row(), "upn": found.upn, "by": staff.names_of(found.staff)}
        for found in result.findings
    ]


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


def _names_shown(question: Audit, view: View) -> list[dict[str, Any]]:
    """Return when names were looked up, as known; with names, also by whom and why."""
    found = []
    for each in sorted(view.standing(NamesShown), key=lambda each: each.kf):
        row = {"recorded_at": iso(view.commits.of(each.kf).at), "position": each.kf}
        if question.names:
            name, title = view.open(each.name), each.job_title
            row |= {"reason": view.open(each.reason), "name": name, "job_title": title}
        found.append(row)
    return found


def _shown_before(shown: list[dict[str, Any]]) -> list[Grid]:
    """Return who looked up names before, so that the lookers are seen too."""
    body = [
        (r["recorded_at"], r.get("name") or "", r.get("job_title") or "", r.get("reason") or "")
        for r in shown
    ]
    title = "Names were looked up; by whom and why is shown with --names"
    return [Grid(title, ("When", "Who", "Job title", "Why"), body)] if body else []
