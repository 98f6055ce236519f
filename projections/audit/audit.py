"""Changes that deserve a question, with the evidence: unusual, not improper.

Exact queries, each with the evidence of every finding. Dates, pairs of codes and positions; UPNs
of pupils and names of staff only where they are asked for with a reason, which is itself
recorded, and never as a ranking.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal, get_args

from ledger.english import number_of
from ledger.errors import Refused
from policies.law.disclosure import NamesLookedUp
from projections.audit import timing
from projections.audit.papers import find_after_paper
from projections.audit.scope import CheckResult, Finding, Scope
from projections.audit.staff import find_strangers
from projections.audit.stopped import find_stopped
from projections.audit.thresholds import MARGIN, find_just_below
from projections.queries import appointments, lags
from projections.queries.appointments import Appointment
from projections.queries.blocks import Block, Lines
from projections.queries.columns import Column, Listing, plain
from projections.queries.people import Author
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.versions import Describer, recorded_columns
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
    "stopped-counting",
]
WORDING = "unusual, not improper"
SHOWN = 20
"""How many findings of a check the text shows; all of them are in --json and --csv."""


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
    appointed: Sequence[Appointment]
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class CheckKind:
    """What a check asks, an innocent explanation that is common, and how it is answered."""

    title: str
    question: str
    innocent: str
    find: Callable[["Audit", Scope], CheckResult]


CHECKS: Mapping[Check, CheckKind] = {
    "n-kept": CheckKind(
        "Reason not yet known, kept past its deadline",
        "Which provisional entries were still there after the school days that reg 10(7) allows?",
        "a family that cannot be reached, or an office short of staff; the entry is honest, late.",
        lambda _, scope: timing.find_kept(scope),
    ),
    "late-entries": CheckKind(
        "First marks made after the register had ended",
        "Which marks were not made while the register was taken, and how many school days later?",
        "a supply teacher without access, a trip, a power cut: the mark came from a paper list.",
        lambda _, scope: timing.find_late_entries(scope),
    ),
    "large-batches": CheckKind(
        "Many amendments at once",
        "Which amendments were made together, more than a person settles one by one?",
        "a week of illness confirmed by one note, a class on a trip, a session cancelled.",
        lambda asked, scope: timing.find_batches(scope, asked.batch_over),
    ),
    "after-paper": CheckKind(
        "Changed after a paper that covers the session",
        "Which sessions were changed after a notice, a consideration, a certificate or a pack?",
        "evidence that a family brought only because it was sent the paper.",
        lambda _, scope: find_after_paper(scope),
    ),
    "absent-to-present": CheckKind(
        "Absent became present, late or shortly before somebody looks",
        "Which absences became presence long after the session, or in the school days before a "
        "census or inspection?",
        "a music lesson or sports list checked at last; tidying up before a census is asked for.",
        lambda asked, scope: timing.find_turned_present(scope, asked.looks(scope)),
    ),
    "just-lifted": CheckKind(
        "Just over a line by amendments",
        "Whose figures, as first entered, were persistent absence or at the penalty threshold, "
        "and by amendments are just no more?",
        "reasons that became known: the first entry was provisional, as the law wants it.",
        lambda asked, scope: find_just_below(scope, asked.margin),
    ),
    "stranger": CheckKind(
        "Changed by somebody who never took that group's register",
        "Which changes were made outside the groups whose register the person ever took, where "
        "others of the same role change their own?",
        "covering for a colleague, or a new duty that the record of roles does not show yet.",
        lambda _, scope: find_strangers(scope),
    ),
    "stopped-counting": CheckKind(
        "Marks that stopped counting",
        "Which marks stopped counting by a change of group, closure, term, roll or birth date, "
        "and whom did it, or a cancelled session, take below the penalty threshold?",
        "a pupil entered in the wrong group, put right when somebody noticed.",
        lambda _, scope: find_stopped(scope),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Audit(Selection, Question[AuditFindings]):
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
            check: self._signed(check, kind.find(self, scope), scope.describer)
            for check, kind in CHECKS.items()
            if check in (self.only or CHECKS)
        }
        looks, missing = _lookups(view, names=self.names), _knows_nothing_of(view)
        return AuditFindings(results, looks, appointments.appointments(view), missing)

    def looks(self, scope: Scope) -> list[timing.ReviewDay]:
        """Return the days on which somebody looked from outside."""
        return timing.review_calendar(scope, self.before, self.census, self.inspection)

    def _signed(self, check: Check, result: CheckResult, describer: Describer) -> CheckResult:
        """Return what a check found under its name; with names, also about whom and by whom."""
        people = describer.names_by_upn() if self.names else {}

        def names(found: Finding) -> list[Author]:
            made = (each for each in found.staff if self.names and each[0] is not None)
            return list(dict.fromkeys(describer.name_and_title(*each) for each in made))

        signed = [
            replace(each, check=check, name=people.get(each.upn or ""), by=names(each))
            for each in result.findings
        ]
        return replace(result, findings=signed)

    def present(self, found: AuditFindings) -> Answer:
        """Show the findings of each check, with what it asks and what is often behind them."""
        results, missing = found.results, found.missing
        every = [finding for result in results.values() for finding in result.findings]
        lookups = Listing(_lookup_columns(names=self.names), found.lookups)
        fields = {
            "wording": WORDING,
            "knows_nothing_of": missing,
            "checks": [_summary(check, result) for check, result in results.items()],
            "rows": Listing(_columns(names=self.names), every),
            "names_shown": lookups,
            **appointments.field(found.appointed, names=self.names),
        }
        blocks: list[Block] = [_heading(missing)]
        if "marks" not in missing:
            blocks += [_table(check, each, names=self.names) for check, each in results.items()]
        if found.appointed:
            blocks.append(Lines([*_appointed(found.appointed, names=self.names), ""]))
        if found.lookups:
            # So that whoever looks is seen too.
            title = "Names were looked up; by whom and why is shown with --names"
            blocks.append(lookups.grid(title, order=_LOOKUPS_READ))
        return Answer(fields, blocks=blocks)

    def unknown(self) -> Answer:
        """Return no check and no finding."""
        return Answer({"checks": [], "rows": Listing(_columns(names=self.names), [])})


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


def _appointed(found: Sequence[Appointment], *, names: bool) -> Iterable[str]:
    return appointments.lines(found) if names else (each.words for each in found)


def _lookup_columns(*, names: bool) -> tuple[Column[Lookup], ...]:
    named: tuple[Column[Lookup], ...] = (
        Column("reason", "Why"),
        Column("name", "Who"),
        Column("job_title", "Job title"),
    )
    return (
        *recorded_columns("When", lambda row: row.recorded),
        Column("position"),
        *(replace(column, json=names) for column in named),
    )


_LOOKUPS_READ = ("When", "Who", "Job title", "Why")


# -- findings for reading, and in rows ---------------------------------------------------------


def _columns(*, names: bool) -> tuple[Column[Finding], ...]:
    """Return the columns of findings; only with names do they say about whom and by whom."""
    return (*_COLUMNS, *_WHOSE) if names else _COLUMNS


def _by(row: Finding) -> list[dict[str, str | None]]:
    return [each._asdict() for each in row.by]


def _staff(row: Finding) -> str:
    return "; ".join(each.words for each in row.by)


_COLUMNS: tuple[Column[Finding], ...] = (
    Column("check"),
    Column("what", "What"),
    Column("session", "Session"),
    Column("from_code", "From"),
    Column("to_code", "To"),
    Column("lag", "Lag", number=True, text=lambda found: lags.in_words(found.lag)),
    Column("lag_between", value=lambda found: lags.document(found.lag), csv=False, sparse=True),
    Column("changed_on", "Changed on"),
    Column("positions"),
    Column(
        "evidence",
        "Evidence",
        lambda row: asdict(row.evidence),
        lambda row: row.evidence.words,
        csv=lambda row: json.dumps(plain(asdict(row.evidence)), ensure_ascii=False),
    ),
)
_WHOSE: tuple[Column[Finding], ...] = (
    Column("upn", "UPN"),
    Column("name", "Pupil"),
    Column("by", "By", _by, _staff, csv=_staff),
)
_READ = ("Session", "Pupil", "UPN", "From", "To", "Changed on", "Lag", "What", "Evidence", "By")


def _table(check: Check, result: CheckResult, *, names: bool) -> Block:
    """Return one check for reading: what it asks, its findings, what is often behind them.

    Columns in which nothing stands are left out.
    """
    asks, rows = CHECKS[check], result.findings[:SHOWN]
    left = len(result.findings) - len(rows)
    number = number_of(len(result.findings), "finding")
    title = f"{check}: {asks.title}: {number} ({WORDING})"
    notes = [
        *([f"and {left} more, in --json and --csv"] if left else []),
        f"Asks: {asks.question}",
        f"Often: {asks.innocent}",
        *result.notes,
    ]
    if not rows:
        return Lines([title, *notes, ""])
    listing = Listing(_columns(names=names), rows)
    filled = {each.heading for each in listing.columns if any(map(each.cell, rows))}
    return listing.grid(title, order=[name for name in _READ if name in filled], notes=notes)


def _heading(missing: Sequence[str]) -> Lines:
    """Return what stands above every audit; ``missing``: what the ledger knows nothing of."""
    lines = [
        f"Questions to the register. Everything below is {WORDING}: a question for people,",
        "not a finding against anybody. Dates, codes and positions only; --names --reason WHY",
        "shows whom it is about and who made the changes, and is itself recorded.",
        "",
    ]
    if missing:
        none = ", ".join(f"no {name}" for name in missing)
        follows = ": no check has anything to go by" if "marks" in missing else ""
        lines += [f"The ledger knows of {none} in this range{follows}.", ""]
    return Lines(lines)
