"""The school's own policy on amending: its adoption from a date."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Self, TextIO

from commands.core.command import (
    Decision,
    State,
    UseCase,
    argument,
    decided,
    hidden,
    option,
)
from commands.core.ranges import POLICIES, STAFF, Range
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import PolicyAdopted
from ledger.files import translated
from ledger.formats.fields import ROLES
from ledger.store.facts import Fact
from policies.packs import school as school_packs
from policies.packs.codes import Rules
from policies.packs.school import SchoolPolicy

_DAY = timedelta(days=1)


class AdoptPolicy(UseCase):
    """attendance policy adopt: apply the school's own policy on amending from a date.

    The policy is kept word for word; the one before it ends on the day before.
    """

    policy: str = argument(f"a shipped policy ({', '.join(school_packs.names())}) or a TOML file")
    from_: date = option("the first day on which it applies, today or later")
    text: str = hidden(default="")

    def load(self, _stdin: TextIO) -> Self:
        """Return the command with the policy's name and text."""
        shipped = school_packs.shipped(self.policy)
        if shipped is not None:
            return replace(self, text=shipped)
        path = Path(self.policy)
        return replace(self, policy=path.stem, text=_text(path))

    def reads(self, _state: State) -> Iterable[Range]:
        """Name everybody on the staff, for their roles, and the policies before it."""
        return STAFF, POLICIES

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Adopt a policy from a day on, or refuse it with everything that is wrong."""
        author, today, since = state.author(now), local_date(now), self.from_
        policy = school_packs.read(self.text, self.policy)
        _check_roles(policy)
        if since < today:
            raise Refused(
                "policy-backwards",
                f"a policy cannot apply from {since}: that day is past, and what was amended "
                "since was amended without it",
                f"give --from {today} or later",
            )
        before = state.school.policy_on(since)
        if before is not None and (before.policy, before.text) == (policy.name, self.text):
            return decided([], f"{policy.name} applies on {since} already; nothing was recorded")
        adopted = PolicyAdopted(policy=policy.name, since=since, text=self.text, **author.fields)
        says = [f"the policy {policy.name} applies from {since}"]
        if before is not None:
            ends = since if before.since == since else since - _DAY
            instead = "is replaced" if before.since == since else "ends"
            says.append(f"the policy before it, {before.policy}, {instead} on {ends}")
        says += _roles_of_nobody(policy, state, since)
        return decided([Fact(streams.policy(), adopted)], *says)


def _text(path: Path) -> str:
    if not path.is_file():
        raise Refused(
            "policy-unknown",
            f"there is no policy and no file {str(path)!r}",
            f"name a shipped policy ({', '.join(school_packs.names())}) or a TOML file",
        )
    with translated(path):
        content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("policy-invalid", f"{path.name}: is not UTF-8", "save it as UTF-8") from None


def _check_roles(policy: SchoolPolicy) -> None:
    faults = [
        f"{rule.name.removeprefix(policy.name + '.')} from {rule.since}: {role!r} is not a role"
        for key in school_packs.OF_ROLES
        for rule in policy.rules.get(key, ())
        for role in rule.names
        if role not in ROLES
    ]
    if faults:
        raise Refused(
            "policy-invalid",
            f"{policy.name}.toml: " + "; ".join(faults),
            f"the roles are {', '.join(ROLES)}",
        )


def _roles_of_nobody(policy: SchoolPolicy, state: State, since: date) -> Iterator[str]:
    """Yield which keys name roles that nobody on the staff holds on the first day."""
    rows = [state.school.staff_on(staff_id, since) for staff_id in state.school.staff]
    held = {role for row in rows if row is not None for role in row.roles}
    for key in school_packs.OF_ROLES:
        named = policy.roles(key, since)
        if named and not held & set(named):
            yield f"note: nobody on the staff is {' or '.join(named)} on {since} ({key})"
