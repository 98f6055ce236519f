"""At which position of the register an extract that left had been read."""

from datetime import date

from commands.core.command import State
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.log import Committed


def position(seen_at: int | None, state: State, on: date, today: date) -> int:
    """Return up to where the register had been read: what stood when the extract left.

    ``seen_at``: the position stated, if any; ``on``: the day on which it left. For an earlier day
    the transactions are needed, `streams.COMMITS`.
    """
    find = (
        f"attendance status --known-at {on}T23:59 shows it as Events, the newest of that day; "
        "0 is for a paper made before this ledger began"
    )
    if seen_at is None:
        if on < today:
            raise Refused(
                "seen-at-missing",
                f"it left on {on}, and what has been recorded since was not on it",
                f"give the position that is printed on it with --seen-at; {find}",
            )
        return state.position
    if seen_at > state.position:
        raise Refused(
            "position-unknown",
            f"the ledger has no event {seen_at}; its newest is {state.position}",
            "give the position that is printed on the extract",
        )
    recorded = _recorded_on(state, seen_at)
    if recorded is not None and recorded > on:
        raise Refused(
            "position-later",
            f"event {seen_at} was recorded on {recorded}, after the extract left on {on}",
            f"give the position that is printed on it; {find}",
        )
    return seen_at


def _recorded_on(state: State, position: int) -> date | None:
    """Return the day on which a position was recorded; none where that was not asked for."""
    reached = 0
    for header in state.histories.get(streams.COMMITS, ()):
        assert isinstance(header, Committed)  # noqa: S101 - only headers are on this stream
        reached += 1 + header.count
        if position and reached >= position:
            return local_date(header.at)
    return None
