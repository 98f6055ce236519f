"""Pupils whose figures as first entered were on one side of a line, and now stand on the other.

Two lines: persistent absence, and the sessions of the penalty threshold. Both are integer tests,
of the same register with the marks as they were when the taking of the registers had ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from policies.law.absence import Share, shares
from policies.law.calendar import school_weeks
from policies.law.penalties import measure
from policies.packs.values import parameters
from projections.audit.scope import AMENDED, Chain, CheckResult, Finding, Scope, Step
from projections.penalties.case import (
    Counts,
    age_of,
    countable_cells,
    relevant_cells,
    weeks_begun,
    window_counts,
)
from projections.queries.rectangle import Flags, Rectangle
from projections.queries.tally import Counter, Tally

LIFTED = "just-lifted"
MARGIN = 5
"""How many sessions beyond the line still are "just", where no other number is asked. Ours."""


@dataclass
class _Registers:
    """The register as first entered, and as it stands.

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
    def as_it_stands(self) -> Rectangle:
        return self.scope.whole

    @cached_property
    def as_entered(self) -> Rectangle:
        """The register with each amended mark as it was first entered; cancelled ones stay."""
        whole = self.as_it_stands
        codes = whole.codes.copy()
        for pupil, chains in self.amended.items():
            for at, chain in chains:
                if not whole.cancelled[pupil, at]:
                    codes[pupil, at] = whole.book.index(_as_first_entered(chain).code)
        return replace(whole, codes=codes)


def _as_first_entered(chain: Chain) -> Step:
    """Return the version that stood when the taking had ended: the last before an amendment."""
    return chain[next(n for n, step in enumerate(chain) if step.kind in AMENDED) - 1]


def find_just_below(scope: Scope, margin: int) -> CheckResult:
    """Find pupils whom amendments took to within ``margin`` sessions of a line, on its good side.

    No more persistently absent: fewer than ``margin`` + 1 further absences in a row would make
    it so again. Below the sessions of the penalty threshold in every window of the range, by at
    most ``margin``. The nearest to a line come first.
    """
    registers = _Registers(scope)
    met = bool(scope.whole.sessions)
    findings = [*_attendance(registers, margin), *_threshold(registers, margin)] if met else []
    findings.sort(key=lambda each: int(each.evidence["sessions_until"]))
    counts = {"persistent": 0, "threshold": 0}
    for found in findings:
        counts[found.evidence["figure"]] += 1
    return CheckResult(findings, {"margin": margin, **counts})


def _attendance(registers: _Registers, margin: int) -> Iterator[Finding]:
    scope = registers.scope
    if parameters().find("absence.persistent_share", scope.view.on) is None:
        return
    share = shares(scope.view.on).persistent
    then, now = _tallies(scope, registers.as_entered), _tallies(scope, registers.as_it_stands)
    for pupil in sorted(registers.amended, key=scope.upn):
        before, after = then.get(pupil, Tally()), now.get(pupil, Tally())
        left = share.sessions_until(after.absent, after.possible)
        if share.reached(before.absent, before.possible) and 0 < left <= margin:
            yield _below_persistent(registers, pupil, share, before, after)


def _tallies(scope: Scope, whole: Rectangle) -> dict[int, Tally]:
    counter = Counter(whole, scope.view.rules.codes)
    cells = scope.chosen & whole.counted
    counts, undated = counter.by_pupil(cells)
    return {
        int(n): counter.tally(counts[n], int(undated[n])) for n in np.nonzero(cells.any(axis=1))[0]
    }


def _below_persistent(
    registers: _Registers, pupil: int, share: Share, before: Tally, after: Tally
) -> Finding:
    def absent(step: Step) -> bool:
        return registers.scope.absent(step.code, step.day)

    moved = [
        (_as_first_entered(chain), chain[-1])
        for _, chain in registers.amended[pupil]
        if absent(_as_first_entered(chain)) != absent(chain[-1])
    ]
    figures = {
        "figure": "persistent",
        "share": f"{share.part} of {share.of}",
        "first_entered": {"absent": before.absent, "possible": before.possible},
        "stands": {"absent": after.absent, "possible": after.possible},
        "sessions_until": share.sessions_until(after.absent, after.possible),
    }
    return _finding(registers, pupil, "lifted out of persistent absence", figures, moved)


def _threshold(registers: _Registers, margin: int) -> Iterator[Finding]:
    scope, view = registers.scope, registers.scope.view
    if parameters().find("penalty_notices.threshold", view.on) is None:
        return
    rule = measure(view.on)
    ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in view.people.items()}
    cells = countable_cells(registers.as_it_stands, ages) & scope.chosen
    flags = [
        relevant_cells(whole, view.rules.codes, cells)
        for whole in (registers.as_entered, registers.as_it_stands)
    ]
    then, now = (_fullest(scope, each) for each in flags)
    for pupil in sorted(registers.amended, key=scope.upn):
        before, after = int(then[pupil]), int(now[pupil])
        if before >= rule.sessions > after >= rule.sessions - margin:
            changed = flags[0][pupil] != flags[1][pupil]
            moved = [
                (_as_first_entered(c), c[-1]) for at, c in registers.amended[pupil] if changed[at]
            ]
            figures = {
                "figure": "threshold",
                "sessions": rule.sessions,
                "weeks": rule.weeks,
                "first_entered": {"fullest_window": before},
                "stands": {"fullest_window": after},
                "sessions_until": rule.sessions - after,
            }
            yield _finding(registers, pupil, "taken below the penalty threshold", figures, moved)


def _fullest(scope: Scope, flags: Flags) -> Counts:
    weeks = weeks_begun(school_weeks(scope.days), scope.view.on)
    return window_counts(flags, scope.whole.sessions, weeks, measure(scope.view.on))[1]


def _finding(
    registers: _Registers,
    pupil: int,
    what: str,
    figures: dict[str, Any],
    moved: list[tuple[Step, Step]],
) -> Finding:
    changes = [
        {"session": last.session, "from_code": first.code, "to_code": last.code, "lag": last.lag}
        for first, last in moved
    ]
    days = [last.changed_on for _, last in moved if last.changed_on is not None]
    return Finding(
        check=LIFTED,
        what=what,
        upn=registers.scope.upn(pupil),
        changed_on=max(days, default=None),
        positions=tuple(last.position for _, last in moved),
        evidence={**figures, "changes": changes},
        staff=tuple(sorted({(last.by, last.changed_on) for _, last in moved}, key=str)),
    )
