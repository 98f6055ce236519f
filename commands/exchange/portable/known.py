"""From when facts are known by the time that their source states, where a mark follows from them.

As the read models have it under the source clock: what was recorded here is known since it was,
what states no time always was, and a fact stated again is known no earlier than before.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date
from functools import cached_property

from commands.core.command import State
from commands.core.ranges import CALENDAR, Range, starting
from commands.exchange.portable.voices import Details, statements
from commands.exchange.portable.work import Work
from ledger.events import streams
from ledger.events.base import SourcedEvent
from ledger.state.calendar import Closure
from ledger.state.school import Pupil

Versions = dict[Hashable, list[tuple[int, Details]]]
"""What was stated of each record of a stream, in order, and since when that is known."""
ALWAYS = 0
"""The time of what states none."""


def cancellation_reads(state: State) -> Iterator[Range]:
    """Yield the streams that `KnownTimes` asks of, for a day's marks; a whole folder does so."""
    if any(closure.cancelled for closure in state.school.closures.values()):
        yield CALENDAR._replace(events=True)
        yield starting(streams.PUPIL)._replace(events=True)


class KnownTimes:
    """Since when spells, memberships and closures are known, of ledger and import together."""

    def __init__(self, work: Work) -> None:
        self._work, self._found = work, dict[str, Versions]()

    def cancellation(self, closure: Closure, pupil: Pupil) -> int:
        """Return since when it is known that a closure concerns a pupil on roll that day.

        No earlier than closure, roll and, where it is for groups, the first membership of one.
        """
        day, theirs = closure.date, self._of(streams.pupil(pupil.id))
        closures = self._of(streams.CALENDAR)[day, closure.half, closure.groups]
        spells = (since for since, spell in pupil.spells.items() if spell.covers(day))
        on_roll = (_since(theirs[spell], _lasts("leaves_on", day)) for spell in spells)
        # A row about somebody who is not on roll is at fault, and says so elsewhere.
        known = [_since(closures, _cancels), min(on_roll, default=ALWAYS)]
        if closure.groups:
            held = (each for each in pupil.memberships_on(day) if each[1] in closure.groups)
            known.append(min(_since(theirs[member], _lasts("until", day)) for member in held))
        return max(known)

    def _of(self, stream: str) -> Versions:
        if stream not in self._found:
            found: Versions = {}
            for event, at in (*self._work.voices.times(stream), *self._new.get(stream, ())):
                for key, stated in statements(event):
                    found.setdefault(key, []).append((at, stated))
            self._found[stream] = found
        return self._found[stream]

    @cached_property
    def _new(self) -> dict[str, list[tuple[SourcedEvent, int]]]:
        """What this import adds to each stream."""
        found: dict[str, list[tuple[SourcedEvent, int]]] = {}
        stated = [(s, e) for s, e in self._work.facts if isinstance(e, SourcedEvent)]
        for stream, event in stated:
            found.setdefault(stream, []).append((event, event.stated or ALWAYS))
        return found


def _since(versions: Iterable[tuple[int, Details]], holds: Callable[[Details], bool]) -> int:
    """Return since when what is said holds, without a break, to this day."""
    since = known = ALWAYS
    held = False
    for at, stated in versions:
        known = max(known, at)
        if holds(stated) and not held:
            since = known
        held = holds(stated)
    return since


def _cancels(stated: Details) -> bool:
    return bool(stated["closure"] and stated["closure"][0])


def _lasts(name: str, day: date) -> Callable[[Details], bool]:
    """Return what tells whether a record that has begun by a day lasts until it."""

    def lasts(stated: Details) -> bool:
        last = stated.get(name)
        return stated.get("on_roll", True) and (last is None or last >= day)

    return lasts
