"""When marks were made: kept provisional too long, entered late, many at once, before a look.

A look is a day on which somebody comes from outside: a census or an inspection.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from ledger.clock import local_date
from ledger.english import number_of
from policies.law.calendar import (
    census_days,
    census_known_from,
    provisional_days_over,
    provisional_deadline,
)
from projections.audit.scope import (
    Chain,
    CheckResult,
    Finding,
    Scope,
    Step,
    becomes_present,
    by_lag,
    is_provisional,
    lags_in_words,
)
from projections.queries import lags

OVER = 20
"""More amendments at once than this are listed, where nothing else is asked: two pupils' week."""
BEFORE = 5
"""School days before a census or inspection that are looked at, where no other number is asked."""
LAG_OVER = 5
"""School days after the session beyond which a change is listed wherever it falls. Ours."""
_PAIRS_SHOWN = 4
_LATE = "first mark after the register had ended"
_UNSURE = "first mark, before or after the register had ended: not known"
_YEAR = timedelta(days=366)


# -- provisional entries, and first marks after the register had ended ------------------------


def find_kept(scope: Scope) -> CheckResult:
    """Find provisional entries that outlived their deadline (SI 2024/208 reg 10(7)).

    Each stretch in which one stood: as it still stands, or until what replaced it. Where the
    replacement states no time, nothing is said of it but that it is undated. Days before the law
    had a deadline, and sessions whose deadline the calendar does not reach, have none. What is to
    be replaced by a Friday is not late on the Saturday: `provisional_days_over`.
    """
    findings, undated = [], 0
    for chain in scope.chains:
        for first, after in _stretches(scope, chain):
            if after is not None and after.changed_on is None:
                undated += 1
            else:
                findings += _kept_finding(scope, first, after)
    standing = sum(1 for found in findings if found.to_code is None)
    replaced = len(findings) - standing
    later = f"; {undated} replaced at a time that no source states." if undated else "."
    notes = [f"Counted: {standing} still stand, {replaced} replaced late{later}"]
    summary = {"standing": standing, "replaced": replaced, "undated": undated}
    return CheckResult(findings, summary, notes)


@dataclass(frozen=True, slots=True)
class _Overdue:
    """How long a provisional entry stood beyond its deadline."""

    deadline: date
    school_days_over: int
    standing: bool

    @property
    def words(self) -> str:
        return f"deadline {self.deadline}, {lags.of_days(self.school_days_over)} over"


def _stretches(scope: Scope, chain: Chain) -> Iterator[tuple[Step, Step | None]]:
    """Yield each stretch of provisional versions: its first, and what replaced it, if anything."""
    first: Step | None = None
    for step in chain:
        if is_provisional(scope.codes, step.code, step.day):
            first = first or step
        elif first is not None:
            yield first, step
            first = None
    # On a session cancelled since, the entry no longer stands.
    at = None if first is None else scope.columns.get(first.session)
    if first is not None and at is not None and scope.whole.counted[first.pupil, at]:
        yield first, None


def _kept_finding(scope: Scope, first: Step, after: Step | None) -> list[Finding]:
    over = _school_days_over(scope, first, after)
    if not over:
        return []
    deadline = provisional_deadline(scope.days, first.day)
    assert deadline is not None  # noqa: S101 - a day beyond it is in the calendar
    return [
        Finding(
            what=_how_replaced(after, over),
            session=first.session,
            upn=scope.upn(first.pupil),
            from_code=first.code,
            to_code=after.code if after else None,
            lag=after.lag if after else None,
            changed_on=after.changed_on if after else None,
            positions=[step.position for step in (first, after) if step],
            evidence=_Overdue(deadline, over, standing=after is None),
            staff=[(after.by, after.changed_on)] if after else [],
        )
    ]


def _school_days_over(scope: Scope, first: Step, after: Step | None) -> int | None:
    """Count the school days by which a provisional entry stood too long; none without a rule."""
    if after is None or after.when is None:
        return provisional_days_over(scope.days, first.day, scope.known_on)
    ends = (local_date(each) for each in (lags.earliest_of(after.when), after.when))
    least, over = (provisional_days_over(scope.days, first.day, end) for end in ends)
    return over if over is None or least is None else lags.Lag.between(least, over)


def _how_replaced(after: Step | None, over: int) -> str:
    if after is None:
        return "still stands"
    unsure = lags.is_open(over) and over.least == 0
    return "replaced in time or late: not known" if unsure else "replaced late"


@dataclass(frozen=True, slots=True)
class _MadeOn:
    """When a mark was made; none where no time is stated."""

    made_on: date | None

    @property
    def words(self) -> str:
        return "" if self.made_on else "no time stated"


def find_late_entries(scope: Scope) -> CheckResult:
    """Find first marks that were made after their register had ended."""
    late = [chain[n] for chain, n in scope.changes if chain[n].kind == "late_entry"]
    findings = [
        scope.finding(_UNSURE if step.unsure else _LATE, step, _MadeOn(step.changed_on))
        for step in late
    ]
    bands = by_lag(late)
    notes = [f"By school days after the session: {lags_in_words(bands)}."]
    return CheckResult(findings, {"by_lag": bands}, notes)


# -- many at a time --------------------------------------------------------------------------


def find_batches(scope: Scope, over: int) -> CheckResult:
    """Find more than ``over`` amendments tied by one batch or made by one person at once.

    At once: in one transaction, or, where they were imported, at one moment as their source
    states it, so that a whole history imported together is no batch. Counted are the amendments
    asked about. Imported ones without a time and a batch are no part of any.
    """
    batches: dict[tuple[Any, ...], list[Step]] = {}
    undated = 0
    for chain, n in scope.changes:
        step = chain[n]
        if step.kind == "amendment":
            tie = _tie(step)
            undated += tie is None
            if tie is not None:
                batches.setdefault(tie, []).append(step)
    found = [_batch_finding(scope, steps) for steps in batches.values() if len(steps) > over]
    found.sort(key=lambda each: each.positions[0])
    notes = [f"Listed: more than {number_of(over, 'amendment')} at once."]
    return CheckResult(found, {"over": over, "batches": len(batches), "undated": undated}, notes)


def _tie(step: Step) -> tuple[Any, ...] | None:
    if step.batch is not None:
        return ("batch", step.batch)
    if not step.imported:
        return ("transaction", step.transaction, step.by)
    return None if step.when is None else ("stated", step.when, step.by)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Amendments made at once: of how many pupils, from which session to which.

    ``pairs``: how many of each pair of codes.
    """

    amendments: int
    pupils: int
    first: str
    last: str
    batch: str | None
    pairs: Mapping[str, int]

    @property
    def words(self) -> str:
        pairs = ", ".join(f"{pair} {n}" for pair, n in [*self.pairs.items()][:_PAIRS_SHOWN])
        return f"{number_of(self.pupils, 'pupil')}, {self.first} to {self.last}: {pairs}"


def _batch_finding(scope: Scope, steps: list[Step]) -> Finding:
    pairs = Counter((step.replaced, step.code) for step in steps)
    pupils = {step.pupil for step in steps}
    (before, after), _ = pairs.most_common(1)[0]
    one = len(pairs) == 1
    days = [step.changed_on for step in steps if step.changed_on is not None]
    return Finding(
        what=f"{len(steps)} amendments at once",
        session=steps[0].session,
        upn=scope.upn(steps[0].pupil) if len(pupils) == 1 else None,
        from_code=before if one else None,
        to_code=after if one else None,
        changed_on=max(days, default=None),
        positions=sorted(step.position for step in steps),
        evidence=_Batch(
            amendments=len(steps),
            pupils=len(pupils),
            first=steps[0].session,
            last=steps[-1].session,
            batch=steps[0].batch,
            pairs={f"{a}>{b}": n for (a, b), n in sorted(pairs.items())},
        ),
        staff=sorted({(s.by, s.changed_on) for s in steps}, key=str),
    )


# -- absences that became presence -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """A day on which somebody looks from outside: which, and when."""

    before: str
    on: date

    @property
    def words(self) -> str:
        """Which day."""
        return f"{self.before} {self.on}"


@dataclass(frozen=True, slots=True)
class ReviewDay:
    """A look, and the first of the school days before it."""

    look: Look
    since: date


@dataclass(frozen=True, slots=True)
class _Looks:
    """The days on which somebody looked shortly after a change, and its lag."""

    calendar: Sequence[Look]
    lag: int | None

    @property
    def words(self) -> str:
        return ", ".join(look.words for look in self.calendar)


def review_calendar(
    scope: Scope, before: int, census: Iterable[date], inspections: Iterable[date]
) -> list[ReviewDay]:
    """Return the days around the range asked about on which somebody looked.

    Census days by the published pattern, and those given besides. From the first date counted to
    a year after the last, since sessions may be changed long after; none still to come. Each with
    the ``before`` school days before it, or as many as the calendar has; without any, left out.
    """
    usual = census_days(scope.view.first, scope.view.on + _YEAR)
    looks = {Look("census", day) for day in (*usual, *census)}
    looks |= {Look("inspection", day) for day in inspections}
    found = []
    for look in sorted(looks, key=lambda each: (each.on, each.before)):
        at = bisect_left(scope.days, look.on)
        if at:
            found.append(ReviewDay(look, scope.days[max(0, at - before)]))
    return [each for each in found if each.since <= scope.known_on]


def find_turned_present(scope: Scope, calendar: Sequence[ReviewDay]) -> CheckResult:
    """Find absences made presence over `LAG_OVER` school days later, or shortly before a look.

    All of them are counted by lag. Shortly before: from the first of the school days before it
    to the day before it, weekends and holidays in between included.
    """
    every = [chain[n] for chain, n in scope.changes if becomes_present(scope.codes, chain[n])]
    findings = [
        _present_finding(scope, step, near)
        for step in every
        if (near := _reviews_after(step, calendar))
        or (step.lag is not None and step.lag > LAG_OVER)
    ]
    bands, known_from = by_lag(every), census_known_from()
    before = {each: sum(bool(_reviews_after(step, [each])) for step in every) for each in calendar}
    summary = {
        "changes": len(every),
        "by_lag": bands,
        "calendar": [
            asdict(day.look) | {"since": day.since, "changes": number}
            for day, number in before.items()
        ],
        "census_days_known_from": known_from,
    }
    notes = [
        f"{day.look.words.capitalize()}: {number_of(number, 'change')} "
        f"from {day.since} to the day before."
        for day, number in before.items()
    ]
    all_ = f"All {len(every)} such changes by lag: {lags_in_words(bands)}."
    known = f"Census days are known from {known_from}."
    return CheckResult(findings, summary, [all_, *notes, known])


def _reviews_after(step: Step, calendar: Sequence[ReviewDay]) -> list[ReviewDay]:
    on = step.changed_on
    return [] if on is None else [each for each in calendar if each.since <= on < each.look.on]


def _present_finding(scope: Scope, step: Step, near: list[ReviewDay]) -> Finding:
    why = [f"shortly before {each.look.before} of {each.look.on}" for each in near]
    if step.lag is not None and step.lag > LAG_OVER:
        more = f"more than {LAG_OVER} school days"
        after = lags.of_days(step.lag) if lags.is_open(step.lag) else more
        why.append(f"{after} after the session")
    looks = _Looks([each.look for each in near], step.lag)
    return scope.finding(", ".join(why), step, looks)
