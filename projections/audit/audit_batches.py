"""Amendments made many at a time."""

from collections import Counter
from typing import Any

from projections.audit.audit_steps import Checked, Finding, Step
from projections.audit.scope import Scope

BATCHES = "large-batches"
OVER = 20
"""More amendments at once than this are listed, where nothing else is asked: two pupils' week."""


def large(scope: Scope, over: int) -> Checked:
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
    found = [_finding(scope, steps) for steps in batches.values() if len(steps) > over]
    found.sort(key=lambda each: each.positions[0])
    return Checked(found, {"over": over, "batches": len(batches), "undated": undated})


def _tie(step: Step) -> tuple[Any, ...] | None:
    if step.batch is not None:
        return ("batch", step.batch)
    if not step.imported:
        return ("transaction", step.transaction, step.by)
    return None if step.when is None else ("stated", step.when, step.by)


def _finding(scope: Scope, steps: list[Step]) -> Finding:
    pairs = Counter((step.replaced, step.code) for step in steps)
    pupils = {step.pupil for step in steps}
    (before, after), _ = pairs.most_common(1)[0]
    one, last = len(pairs) == 1, steps[-1]
    days = [step.changed_on for step in steps if step.changed_on is not None]
    return Finding(
        check=BATCHES,
        what=f"{len(steps)} amendments at once",
        session=steps[0].session,
        upn=scope.upn(steps[0].pupil) if len(pupils) == 1 else None,
        from_code=before if one else None,
        to_code=after if one else None,
        changed_on=max(days, default=None),
        positions=tuple(sorted(step.position for step in steps)),
        evidence={
            "amendments": len(steps),
            "pupils": len(pupils),
            "first": steps[0].session,
            "last": last.session,
            "batch": steps[0].batch,
            "pairs": {f"{a}>{b}": n for (a, b), n in sorted(pairs.items())},
        },
        staff=tuple(sorted({(s.by, s.changed_on) for s in steps}, key=str)),
    )
