"""Record that a pupil joins or leaves a group."""

from collections.abc import Iterator
from datetime import date, timedelta

from commands.core import checks as given
from commands.core.command import Decision, State, UseCase, argument, decided, option
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import GroupJoined, GroupKind, GroupLeft
from ledger.state.school import Pupil
from ledger.store.store import Fact
from policies.packs.rules import Rules

_DAY = timedelta(days=1)
_ALONE = ("registration", "year")
"""The kinds of which a pupil has one group at a time."""


class MovePupil(UseCase):
    """attendance pupil move: record that a pupil joins or leaves a group.

    A new registration or year group takes the place of the old; cohorts are held beside.
    """

    pupil: str = argument("UPN or local id")
    kind: GroupKind = option("registration, year or cohort")
    from_: date = option("first day in the new group, or first day without the old")
    to: str | None = option("the group joined", default=None)
    leave: str | None = option("the group left, without joining another", default=None)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Join a group and leave what it replaces, or leave one only."""
        state.author(now)
        pupil = state.pupil(self.pupil)
        if (self.to is None) == (self.leave is None):
            raise Refused(
                "join-or-leave",
                "a move names the group joined or the group left",
                "give --to or --leave",
            )
        if not pupil.on_roll(self.from_):
            raise Refused(
                "not-on-roll",
                f"the pupil is not on roll on {self.from_}",
                "check the date, or the pupil's first and last day on roll",
            )
        facts = list(_left(self, pupil) if self.to is None else _moved(self, pupil))
        name = state.name_of(pupil)
        if not facts:
            return decided([], f"{name} belongs to {self.to} already; nothing was recorded")
        verb = f"leaves {self.leave}" if self.to is None else f"joins {self.to}"
        return decided(facts, f"{name} {verb} on {self.from_}")


def _moved(command: MovePupil, pupil: Pupil) -> Iterator[Fact]:
    """Yield what joins the new group; nothing where the pupil belongs to it already."""
    kind, stream = command.kind, streams.pupil(pupil.id)
    to, held = given.required(command.to, "to"), _held(command, pupil)
    if any(event.name == to for event in held):
        return
    if kind in _ALONE:
        yield from (Fact(stream, event) for event in held)
    yield Fact(stream, GroupJoined(kind=kind, name=to, since=command.from_))


def _left(command: MovePupil, pupil: Pupil) -> Iterator[Fact]:
    found = [event for event in _held(command, pupil) if event.name == command.leave]
    if not found:
        raise Refused(
            "not-a-member",
            f"the pupil does not belong to {command.leave!r} on {command.from_}",
            "check the name, the kind and the date",
        )
    yield from (Fact(streams.pupil(pupil.id), event) for event in found)


def _held(command: MovePupil, pupil: Pupil) -> list[GroupLeft]:
    """Return the end, the day before, of each group of the kind that would go on.

    One that began on the day itself ends before it began: it was never held. One that begins
    later is refused, where the move would have to undo it.
    """
    day, ends = command.from_, []
    for (kind, name, since), until in pupil.memberships.items():
        if kind != command.kind or (until is not None and until < day):
            continue
        if since is not None and since > day:
            if kind in _ALONE or name in (command.to, command.leave):
                raise Refused(
                    "later-group",
                    f"the pupil joins {name} on {since}, after {day}",
                    f"give a day from {since} on",
                )
            continue
        ends.append(GroupLeft(kind=command.kind, name=name, since=since, until=day - _DAY))
    return ends
