"""Record that somebody looks up which members of staff an audit is about, and why.

Carried out before `attendance audit --names` is answered: statistics of amendments watch
employees, so whoever looks at names is on record too (ICO, Monitoring workers, 2023).
"""

from collections.abc import Iterable

from commands import given
from commands.base import Author, Command, Decision, Range, State, decided, hidden, one
from ledger import streams
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events.disclosure import NamesShown
from ledger.store import Fact
from policies.rules import Rules

_MAY = ("auditor", "authoriser", "head", "trust")


class ShowNames(Command):
    """Names of staff are shown in an audit, for a reason."""

    reason: str = hidden()


def reads(_command: ShowNames, _state: State) -> Iterable[Range]:
    """Ask for the looks before: this one follows them in their stream."""
    yield one(streams.audit())


def decide(command: ShowNames, state: State, _rules: Rules, now: int) -> Decision:
    """Record each look; the same reason again is another look."""
    author, reason = state.author(now), given.required(command.reason, "reason")
    _check_allowed(state, author, now)
    shown = NamesShown(
        reason=reason,
        seen_at=state.position,
        by=author.staff_id,
        name=author.name,
        job_title=author.job_title,
    )
    return decided([Fact(streams.audit(), shown)], "recorded that names were looked up, and why")


def _check_allowed(state: State, author: Author, now: int) -> None:
    """Refuse whoever has none of the roles; nobody where the ledger knows no role at all."""
    day = local_date(now)
    rows = [state.school.staff_on(staff, day) for staff in state.school.staff]
    roles = {role for row in rows if row for role in row.roles}
    own = state.school.staff_on(author.staff_id, day)
    if roles and not (own and set(own.roles).intersection(_MAY)):
        raise Refused(
            "names-role",
            f"{author.name} has none of the roles that may see names in an audit: "
            f"{', '.join(_MAY)}",
            "let somebody with one of them ask, or ask without --names",
        )
