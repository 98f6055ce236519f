"""A register on the screen: what each key does."""

import os
from dataclasses import replace

import pytest

from commands.core.execute import look
from commands.register import screen
from commands.register.entries import Row, register_ranges
from commands.register.plans import PlanAbsence
from commands.register.screen import Sheet, SheetRow, offered_codes, sheet_rows
from commands.register.take import MarkSession, TakeRegister
from ledger.events.register import RegisterTaken
from ledger.values import parse_session
from policies.packs.codes import rules

AM = parse_session("2026-11-20/AM")
ROWS = (
    SheetRow("a", "U1", "Ada Quill"),
    SheetRow("b", "U2", "Ben Reed", planned="M"),
    SheetRow("c", "U3", "Cat Stone", standing="N"),
)


@pytest.fixture
def blank() -> Sheet:
    return Sheet(ROWS, offered_codes(rules().codes, AM), rules().codes.present("AM"))


def opened(desk) -> list[SheetRow]:
    return look(
        desk.context,
        lambda state: sheet_rows(state, "7A", AM),
        lambda state: register_ranges(state, "7A", AM),
    )


def pressed(start: Sheet, keys: list[str] | str) -> Sheet:
    for key in keys:
        start = start.press(key)
    return start


def shown(found: Sheet) -> list[str]:
    return [found.code(row) for row in found.rows]


def test_sheet_lists_the_group_by_name_with_what_stands_and_is_planned(desk):
    """The screen starts from the register as it is."""
    desk.at("2026-11-20T08:50")
    desk.do(MarkSession(pupil="P2", session=AM, code="N"))
    desk.do(PlanAbsence(pupil="P1", session=AM, code="M"))
    found = [(row.name, row.standing, row.planned) for row in opened(desk)]
    assert found == [("Ada Quill", "", "M"), ("Ben Reed", "N", "")]


def test_sheet_can_be_recorded(desk):
    """What was typed goes into the register."""
    desk.at("2026-11-20T08:50")
    filled = pressed(Sheet(tuple(opened(desk)), offered_codes(rules().codes, AM), "/"), " n")
    recorded = desk.recorded(TakeRegister(group="7A", session=AM, rows=filled.entries()))
    assert isinstance(recorded[0][1], RegisterTaken)
    assert sorted(event.code for _, event in recorded[1:]) == ["/", "N"]


def test_only_codes_that_can_be_entered_are_offered():
    """Neither the other half's code nor those that follow from the calendar."""
    found = offered_codes(rules().codes, AM)
    assert {"/", "N", "C1", "B"} <= found.keys()
    assert found.keys().isdisjoint({"\\", "#", "Z", "Y4"})
    assert (found["B"], found["Y7"], found["N"]) == ("nature", "cause", None)


KEYS = {
    "space is present, whatever was planned": ("   ", ["/", "/", "/"], 3),
    "enter keeps what is shown, and else is present": ("\r\n\r", ["/", "M", "N"], 3),
    "letters are codes, small ones too": ("nIl", ["N", "I", "L"], 3),
    "a code that may go on waits": ("c", ["", "M", "N"], 0),
    "its next letter completes it": ("c1", ["C1", "M", "N"], 1),
    "enter takes a waiting code, on that pupil only": ("c\r", ["C", "M", "N"], 1),
    "another letter takes it, and counts for the next": ("cn", ["C", "N", "N"], 2),
    "half a code is dropped": ("yq", ["Q", "M", "N"], 1),
    "down keeps a waiting code": (["c", "down"], ["C", "M", "N"], 1),
    "up takes a waiting code too": ([" ", "c", "up"], ["/", "C", "N"], 0),
    "up stops at the first pupil": (["c", "down", "up", "up"], ["C", "M", "N"], 0),
    "backspace erases half a code": (["c", "backspace"], ["", "M", "N"], 0),
    "backspace erases the code under the cursor": (["n", "up", "backspace"], ["", "M", "N"], 0),
}


@pytest.mark.parametrize(("keys", "codes", "cursor"), KEYS.values(), ids=KEYS)
def test_keys_fill_the_sheet(blank, keys, codes, cursor):
    """A code waits only while another begins with it."""
    after = pressed(blank, keys)
    assert (shown(after), after.cursor) == (codes, cursor)
    assert after.is_done == (cursor == len(ROWS))
    assert after.typed == ("C" if keys == "c" else "")


def test_what_is_kept_by_enter_is_not_typed(blank):
    """Only the blank became a code."""
    done = pressed(blank, "\r\n\r")
    assert [row.upn for row in blank.rows if row.pupil_id in done.chosen] == ["U1"]


def test_half_a_code_is_not_taken_by_enter(blank):
    """Y alone is no code."""
    assert blank.press("y").press("\r").typed == ""


def test_waiting_code_at_the_end_is_taken(blank):
    """There is no next pupil for the key that ends it."""
    after = pressed(replace(blank, cursor=2), "cn")
    assert (shown(after)[2], after.is_done) == ("C", True)


def test_unknown_key_changes_nothing(blank):
    """A slip of the finger is harmless."""
    assert blank.press("9") is blank
    assert blank.press("f5") is blank


def test_nothing_is_typed_past_the_end(blank):
    """After the last pupil only going back means something."""
    done = pressed(blank, "   ")
    assert pressed(done, "N ") == done
    assert done.press("up").cursor == 2
    assert done.press("down") == done


def test_backspace_past_the_end_changes_nothing(blank):
    """After the last pupil there is nothing under the cursor."""
    assert pressed(blank, "   ").press("backspace").is_done


def test_counts_are_by_code(blank):
    """The summary at the foot of the screen."""
    assert blank.press(" ").counts() == {"/": 1, "M": 1, "N": 1}
    last = pressed(blank, ["down", "down", " "])
    assert list(last.counts().items()) == [("", 1), ("/", 1), ("M", 1)]
    assert list(pressed(blank, "n /").counts().items()) == [("/", 2), ("N", 1)]


def test_codes_that_need_a_nature_are_named_until_described(blank):
    """B without its nature cannot be recorded."""
    typed = blank.press("b")
    assert typed.lacking() == [ROWS[0]]
    described = typed.describe(ROWS[0], "taster day")
    assert described.lacking() == []
    assert described.entries() == (Row(0, "U1", "B", "", "taster day"),)


def test_another_code_forgets_the_nature(blank):
    """What was said of B is not said of K."""
    described = blank.press("b").describe(ROWS[0], "taster day").press("up").press("k")
    assert described.lacking() == [ROWS[0]]


def test_what_is_typed_is_waited_for_in_steps(monkeypatch):
    """Between two of them an interrupt is heard that came just before a wait began."""
    waits: list[float] = []

    def nothing_yet_twice(ready, _, __, seconds):
        waits.append(seconds)
        return ([] if len(waits) < 3 else ready), [], []

    monkeypatch.setattr(screen, "select", nothing_yet_twice)
    out, into = os.pipe()
    os.write(into, b"N")
    assert screen._typed(out) == b"N"
    assert waits == [0.25] * 3
    os.close(out)
    os.close(into)
