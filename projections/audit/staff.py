"""Who changed marks: names and roles as they were, and who never took a group's register."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.english import number_of
from projections.audit.scope import CheckResult, Scope, Step
from projections.readmodel.accessors.marks import takers
from projections.readmodel.records.register import RegisterTaken

_NO_ROLE = "(no role known)"


@dataclass
class _Strangers:
    scope: Scope

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

    def role(self, step: Step) -> str:
        """Return what its author is compared within: the roles, else the job title."""
        made = step.by, step.changed_on
        if made not in self._roles:
            self._roles[made] = self._role(*made)
        return self._roles[made]

    @cached_property
    def _roles(self) -> dict[tuple[str | None, date | None], str]:
        return {}

    def _role(self, by: str | None, day: date | None) -> str:
        post = self.scope.describer.post(by, day)
        if post is None:
            return _NO_ROLE
        title = self.scope.view.open(post.job_title)
        return ", ".join(sorted(post.roles)) or title or _NO_ROLE

    def group(self, step: Step) -> str | None:
        held = [g for g in self.groups.get(step.pupil, ()) if g[0] <= step.day <= g[1]]
        return max(held)[2] if held else None


@dataclass(frozen=True, slots=True)
class _Others:
    """What others of a role changed, and how much of it where they never took the register."""

    changes: int
    in_groups_never_taken: int


@dataclass(frozen=True, slots=True)
class _Stranger:
    """A change in a group whose register its author never took, against others of the role."""

    group: str
    role: str
    others_in_role: _Others

    @property
    def words(self) -> str:
        others = self.others_in_role
        return (
            f"role {self.role}: others made {number_of(others.changes, 'change')}, "
            f"{others.in_groups_never_taken} in groups they never took"
        )


def find_strangers(scope: Scope) -> CheckResult:
    """Find changes by somebody who never took that group's register, unusual in their role.

    A person is compared only with others of the same role (or title, where no role is recorded):
    where at least half of the changes of these others are in groups whose register they never
    took, it belongs to the job, and nothing is found. Where a role has nobody else to compare
    with, nothing is found either, and the changes are counted as not compared.
    """
    work = _Strangers(scope)
    made = Counter[tuple[str, str]]()
    strange = Counter[tuple[str, str]]()
    doubtful: list[tuple[Step, str, str]] = []
    for chain, n in scope.changes:
        step = chain[n]
        group = work.group(step)
        if step.by is None or step.kind == "restated" or group is None:
            continue
        role = work.role(step)
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
            what = f"changed in {group} by somebody who never took its register"
            evidence = _Stranger(group, role, _Others(others, never))
            findings.append(scope.finding(what, step, evidence))
    changes = number_of(made.total(), "change")
    notes = [
        (
            f"Of {changes} by a person in a group, {len(doubtful)} by somebody who never took its "
            f"register; {alone} of these had nobody else of the role to compare with."
        ),
        "What others of the role do likewise (the office amends everywhere) is not listed.",
    ]
    summary = {"changes": made.total(), "never_took": len(doubtful), "not_compared": alone}
    return CheckResult(findings, summary, notes)


def _by_role(counts: Counter[tuple[str, str]]) -> Counter[str]:
    found = Counter[str]()
    for (role, _), number in counts.items():
        found[role] += number
    return found
