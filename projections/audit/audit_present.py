"""Absences that became presence: long after the session, or shortly before somebody looks."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from policies.law.census import census_days, known_from
from projections.audit.audit_steps import Checked, Finding, Step, by_lag
from projections.audit.scope import Scope

TO_PRESENT = "absent-to-present"
BEFORE = 5
"""School days before a census or inspection that are looked at, where no other number is asked."""
LAG_OVER = 5
"""School days after the session beyond which a change is listed wherever it falls. Ours."""
_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Looked:
    """A day on which somebody looks from outside, and the first of the school days before it."""

    kind: str
    day: date
    since: date

    def row(self) -> dict[str, Any]:
        """Return it as evidence."""
        return {"before": self.kind, "on": self.day.isoformat()}


def looked(
    days: Sequence[date], number: int, *, census: Sequence[date], inspections: Sequence[date]
) -> list[Looked]:
    """Return the days on which somebody looks, with the ``number`` school days before each.

    ``days``: the school days. Where the calendar has fewer before it, all of them; where it has
    none, the day is left out.
    """
    named = [("census", day) for day in census] + [("inspection", day) for day in inspections]
    found = []
    for kind, day in sorted(set(named), key=lambda each: (each[1], each[0])):
        at = bisect_left(days, day)
        if at:
            found.append(Looked(kind, day, days[max(0, at - number)]))
    return found


def calendar_of(
    scope: Scope, before: int, census: Sequence[date], inspections: Sequence[date]
) -> list[Looked]:
    """Return the days around the range asked about on which somebody looked.

    Census days by the published pattern, and those given besides. From the first date counted to
    a year after the last, since sessions may be changed long after; none still to come.
    """
    usual = census_days(scope.view.first, scope.view.on + _YEAR)
    every = sorted({*usual, *census})
    found = looked(scope.days, before, census=every, inspections=inspections)
    return [each for each in found if each.since <= scope.known_on]


def to_present(scope: Scope, calendar: Sequence[Looked]) -> Checked:
    """Find absences made presence over `LAG_OVER` school days later, or shortly before a look.

    All of them are counted by lag. Shortly before: from the first of the school days before it
    to the day before it, weekends and holidays in between included.
    """
    every = [chain[n] for chain, n in scope.changes if scope.to_present(chain[n])]
    findings = [
        _finding(scope, step, near)
        for step in every
        if (near := _near(step, calendar)) or (step.lag is not None and step.lag > LAG_OVER)
    ]
    per_day = [
        {**each.row(), "since": each.since.isoformat(), "changes": _within(every, each)}
        for each in calendar
    ]
    summary = {"changes": len(every), "by_lag": by_lag(every), "calendar": per_day}
    return Checked(findings, {**summary, "census_days_known_from": known_from().isoformat()})


def _near(step: Step, calendar: Sequence[Looked]) -> list[Looked]:
    on = step.changed_on
    return [] if on is None else [each for each in calendar if each.since <= on < each.day]


def _within(steps: Sequence[Step], day: Looked) -> int:
    return sum(1 for step in steps if _near(step, [day]))


def _finding(scope: Scope, step: Step, near: list[Looked]) -> Finding:
    why = [f"shortly before {each.kind} of {each.day}" for each in near]
    if step.lag is not None and step.lag > LAG_OVER:
        why.append(f"more than {LAG_OVER} school days after the session")
    return Finding(
        check=TO_PRESENT,
        what=", ".join(why),
        session=step.session,
        upn=scope.upn(step.pupil),
        from_code=step.replaced,
        to_code=step.code,
        lag=step.lag,
        changed_on=step.changed_on,
        positions=(step.position,),
        evidence={"calendar": [each.row() for each in near], "lag": step.lag},
        staff=((step.by, step.changed_on),),
    )
