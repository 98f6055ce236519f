"""Provisional entries kept past their deadline, and first marks made after the register ended."""

from collections.abc import Iterator
from datetime import date

from policies.law.deadlines import provisional_deadline
from policies.packs.values import parameters
from projections.audit.audit_steps import Chain, Checked, Finding, Step, by_lag
from projections.audit.scope import Scope

KEPT, ENTERED_LATE = "n-kept", "late-entries"


def kept(scope: Scope) -> Checked:
    """Find provisional entries that outlived their deadline (SI 2024/208 reg 10(7)).

    Each stretch in which one stood: as it still stands, or until what replaced it. Where the
    replacement states no time, nothing is said of it but that it is undated. Days before the law
    had a deadline, and sessions whose deadline the calendar does not reach, have none.
    """
    findings, undated = [], 0
    for chain in scope.chains:
        for first, after in _stretches(scope, chain):
            deadline = _deadline(scope, first.day)
            if after is not None and after.changed_on is None:
                undated += 1
            elif deadline is not None:
                findings += _kept(scope, first, after, deadline)
    standing = sum(1 for found in findings if found.evidence["standing"])
    replaced = len(findings) - standing
    return Checked(findings, {"standing": standing, "replaced": replaced, "undated": undated})


def _stretches(scope: Scope, chain: Chain) -> Iterator[tuple[Step, Step | None]]:
    """Yield each stretch of provisional versions: its first, and what replaced it, if anything."""
    first: Step | None = None
    for step in chain:
        if scope.provisional(step):
            first = first or step
        elif first is not None:
            yield first, step
            first = None
    if first is not None and _counts(scope, first):
        yield first, None


def _counts(scope: Scope, step: Step) -> bool:
    """Tell whether a session counts: on one cancelled since, the entry no longer stands."""
    at = scope.columns.get(step.session)
    return at is not None and bool(scope.whole.counted[step.pupil, at])


def _deadline(scope: Scope, day: date) -> date | None:
    if parameters().find("register.provisional_school_days", day) is None:
        return None
    return provisional_deadline(scope.days, day)


def _kept(scope: Scope, first: Step, after: Step | None, deadline: date) -> list[Finding]:
    until = scope.known_on if after is None or after.changed_on is None else after.changed_on
    if until <= deadline:
        return []
    over = scope.school_days(deadline, until)
    return [
        Finding(
            check=KEPT,
            what="still stands" if after is None else "replaced late",
            session=first.session,
            upn=scope.upn(first.pupil),
            from_code=first.code,
            to_code=after.code if after else None,
            lag=after.lag if after else None,
            changed_on=after.changed_on if after else None,
            positions=(first.position, *((after.position,) if after else ())),
            evidence={
                "deadline": deadline.isoformat(),
                "school_days_over": over,
                "standing": after is None,
            },
            staff=((after.by, after.changed_on),) if after else (),
        )
    ]


def entered_late(scope: Scope) -> Checked:
    """Find first marks that were made after their register had ended."""
    late = [chain[n] for chain, n in scope.changes if chain[n].kind == "late_entry"]
    findings = [
        Finding(
            check=ENTERED_LATE,
            what="first mark after the register had ended",
            session=step.session,
            upn=scope.upn(step.pupil),
            to_code=step.code,
            lag=step.lag,
            changed_on=step.changed_on,
            positions=(step.position,),
            evidence={"made_on": step.changed_on.isoformat() if step.changed_on else None},
            staff=((step.by, step.changed_on),),
        )
        for step in late
    ]
    return Checked(findings, {"by_lag": by_lag(late)})
