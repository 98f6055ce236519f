"""Whether the machine's clock may stamp what is recorded: asked before, and as it is recorded."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from commands.core.command import State
from commands.core.ranges import Range, one
from ledger import times
from ledger.clock import SECOND, Clock
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.log import Committed
from ledger.store.store import Store
from ledger.times import OffClock, Stamp, WrongClock, lasting

_ANY = 2**63 - 1


@dataclass
class Guard:
    """Reads the clock for the log; refuses where it is too far from the last entry.

    ``admits``: what the command is about, or has to be done in spite of; ``behind``: by how much
    the clock was behind the last entry when it was read for the log, in microseconds.
    """

    store: Store
    clock: Clock
    admits: Collection[OffClock] = ()
    behind: int = field(default=0, init=False)
    _seen: tuple[int, int | None] | None = field(default=None, init=False)

    def read(self) -> int:
        """Return the reading, within the transaction that records it. Raises `Refused`."""
        now, last = self.clock(), self._last()
        if last is not None:
            self._check(now, last)
            self.behind = max(0, last - now)
        return now

    def check(self) -> None:
        """Refuse where nothing could be recorded by this clock."""
        with self.store.reading():
            self.read()

    def note(self) -> str | None:
        """Return what to say of a clock that was a little behind; none: it was not."""
        if not SECOND <= self.behind < times.BEHIND:
            return None
        return (
            f"note: this computer's clock is {lasting(self.behind)} behind the last entry; "
            "what it read is what is shown"
        )

    def _last(self) -> int | None:
        """Return when the last entry counts as recorded, looked up where there are new ones."""
        head = self.store.head()
        if self._seen is None or self._seen[0] != head:
            self._seen = head, last_instant(self.store)
        return self._seen[1]

    def _check(self, now: int, last: int) -> None:
        found = times.off(now, last)
        if found is None or found in self.admits:
            return
        refused = times.refusal(now, all_stamps(self.store))
        if refused and _has_staff(self.store):
            raise refused


def last_instant(store: Store) -> int | None:
    """Return when the last entry counts as recorded; none in an empty log."""
    header = store.last_header()
    if header is None:
        return None
    known = _wrong_clocks(store)
    if not known:
        return header.at
    # Not from every header: there are tens of thousands, and a command is to be quick.
    reading = store.newest_reading([(each.first, each.last) for each in known])
    return max([*filter(None, [reading]), *(each.latest for each in times.in_force(known))])


def _wrong_clocks(store: Store) -> list[WrongClock]:
    found = store.read_streams([streams.clock()], upto=_ANY)
    return times.wrong_clocks((r.position, r.event) for r in found)


def all_stamps(store: Store) -> list[Stamp]:
    """Return every transaction of the log with its times, as known now."""
    with store.reading():
        headers = store.read_streams([streams.COMMITS], upto=_ANY)
        known = _wrong_clocks(store)
    return _stamps([(r.position, r.event) for r in headers], known)


def _stamps(headers: Iterable[tuple[int, Event]], known: list[WrongClock]) -> list[Stamp]:
    found = ((position, e) for position, e in headers if isinstance(e, Committed))
    return list(times.stamps(found, known))


def stamps_in(state: State) -> list[Stamp]:
    """Return every transaction that a state has read, with its times."""
    return _stamps(_read(state, streams.COMMITS), _wrong_clocks_in(state))


def _wrong_clocks_in(state: State) -> list[WrongClock]:
    return times.wrong_clocks(_read(state, streams.clock()))


def _read(state: State, stream: str) -> Iterable[tuple[int, Event]]:
    return zip(state.positions.get(stream, ()), state.histories.get(stream, ()), strict=True)


def recorded_at(state: State, position: int, header: Committed) -> int:
    """Return when a transaction was recorded, by its header's reading and what is known of it.

    Never by the time that a header carries over; the command must have asked for the clocks.
    """
    wrong = times.wrong_at(position, _wrong_clocks_in(state))
    return header.reading if wrong is None else wrong.corrected(header.reading)


def known_reads(state: State) -> Iterator[Range]:
    """Yield what `known_times` needs: the clocks, and where one was wrong every transaction."""
    yield one(streams.clock())
    if _wrong_clocks_in(state):
        # What is added meanwhile changes nothing of what was recorded.
        yield one(streams.COMMITS)._replace(rests=False)


def known_times(state: State) -> list[tuple[int, int]]:
    """Return each transaction's position and since when it is known, which never falls.

    Empty where no clock was wrong: then it is as each header says. The command must have asked
    for `known_reads`.
    """
    found = stamps_in(state) if _wrong_clocks_in(state) else []
    instants = times.never_falling(stamp.latest for stamp in found)
    return list(zip((stamp.first for stamp in found), instants, strict=True))


def _has_staff(store: Store) -> bool:
    """Tell whether there is anybody who could say what is right."""
    return bool(store.read([streams.STAFF], upto=_ANY))
