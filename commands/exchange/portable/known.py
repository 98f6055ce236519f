"""From when facts are known by the time that their source states, where a mark follows from them.

As the read models have it under the source clock: what was recorded here is known since it was,
what states no time always was, and a fact stated again is known no earlier than before.
"""

from collections.abc import Hashable, Iterator
from functools import cached_property

from commands.core.command import State
from commands.core.ranges import CALENDAR, Range, starting
from commands.exchange.portable.content import Content
from commands.exchange.portable.rows import session_number
from commands.exchange.portable.voices import statements
from commands.exchange.portable.work import Work
from ledger.events import streams
from ledger.events.base import SourcedEvent
from ledger.events.calendar import ClosureWithdrawn
from ledger.events.roll import EnrolmentWithdrawn
from ledger.state.calendar import Closure
from ledger.state.school import Pupil

Times = dict[Hashable, int]
_ENDS = (ClosureWithdrawn, EnrolmentWithdrawn)
ALWAYS = 0
"""The time of what states none."""


def cancellation_reads(content: Content, state: State) -> Iterator[Range]:
    """Yield the streams that `KnownTimes` asks of, for a day's marks; a whole folder does so."""
    first, last = content.span() or (0, 0)
    cancelled = (each for each in state.school.closures.values() if each.cancelled)
    if any(first <= session_number(each.date, each.half) <= last for each in cancelled):
        yield CALENDAR._replace(events=True)
        yield starting(streams.PUPIL)._replace(events=True)


class KnownTimes:
    """When each spell, membership and closure is known since, of ledger and import together."""

    def __init__(self, work: Work) -> None:
        self._work, self._found = work, dict[str, Times]()

    def cancellation(self, closure: Closure, pupil: Pupil) -> int:
        """Return since when it is known that a closure concerns a pupil on roll that day.

        No earlier than closure, roll and, where it is for groups, the first membership of one.
        """
        key = (closure.date, closure.half, closure.groups)
        known = [self._of(streams.CALENDAR).get(key, ALWAYS)]
        theirs = self._of(streams.pupil(pupil.id))
        spells = (since for since, spell in pupil.spells.items() if spell.covers(closure.date))
        known.append(min((theirs.get(since, ALWAYS) for since in spells), default=ALWAYS))
        if closure.groups:
            members = pupil.memberships_on(closure.date)
            held = (each for each in members if each[1] in closure.groups)
            known.append(min(theirs.get(member, ALWAYS) for member in held))
        return max(known)

    def _of(self, stream: str) -> Times:
        if stream not in self._found:
            times = self._found[stream] = Times()
            for event, at in self._stated(stream):
                for key, _ in statements(event):
                    if isinstance(event, _ENDS):
                        times.pop(key, None)
                    else:
                        times[key] = max(times.get(key, ALWAYS), at)
        return self._found[stream]

    def _stated(self, stream: str) -> Iterator[tuple[SourcedEvent, int]]:
        """Yield what a stream holds of a source or of a person, and what this import adds."""
        yield from self._work.voices.times(stream)
        for event in self._new.get(stream, ()):
            yield event, event.stated or ALWAYS

    @cached_property
    def _new(self) -> dict[str, list[SourcedEvent]]:
        found: dict[str, list[SourcedEvent]] = {}
        for stream, event in self._work.facts:
            if isinstance(event, SourcedEvent):
                found.setdefault(stream, []).append(event)
        return found
