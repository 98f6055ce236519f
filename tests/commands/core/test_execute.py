"""The one writer: what a decision relied on may not change between reading and recording."""

from typing import Any

import pytest

from commands.core.command import Context
from commands.core.execute import execute
from commands.penalties.undercut import watch
from commands.register.entries import Row
from commands.register.take import MarkSession, TakeRegister
from ledger.clock import SECOND
from ledger.errors import Refused
from ledger.events.register import SessionMarked
from ledger.ledger import Ledger
from ledger.values import Operator, parse_session

AM = parse_session("2026-11-20/AM")


def overtaken(desk: Any, meanwhile: Any, *, times: int = 1) -> Context:
    """Return a context whose clock lets something happen after the reading has begun."""
    left = [times]

    def clock() -> int:
        if left[0]:
            left[0] -= 1
            meanwhile(left[0])
        return int(desk.now)

    return Context(Ledger(desk.folder), clock, Operator(desk.staff_id, "office"), watch)


def test_a_register_taken_meanwhile_makes_the_mark_a_late_entry(desk: Any) -> None:
    """A stream that was empty when it was read counts among what the decision relied on."""
    desk.at("2026-11-20T08:50")

    def take(_: int) -> None:
        desk.do(TakeRegister(group="7A", session=AM, rows=(Row(0, "P2", "/", "", ""),)))
        desk.now += SECOND

    command = MarkSession(pupil="P1", session=AM, code="/")
    execute(overtaken(desk, take), command)
    (entry,) = desk.marks("P1")["2026-11-20/AM"]
    assert isinstance(entry, SessionMarked)
    assert entry.late


def test_a_command_that_is_always_overtaken_is_refused(desk: Any) -> None:
    """After a few tries the user is told, instead of waiting for ever."""
    desk.at("2026-11-20T08:50")
    codes = ["/", "L", "N", "I", "M"]

    def change(turn: int) -> None:
        desk.do(MarkSession(pupil="P1", session=AM, code=codes[turn]))

    command = MarkSession(pupil="P1", session=AM, code="O")
    with pytest.raises(Refused) as caught:
        execute(overtaken(desk, change, times=4), command)
    assert caught.value.code == "overtaken"
