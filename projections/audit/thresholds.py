"""Pupils whose figures as first entered were on one side of a line, and now stand on the other.

Two lines: persistent absence, and the sessions of the penalty threshold. Both are integer tests,
of the same register with the marks as they were when the taking of the registers had ended.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ledger.english import number_of
from policies.law.absence import shares
from policies.law.calendar import school_weeks
from policies.law.penalties import measure
from policies.packs.values import parameters
from projections.audit.scope import (
    AMENDED,
    Chain,
    CheckResult,
    Evidence,
    Finding,
    Scope,
    Step,
)
from projections.penalties.case import (
    Counts,
    age_of,
    countable_cells,
    relevant_cells,
    weeks_begun,
    window_counts,
)
from projections.queries.rectangle import Flags, Rectangle
from projections.queries.selection import CountedCells
from projections.queries.tally import Counter, Tally

MARGIN = 5
"""How many sessions beyond the line still are "just", where no other number is asked. Ours."""
_Near = tuple[int, Finding]
"""How many sessions beyond a line, and what is found."""
_Move = tuple[Step, Step]
"""A mark as first entered, and as it stands."""


@dataclass
class _Entered:
    """The register as first entered.

    ``amended``: pupil -> the chains amended since, each with its column.
    """

    scope: Scope

    @cached_property
    def amended(self) -> dict[int, list[tuple[int, Chain]]]:
        found: dict[int, list[tuple[int, Chain]]] = {}
        for chain in self.scope.chains:
            at = self.scope.columns.get(chain[0].session)
            if at is not None and any(step.kind in AMENDED for step in chain):
                found.setdefault(chain[0].pupil, []).append((at, chain))
        return found

    @cached_property
    def register(self) -> Rectangle:
        """The register with each amended mark as it was first entered.

        A session whose mark gave way to the entry of a cancelled one was held as far as was known
        then; any other cancelled one stays what it is.
        """
        whole = self.scope.whole
        codes, met = whole.codes.copy(), whole.met.copy()
        for pupil, chains in self.amended.items():
            for at, chain in chains:
                cancelled = bool(whole.cancelled[pupil, at])
                if not cancelled or self.scope.codes.cancels(chain[-1].code, chain[-1].day):
                    codes[pupil, at] = whole.book.index(_as_first_entered(chain).code)
                    met[pupil, at] |= cancelled
        return replace(whole, codes=codes, met=met)


def _as_first_entered(chain: Chain) -> Step:
    """Return the version that stood when the taking had ended: the last before an amendment."""
    return chain[next(n for n, step in enumerate(chain) if step.kind in AMENDED) - 1]


def find_just_below(scope: Scope, margin: int) -> CheckResult:
    """Find pupils whom amendments took to within ``margin`` sessions of a line, on its good side.

    No more persistently absent: fewer than ``margin`` + 1 further absences in a row would make
    it so again. Below the sessions of the penalty threshold in every window of the range, by at
    most ``margin``. The nearest to a line come first.
    """
    entered = _Entered(scope)
    # Nothing amended, nothing lifted: there may be no session at all to count.
    any_ = bool(entered.amended)
    persistent = list(_attendance(entered, margin)) if any_ else []
    threshold = list(_threshold(entered, margin)) if any_ else []
    nearest = sorted([*persistent, *threshold], key=lambda each: each[0])
    counts = {"persistent": len(persistent), "threshold": len(threshold)}
    notes = [f"Just: at most {number_of(margin, 'session')} from the line."]
    return CheckResult([found for _, found in nearest], {"margin": margin, **counts}, notes)


@dataclass(frozen=True, slots=True)
class _Moved:
    """A session whose mark changed what it counts as, from its first entry to what stands."""

    session: str
    from_code: str
    to_code: str
    lag: int | None


@dataclass(frozen=True, slots=True)
class _Absence:
    absent: int
    possible: int


@dataclass(frozen=True, slots=True)
class _OutOfPersistent:
    """Figures of persistent absence as first entered, and as they stand."""

    figure: str
    share: str
    first_entered: _Absence
    stands: _Absence
    sessions_until: int
    changes: Sequence[_Moved]

    @property
    def words(self) -> str:
        then, now = self.first_entered, self.stands
        return (
            f"absent {then.absent} of {then.possible} as first entered, "
            f"{now.absent} of {now.possible} now; {number_of(len(self.changes), 'session')}"
        )


@dataclass(frozen=True, slots=True)
class _Fullest:
    fullest_window: int


@dataclass(frozen=True, slots=True)
class _BelowThreshold:
    """Figures of the penalty threshold as first entered, and as they stand."""

    figure: str
    sessions: int
    weeks: int
    first_entered: _Fullest
    stands: _Fullest
    sessions_until: int
    changes: Sequence[_Moved]

    @property
    def words(self) -> str:
        then, now = self.first_entered.fullest_window, self.stands.fullest_window
        changes = number_of(len(self.changes), "session")
        return f"fullest window {then} as first entered, {now} now; {changes}"


def _attendance(entered: _Entered, margin: int) -> Iterator[_Near]:
    scope = entered.scope
    # Before the law had a number there is no line.
    if parameters().find("absence.persistent_share", scope.view.on) is None:
        return
    share = shares(scope.view.on).persistent
    then, now = _tallies(scope, entered.register), _tallies(scope, scope.whole)
    for pupil in sorted(entered.amended, key=scope.upn):
        before, after = then.get(pupil, Tally()), now.get(pupil, Tally())
        left = share.sessions_until(after.absent, after.possible)
        if share.reached(before.absent, before.possible) and 0 < left <= margin:
            moved = [
                (first, chain[-1])
                for _, chain in entered.amended[pupil]
                if scope.absent(first := _as_first_entered(chain)) != scope.absent(chain[-1])
            ]
            evidence = _OutOfPersistent(
                figure="persistent",
                share=f"{share.part} of {share.of}",
                first_entered=_Absence(before.absent, before.possible),
                stands=_Absence(after.absent, after.possible),
                sessions_until=left,
                changes=_moved(moved),
            )
            what = "lifted out of persistent absence"
            yield left, _finding(scope, pupil, what, evidence, moved)


def _tallies(scope: Scope, whole: Rectangle) -> dict[int, Tally]:
    counter = Counter(whole, scope.codes)
    return CountedCells(counter, scope.chosen & whole.counted).pupils()


def _threshold(entered: _Entered, margin: int) -> Iterator[_Near]:
    scope, view = entered.scope, entered.scope.view
    if parameters().find("penalty_notices.threshold", view.on) is None:
        return
    rule = measure(view.on)
    ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in view.people.items()}
    flags = [
        relevant_cells(whole, scope.codes, countable_cells(whole, ages) & scope.chosen)
        for whole in (entered.register, scope.whole)
    ]
    then, now = (_fullest(scope, each) for each in flags)
    for pupil in sorted(entered.amended, key=scope.upn):
        before, after = int(then[pupil]), int(now[pupil])
        if before >= rule.sessions > after >= rule.sessions - margin:
            changed = flags[0][pupil] != flags[1][pupil]
            moved = [
                (_as_first_entered(c), c[-1]) for at, c in entered.amended[pupil] if changed[at]
            ]
            evidence = _BelowThreshold(
                figure="threshold",
                sessions=rule.sessions,
                weeks=rule.weeks,
                first_entered=_Fullest(before),
                stands=_Fullest(after),
                sessions_until=rule.sessions - after,
                changes=_moved(moved),
            )
            what = "taken below the penalty threshold"
            yield rule.sessions - after, _finding(scope, pupil, what, evidence, moved)


def _fullest(scope: Scope, flags: Flags) -> Counts:
    weeks = weeks_begun(school_weeks(scope.days), scope.view.on)
    return window_counts(flags, scope.whole.sessions, weeks, measure(scope.view.on))[1]


def _moved(moved: Iterable[_Move]) -> list[_Moved]:
    return [_Moved(last.session, first.code, last.code, last.lag) for first, last in moved]


def _finding(
    scope: Scope, pupil: int, what: str, evidence: Evidence, moved: Sequence[_Move]
) -> Finding:
    days = [last.changed_on for _, last in moved if last.changed_on is not None]
    return Finding(
        what=what,
        upn=scope.upn(pupil),
        changed_on=max(days, default=None),
        positions=[last.position for _, last in moved],
        evidence=evidence,
        staff=sorted({(last.by, last.changed_on) for _, last in moved}, key=str),
    )
