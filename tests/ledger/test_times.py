"""When entries were recorded, and how far from the last one a clock may be."""

import tomllib
from pathlib import Path

import pytest

from ledger.clock import SECOND, Corrected, at_london, told
from ledger.times import (
    Stamp,
    WrongClock,
    ahead_of,
    in_force,
    last_of,
    lasting,
    never_falling,
    off,
    refusal,
    wrong_at,
)

_FILE = Path(__file__).parents[2] / "fixtures" / "cases" / "school" / "clock.toml"
CASES = tomllib.loads(_FILE.read_text())["case"]


def instant(moment):
    return at_london(moment.date(), moment.time())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_how_far_a_clock_may_be(case):
    """The cases of fixtures/cases/school/clock.toml."""
    found = off(instant(case["given"]["now"]), instant(case["given"]["last"]))
    assert (found or "no") == case["expect"]["off"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (0.9, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (899, "14 minutes"),
        (3599, "59 minutes"),
        (3600, "1 hour"),
        (86_399, "23 hours"),
        (86_400, "1 day"),
        (86_400 * 1519 + 5, "1519 days"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(seconds, words):
    """Rounded down: what is shorter than 15 minutes never reads as 15."""
    assert lasting(int(seconds * SECOND)) == words


WRONG = WrongClock(9, 3, 5, earliest=20, latest=30)
LATER = WrongClock(12, 4, 4, earliest=22, latest=24)


def test_the_newest_word_on_a_clock_counts():
    """Of the entries that it covers, and of no other."""
    known = [WRONG, LATER]
    found = [wrong_at(position, known) for position in (2, 3, 4, 5, 6)]
    assert found == [None, WRONG, LATER, WRONG, None]


def test_a_correction_is_in_force_while_an_entry_goes_by_it():
    """The older one of the same entries is not; nor one that two newer cover together."""
    narrower = WrongClock(15, 3, 5, earliest=21, latest=23)
    assert in_force([WRONG, LATER]) == [WRONG, LATER]
    assert in_force([WRONG, narrower]) == [narrower]
    both = [WrongClock(20, 3, 4, 1, 2), WrongClock(21, 5, 5, 1, 2)]
    assert in_force([WRONG, *both]) == both
    assert in_force([WRONG, both[0]]) == [WRONG, both[0]]


def test_what_was_corrected_counts_as_recorded_at_the_latest():
    """Between two instants; else what the clock read is both."""
    right, corrected = Stamp(1, 2, 10), Stamp(3, 5, 99, WRONG)
    assert (right.earliest, right.latest) == (10, 10)
    assert (corrected.earliest, corrected.latest) == (20, 30)
    assert last_of([right, corrected, Stamp(6, 7, 30)]) == (5, 30)


def test_time_as_known_never_falls():
    """Each instant, or the newest before it."""
    assert list(never_falling([5, 3, 7, 6, 9])) == [5, 5, 7, 7, 9]


def test_stretches_ahead_of_now_are_joined_where_they_touch():
    """Entries that are not ahead part them; what is now is not ahead."""
    stamps = [Stamp(1, 2, 5), Stamp(3, 4, 50), Stamp(5, 6, 60), Stamp(7, 7, 10), Stamp(8, 9, 11)]
    assert ahead_of(10, stamps) == [(3, 6), (8, 9)]
    assert ahead_of(60, stamps) == []


def test_a_clock_that_is_right_is_not_refused():
    """Nothing is to be said of it."""
    assert refusal(10, [Stamp(1, 2, 5)]) is None


def test_a_refusal_names_the_only_entry():
    """With the command that says so."""
    found = refusal(0, [Stamp(1, 2, 0), Stamp(3, 3, 86_400 * SECOND)])
    assert "entry 3 was recorded by a clock that was wrong" in found.remedy
    assert 'attendance clock correct 3 3 --reason "…"' in found.remedy


def test_a_corrected_instant_is_told_as_what_it_is():
    """It is counted as the later one, and every way to write it says so."""
    at = Corrected.between(20, 30, said=99, position=9)
    assert (at, at + 1) == (30, 31)
    assert told(at, str) == "between 20 and 30; the clock said 99"
    assert told(30, str) == "30"
