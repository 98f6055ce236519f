"""Withdraw a duplicate record of a pupil in favour of another.

Marks that only the duplicate has become late entries of the pupil. Nothing is deleted: the
duplicate's own history stays readable.
"""

from collections.abc import Iterable
from typing import NamedTuple

from commands.core import checks as given
from commands.core import standing
from commands.core.command import (
    Decision,
    Range,
    State,
    UseCase,
    argument,
    decided,
    option,
    starting,
)
from commands.core.marks import Stated
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.register import SessionMarked
from ledger.events.roll import EnrolmentWithdrawn
from ledger.state.school import Pupil
from ledger.store.store import Fact
from ledger.values import Session
from policies.packs.rules import Rules


class MergePupils(UseCase):
    """attendance pupil merge: withdraw a duplicate record of a pupil in favour of another.

    Two records of one pupil become one; where both have a mark, the survivor's stands.
    """

    duplicate: str = argument("UPN or local id of the record withdrawn")
    into: str = option("UPN or local id of the record that stays")
    reason: str = option("why they are one pupil")

    def reads(self, state: State) -> Iterable[Range]:
        """Ask for every mark of both records."""
        for pupil in _pair(self, state):
            yield starting(streams.mark(pupil.id, ""))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Withdraw every spell of the duplicate and carry over what only it has."""
        author, reason = state.author(now), given.required(self.reason, "reason")
        pair = _pair(self, state)
        facts = [
            Fact(
                streams.pupil(pair.duplicate.id),
                EnrolmentWithdrawn(
                    starts_on=starts_on,
                    survivor=pair.survivor.id,
                    reason=reason,
                    by=author.staff_id,
                    name=author.name,
                    job_title=author.job_title,
                ),
            )
            for starts_on in sorted(pair.duplicate.spells)
        ]
        stands = dict(standing.marks_of(state, pair.survivor))
        only, both = _compared(dict(standing.marks_of(state, pair.duplicate)), stands)
        _check_on_roll(pair.survivor, only)
        because = f"merged from a duplicate record: {reason}"
        for session, mark in only.items():
            entry = SessionMarked(**mark._asdict(), late=True, reason=because, by=author.staff_id)
            facts.append(Fact(streams.mark(pair.survivor.id, session), entry))
        says = [f"{state.name_of(pair.survivor)}: merged, {len(only)} marks carried over"]
        says += [f"{s}: {stands[s].code} stands, {mark.code} was the duplicate's"
                 for s, mark in both.items()]  # fmt: skip
        return decided(facts, *says)


class _Pair(NamedTuple):
    duplicate: Pupil
    survivor: Pupil


def _pair(command: MergePupils, state: State) -> _Pair:
    pair = _Pair(state.pupil(command.duplicate), state.pupil(command.into))
    if pair.duplicate is pair.survivor:
        raise Refused(
            "same-pupil", "both names are of the same record", "name two records of one pupil"
        )
    for pupil, named in zip(pair, (command.duplicate, command.into), strict=True):
        if not pupil.spells:
            raise Refused(
                "record-withdrawn",
                f"the record {named} was withdrawn already",
                "name two records that are on roll or were",
            )
    return pair


def _compared(
    duplicate: dict[Session, Stated], stands: dict[Session, Stated]
) -> tuple[dict[Session, Stated], dict[Session, Stated]]:
    """Return the marks that only the duplicate has, and those where the two differ."""
    only = {s: mark for s, mark in duplicate.items() if s not in stands}
    both = {s: mark for s, mark in duplicate.items() if s in stands}
    return only, {s: mark for s, mark in both.items() if mark.code != stands[s].code}


def _check_on_roll(survivor: Pupil, sessions: Iterable[Session]) -> None:
    days = sorted({s.date for s in sessions if not survivor.on_roll(s.date)})
    if days:
        raise Refused(
            "not-on-roll",
            f"the duplicate has marks on {len(days)} days when the other record is not on roll, "
            f"from {days[0]} to {days[-1]}",
            "merge the other way round, or enrol the pupil for those days first",
        )
