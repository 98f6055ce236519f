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


def test_space_is_present_whatever_was_planned(blank):
    """One key a pupil."""
    done = pressed(blank, "   ")
    assert shown(done) == ["/", "/", "/"]
    assert done.is_done


def test_enter_keeps_what_is_shown_and_else_is_present(blank):
    """A plan or a mark that stands is confirmed, a blank is present."""
    done = pressed(blank, "\r\n\r")
    assert shown(done) == ["/", "M", "N"]
    assert [row.upn for row in blank.rows if row.pupil_id in done.chosen] == ["U1"]


def test_letter_is_a_code_and_moves_on(blank):
    """Small letters do as well."""
    done = pressed(blank, "nIl")
    assert shown(done) == ["N", "I", "L"]


def test_code_that_may_go_on_waits(blank):
    """C waits for 1 or 2; 1 completes it."""
    waiting = blank.press("c")
    assert (waiting.typed, waiting.cursor) == ("C", 0)
    assert shown(waiting.press("1"))[0] == "C1"


def test_enter_takes_a_waiting_code(blank):
    """C and Enter is C, on that pupil only."""
    after = pressed(blank, "c\r")
    assert (shown(after)[0], after.cursor) == ("C", 1)


def test_other_letter_takes_a_waiting_code_and_counts_for_the_next(blank):
    """C then N: the first is C, the second N."""
    assert shown(pressed(blank, "cn"))[:2] == ["C", "N"]


def test_half_a_code_is_dropped(blank):
    """Y alone is no code; Q is one."""
    assert shown(pressed(blank, "yq"))[0] == "Q"
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


def test_arrows_move_and_take_a_waiting_code(blank):
    """Down past a waiting code keeps it; up stops at the first pupil."""
    after = blank.press("c").press("down")
    assert (shown(after)[0], after.cursor) == ("C", 1)
    assert after.press("up").press("up").cursor == 0


def test_backspace_erases_what_was_typed(blank):
    """First half a code, then the code of the pupil under the cursor."""
    assert blank.press("c").press("backspace").typed == ""
    back = blank.press("n").press("up")
    assert shown(back.press("backspace"))[0] == ""
    assert pressed(blank, "   ").press("backspace").is_done


def test_counts_are_by_code(blank):
    """The summary at the foot of the screen."""
    assert blank.press(" ").counts() == {"/": 1, "M": 1, "N": 1}


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


def test_waiting_code_is_not_lost_on_the_way_up(blank):
    """Up takes a waiting code too."""
    after = pressed(blank, " ").press("c").press("up")
    assert (shown(after)[1], after.cursor) == ("C", 0)


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
