"""Events with their places, and what a decision rests on: plain data, without the log itself."""

from collections.abc import Callable
from typing import NamedTuple

from ledger.events.base import Event


class Fact(NamedTuple):
    """An event and the stream it is for, before it has a place in the log."""

    stream: str
    event: Event


class Recorded(NamedTuple):
    """An event with its place in the log."""

    position: int
    stream: str
    version: int
    event: Event


class Relied(NamedTuple):
    """The streams from ``first`` to before ``last``, on which a decision rests.

    Also those that are not there yet. ``concerns``: where not every event in them matters, which.
    """

    first: str
    last: str
    concerns: Callable[[Event], bool] | None = None
