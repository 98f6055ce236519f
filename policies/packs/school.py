"""A school's own policy: dated rules on amending, laid over the statute.

The statute restricts nobody who amends (SI 2024/208 reg 6): a school without a policy applies
every amendment at once. A policy may add or tighten; it is refused where it would touch a rule of
the statute, or leave nobody to make an amendment that the statute asks for (reg 10(7)).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from msgspec import Struct

from ledger.errors import Refused
from policies.packs.values import Rule, Value, parameters, read_rules

__all__ = ["KEYS", "SchoolPolicy", "names", "read", "shipped"]

_FOLDER = Path(__file__).parents[1] / "schools"
ROLES = "amending.roles"
LATE_ROLES = "amending.late_roles"
LATE_DAYS = "amending.late_after_school_days"
APPROVAL_DAYS = "amending.approval_after_school_days"
APPROVAL_MORE = "amending.approval_more_than"
APPROVAL_RELIED = "amending.approval_when_relied_on"
APPROVERS = "amending.approver_roles"
OF_ROLES = (ROLES, LATE_ROLES, APPROVERS)
"""The keys that name roles."""
_DAY = timedelta(days=1)
_PAIR = (LATE_ROLES, LATE_DAYS)
_PROVISIONAL = "register.provisional_school_days"


class SchoolPolicy(Struct, frozen=True):
    """A policy as read; ``rules``: the values of each key, earliest first."""

    name: str
    rules: Mapping[str, tuple[Rule, ...]]

    def find(self, key: str, on: date) -> Rule | None:
        """Return the rule that a key has on a day; None where the policy says nothing."""
        for rule in self.rules.get(key, ()):
            if rule.covers(on):
                return rule
        return None

    def number(self, key: str, on: date) -> int | None:
        """Return a limit in force on a day; None where there is none."""
        rule = self.find(key, on)
        return None if rule is None else rule.number

    def roles(self, key: str, on: date) -> tuple[str, ...] | None:
        """Return the roles that a key names on a day; None where it names none."""
        rule = self.find(key, on)
        return None if rule is None else rule.names

    def says(self, key: str, on: date) -> bool:
        """Tell whether a yes-or-no key is in force on a day, and yes."""
        rule = self.find(key, on)
        return rule is not None and rule.value is True


def _roles(value: Value) -> str | None:
    if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
        return 'is not a list of roles, such as ["head"]'
    if not value:
        return (
            "names nobody: an entry whose reason is established later could not be amended "
            f"({_statute()})"
        )
    return None if all(str(each).strip() for each in value) else "has an empty name of a role"


def _limit(value: Value) -> str | None:
    if type(value) is not int:
        return "is not a whole number"
    return "is less than nothing" if value < 0 else None


def _yes_no(value: Value) -> str | None:
    return None if isinstance(value, bool) else "is not true or false"


KEYS: Mapping[str, Callable[[Value], str | None]] = {
    ROLES: _roles,
    LATE_ROLES: _roles,
    LATE_DAYS: _limit,
    APPROVAL_DAYS: _limit,
    APPROVAL_MORE: _limit,
    APPROVAL_RELIED: _yes_no,
    APPROVERS: _roles,
}
"""Every key that a policy may have, with what is wrong with a value, if anything."""


@cache
def read(text: str, name: str) -> SchoolPolicy:
    """Read a policy; refused as ``policy-invalid`` with the file, every key and its fault."""
    try:
        table = read_rules(text, name, "policy")
    except Refused as refused:
        raise _refusal(refused.what) from refused
    rules = {full.removeprefix(f"{name}."): rows for full, rows in table.items()}
    faults = [*_faults(rules), *_faults_of_pairs(rules)]
    if faults:
        raise _refusal("; ".join([f"{name}.toml: {faults[0]}", *faults[1:]]))
    return SchoolPolicy(name, rules)


def _refusal(what: str) -> Refused:
    return Refused(
        "policy-invalid", what, "policies/README.md explains the keys of a school's policy"
    )


def _faults(rules: Mapping[str, Iterable[Rule]]) -> Iterator[str]:
    for key, rows in rules.items():
        if key.partition(".")[0] in parameters().stems:
            yield f"{key}: belongs to the statute, which a school's policy cannot change"
        elif key not in KEYS:
            yield f"{key}: unknown key; the keys are {', '.join(KEYS)}"
        else:
            for row in rows:
                fault = KEYS[key](row.value)
                if fault is not None:
                    yield f"{key} from {row.since}: {fault}"
                if row.basis != "policy":
                    yield f"{key} from {row.since}: its basis is policy, not {row.basis}"


def _faults_of_pairs(rules: Mapping[str, tuple[Rule, ...]]) -> Iterator[str]:
    """Yield where only one of the two keys on late amendments has a value."""
    rows = [row for key in _PAIR for row in rules.get(key, ())]
    ends = {row.until + _DAY for row in rows if row.until is not None}
    for day in sorted({row.since for row in rows} | ends):
        found = [key for key in _PAIR if any(row.covers(day) for row in rules.get(key, ()))]
        if len(found) == 1:
            missing = next(key for key in _PAIR if key not in found)
            yield _alone(missing, day)


def _alone(missing: str, day: date) -> str:
    if missing == LATE_ROLES:
        return (
            f"{LATE_DAYS} from {day}: {LATE_ROLES} names nobody who may amend after that "
            f"({_statute()})"
        )
    return f"{LATE_ROLES} from {day}: {LATE_DAYS} does not say after how many days"


def _statute() -> str:
    """Name what the statute asks of whoever keeps the register, in its newest words."""
    rule = parameters().rows(_PROVISIONAL)[-1]
    return f"{rule.reference} asks for it, within {rule.number} school days where it can be"


def names() -> list[str]:
    """Return the names of the policies that are shipped."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def shipped(name: str) -> str | None:
    """Return the text of a shipped policy; None where there is none of that name."""
    if name not in names():
        return None
    return (_FOLDER / f"{name}.toml").read_text("utf-8")
