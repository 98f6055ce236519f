"""The school's own policy in force, and whom it lets do what."""

from datetime import date
from typing import NamedTuple

from commands.core.command import Author, State
from ledger.errors import Refused
from policies.packs import school as school_packs
from policies.packs.school import SchoolPolicy


class InForce(NamedTuple):
    """The school's own policy, and the day as of which it is asked."""

    policy: SchoolPolicy
    day: date


def in_force(state: State, day: date) -> InForce | None:
    """Return the school's own policy on a day, none where it has adopted none."""
    adopted = state.school.policy_on(day)
    if adopted is None:
        return None
    return InForce(school_packs.read(adopted.text, adopted.policy), day)


def check_role(state: State, found: InForce, key: str, author: Author, what: str) -> None:
    """Refuse an author who holds none of the roles that a key of the policy names, if any.

    ``what``: what they wanted to do.
    """
    policy, day = found
    rule = policy.find(key, day)
    row = state.school.staff_on(author.staff_id, day)
    if rule is None or (row is not None and set(rule.names) & set(row.roles)):
        return
    roles = " or ".join(rule.names)
    raise Refused(
        "policy-role",
        f"{author.name} may not {what}: the school's policy {policy.name} names {roles} "
        f"({key}; {rule.reference})",
        f"ask somebody with the role {roles}; attendance policy shows what applies",
    )
