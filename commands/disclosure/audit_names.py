"""Record that somebody looks up which staff and pupils an audit is about, and why.

Carried out before `attendance audit --names` is answered: statistics of amendments watch
employees, so whoever looks at names is on record too (ICO, Monitoring workers, 2023).
"""

from collections.abc import Iterable

from commands.core import checks as given
from commands.core import roles
from commands.core.command import Decision, Range, State, UseCase, decided, hidden, one
from ledger.events import streams
from ledger.events.disclosure import NamesShown
from ledger.store.store import Fact
from policies.packs.rules import Rules

_MAY = ("auditor", "authoriser", "head", "trust")


class ShowNames(UseCase):
    """Names of staff and pupils are shown in an audit, for a reason."""

    reason: str = hidden()

    def reads(self, _state: State) -> Iterable[Range]:
        """Ask for the looks before: this one follows them in their stream."""
        yield one(streams.audit())

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record each look; the same reason again is another look."""
        author, reason = state.author(now), given.required(self.reason, "reason")
        roles.check(state, author, _MAY, now, "see names in an audit")
        shown = NamesShown(
            reason=reason,
            seen_at=state.position,
            by=author.staff_id,
            name=author.name,
            job_title=author.job_title,
        )
        return decided(
            [Fact(streams.audit(), shown)], "recorded that names were looked up, and why"
        )
