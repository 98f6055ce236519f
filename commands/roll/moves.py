"""The day of a pupil's move between groups put right, where it was recorded wrongly."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from commands.core import checks, group_names
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import Range, one
from commands.roll import enrol
from ledger import names
from ledger.english import weekday
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import AdmissionAmended, GroupJoined, GroupKind, GroupLeft
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from policies.packs.codes import Rules

_DAY = timedelta(days=1)


class CorrectMove(UseCase):
    """attendance pupil correct-move: amend the day on which a pupil joined or left a group.

    The day as it was, as it is now, the reason, the date and the name are kept.
    """

    pupil: str = argument("UPN or local id")
    kind: GroupKind = option("registration, year or cohort")
    from_: date = option("the day recorded: first in the group joined, or first without the old")
    to: date = option("the right day")
    reason: str = option("why it is amended")
    group: str | None = option(
        "which group, where several were joined or left that day", default=None, kept=names.name
    )
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and the pupil."""
        return state.own_row, one(streams.pupil(state.pupil(self.pupil).id))

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Let what ended on the day, and what began, do so on the right one."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        pupil = state.pupil(self.pupil)
        move = _move(self, pupil)
        name = state.name_of(pupil)
        if self.to == self.from_:
            return decided([], f"{name}: that is the day recorded; nothing was recorded")
        if not pupil.on_roll(self.to):
            raise Refused(
                "not-on-roll",
                f"the pupil is not on roll on {self.to}",
                "check the date, or the pupil's first and last day on roll",
            )
        groups = move.facts(self.from_, self.to)
        _check_apart(self, pupil, groups)
        amended = AdmissionAmended(
            field=self.kind,
            original=move.words(self.from_),
            amended=move.words(self.to),
            reason=reason,
            **author.fields,
        )
        stream = streams.pupil(pupil.id)
        verb = "would be amended to" if self.dry_run else "amended to"
        says = f"{name}: {move.words(self.from_)}, {verb} {weekday(self.to)}"
        facts = [Fact(stream, each) for each in (*groups, amended)]
        return decided(facts, says, dry_run=self.dry_run, reason=reason)


class _Held(NamedTuple):
    """A membership of the kind asked about, with its first and last day, if it has them."""

    name: str
    since: date | None
    until: date | None

    @property
    def is_held(self) -> bool:
        """Whether anybody was ever a member by it: one taken back ends before it began."""
        return self.since is None or self.until is None or self.since <= self.until


class _Move(NamedTuple):
    """What a pupil left on a day, and what the pupil joined; one of them at the least."""

    kind: GroupKind
    left: _Held | None
    joined: _Held | None

    def words(self, day: date) -> str:
        """Say what the move was, as of a day."""
        if self.left is None or self.joined is None:
            verb = "leaves" if self.joined is None else "joins"
            return f"{verb} {self._names} on {day}"
        return f"moves from {self._names} on {day}"

    @property
    def _names(self) -> str:
        return " to ".join(each.name for each in (self.left, self.joined) if each is not None)

    def facts(self, was: date, day: date) -> list[GroupJoined | GroupLeft]:
        """Return the memberships by the right day; the one that began wrongly was never held."""
        found: list[GroupJoined | GroupLeft] = []
        if self.joined is not None:
            name, _, until = self.joined
            found.append(GroupLeft(kind=self.kind, name=name, since=was, until=was - _DAY))
            found.append(GroupJoined(kind=self.kind, name=name, since=day, until=until))
        if self.left is not None:
            name, since, _ = self.left
            found.append(GroupLeft(kind=self.kind, name=name, since=since, until=day - _DAY))
        return found


def _held(command: CorrectMove, pupil: Pupil) -> list[_Held]:
    found = (
        _Held(name, since, until)
        for (kind, name, since), until in pupil.memberships.items()
        if kind == command.kind
    )
    return [each for each in found if each.is_held]


def _move(command: CorrectMove, pupil: Pupil) -> _Move:
    """Return the move that was recorded for the day; refuse none, and one that may be several."""
    day, every = command.from_, _held(command, pupil)
    left = [each for each in every if each.until == day - _DAY]
    joined = [each for each in every if each.since == day]
    if command.kind not in enrol.ONE_AT_A_TIME:
        of = group_names.meant(command.group or "", {each.name for each in (*left, *joined)})
        named = command.group is not None
        left = [each for each in left if not named or each.name == of]
        joined = [each for each in joined if not named or each.name == of]
        if len(left) + len(joined) > 1:
            names_ = ", ".join(repr(each.name) for each in (*left, *joined))
            raise Refused(
                "several-moves",
                f"several groups were joined or left on {day}: {names_}",
                "name one with --group",
            )
    if not (left or joined):
        raise Refused(
            "no-move",
            f"no {group_names.WORDS[command.kind]} was joined or left on {day}",
            _days_in_words(every),
        )
    return _Move(command.kind, *(next(iter(each), None) for each in (left, joined)))


def _days_in_words(every: Iterable[_Held]) -> str:
    """Say on which days groups were joined or left."""
    moves = [(each.since, f"{each.name} joined") for each in every if each.since is not None]
    moves += [(each.until + _DAY, f"{each.name} left") for each in every if each.until is not None]
    told = ", ".join(f"{day} ({what})" for day, what in sorted(moves))
    return f"days on record: {told or 'none'}"


def _check_apart(
    command: CorrectMove, pupil: Pupil, facts: Iterable[GroupJoined | GroupLeft]
) -> None:
    """Refuse a day on which a membership would end before it began, or two would be held."""
    after = {(each.name, each.since): each.until for each in _held(command, pupil)}
    stated = [(each.name, each.since, each.until) for each in facts]
    after |= {(name, since): until for name, since, until in stated}
    gone = (next(iter(facts)).name, command.from_)
    every = [_Held(*key, until) for key, until in after.items() if key != gone]
    wrong = [each.name for each in every if not each.is_held]
    in_order = sorted(every, key=lambda each: each.since or date.min)
    if command.kind in enrol.ONE_AT_A_TIME:
        wrong += [
            one.name
            for one, other in pairwise(in_order)
            if other.since is None or one.until is None or one.until >= other.since
        ]
    if wrong:
        raise Refused(
            "moves-cross",
            f"{command.to} is beyond another move: {wrong[0]} would not be held between the two",
            _days_in_words(_held(command, pupil)),
        )
