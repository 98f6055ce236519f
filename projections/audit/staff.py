"""Who changed marks: names and roles as they were, and who never took a group's register."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from projections.audit.scope import CheckResult, Finding, Scope, Step
from projections.queries.view import View
from projections.readmodel.accessors.marks import takers
from projections.readmodel.record import Sealed
from projections.readmodel.records.register import RegisterTaken
from projections.readmodel.records.school import StaffSpell

STRANGER = "stranger"
_NO_ROLE = "(no role known)"


@dataclass(frozen=True, slots=True)
class Post:
    """What a member of staff was from a day to a day; the name is sealed."""

    first: date
    last: date
    name: Sealed
    job_title: str
    roles: tuple[str, ...]


@dataclass
class Staff:
    """The staff of a view, as they were on a day."""

    view: View
    _posts: dict[str, list[Post]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.view.standing(StaffSpell):
            span = (each.since or date.min, each.until or date.max)
            post = Post(*span, each.name, each.job_title, tuple(sorted(each.roles)))
            self._posts.setdefault(each.staff, []).append(post)

    def on(self, staff: str | None, day: date | None) -> Post | None:
        """Return what somebody was on a day, the latest post where there are several."""
        posts = self._posts.get(staff or "", [])
        held = [p for p in posts if day is None or p.first <= day <= p.last]
        return max(held, key=lambda post: post.first, default=None)

    def role(self, staff: str | None, day: date | None) -> str:
        """Return what somebody is compared within: the roles, else the job title."""
        post = self.on(staff, day)
        if post is None:
            return _NO_ROLE
        return ", ".join(post.roles) or post.job_title

    def names_of(self, who: Sequence[tuple[str | None, date | None]]) -> list[dict[str, Any]]:
        """Return names and titles of those who are named for changes, each as on the day."""
        found = []
        for staff, day in ((staff, day) for staff, day in who if staff is not None):
            post = self.on(staff, day)
            name = self.view.open(post.name) if post else staff
            row = {"name": name, "job_title": post.job_title if post else None}
            if row not in found:
                found.append(row)
        return found


@dataclass
class _Strangers:
    scope: Scope
    staff: Staff

    @cached_property
    def takers(self) -> set[tuple[str, str]]:
        """Each group with each person who ever took its register, or made first marks in it."""
        view = self.scope.view
        return takers(view) | {(each.grp, each.by) for each in view.standing(RegisterTaken)}

    @cached_property
    def groups(self) -> dict[int, list[tuple[date, date, str]]]:
        """The registration groups of each pupil, from a day to a day."""
        found: dict[int, list[tuple[date, date, str]]] = {}
        for m in self.scope.view.memberships:
            if m.kind == "registration":
                found.setdefault(m.pupil, []).append((m.first, m.last or date.max, m.name))
        return found

    def group(self, step: Step) -> str | None:
        held = [g for g in self.groups.get(step.pupil, ()) if g[0] <= step.day <= g[1]]
        return max(held)[2] if held else None


def find_strangers(scope: Scope, staff: Staff) -> CheckResult:
    """Find changes by somebody who never took that group's register, unusual in their role.

    A person is compared only with others of the same role (or title, where no role is recorded):
    where at least half of the changes of these others are in groups whose register they never
    took, it belongs to the job, and nothing is found. Where a role has nobody else to compare
    with, nothing is found either, and the changes are counted as not compared.
    """
    work = _Strangers(scope, staff)
    made = Counter[tuple[str, str]]()
    strange = Counter[tuple[str, str]]()
    doubtful: list[tuple[Step, str, str]] = []
    for chain, n in scope.changes:
        step = chain[n]
        group = work.group(step)
        if step.by is None or step.kind == "restated" or group is None:
            continue
        role = staff.role(step.by, step.changed_on)
        made[role, step.by] += 1
        if (group, step.by) not in work.takers:
            strange[role, step.by] += 1
            doubtful.append((step, role, group))
    all_made, all_strange = _by_role(made), _by_role(strange)
    findings, alone = [], 0
    for step, role, group in doubtful:
        others = all_made[role] - made[role, step.by or ""]
        never = all_strange[role] - strange[role, step.by or ""]
        alone += not others
        if 2 * never < others:
            findings.append(_finding(scope, step, _Stranger(group, role, others, never)))
    summary = {"changes": made.total(), "never_took": len(doubtful), "not_compared": alone}
    return CheckResult(findings, summary)


def _by_role(counts: Counter[tuple[str, str]]) -> Counter[str]:
    found = Counter[str]()
    for (role, _), number in counts.items():
        found[role] += number
    return found


class _Stranger(NamedTuple):
    """A change in a group whose register its author never took, against others of the role.

    ``changes``: of these others; ``never_took``: those in groups that they never took.
    """

    group: str
    role: str
    changes: int
    never_took: int


def _finding(scope: Scope, step: Step, found: _Stranger) -> Finding:
    return Finding(
        check=STRANGER,
        what=f"changed in {found.group} by somebody who never took its register",
        session=step.session,
        upn=scope.upn(step.pupil),
        from_code=step.replaced,
        to_code=step.code,
        lag=step.lag,
        changed_on=step.changed_on,
        positions=(step.position,),
        evidence={
            "group": found.group,
            "role": found.role,
            "others_in_role": {
                "changes": found.changes,
                "in_groups_never_taken": found.never_took,
            },
        },
        staff=((step.by, step.changed_on),),
    )
