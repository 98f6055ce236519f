"""Words at a terminal: lines no longer than its width, commands that can be copied whole."""

import re

import pytest

from ledger.terminal import wrapped
from tests.answers import packed

WIDTH = 80


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", ["short"]),
        ("  do:    one two three four", ["  do:    one two", "         three", "         four"]),
        ("note: one two three four", ["note: one two", "      three four"]),
        ("a.csv:12: one two three", ["a.csv:12: one two", "         three"]),
        ("one two three four five", ["one two three four", "  five"]),
        ("x" * 25 + " y", ["x" * 25, "  y"]),
        ("the well-known-hyphened word", ["the", "  well-known-hyphened", "  word"]),
        ("first line\nsecond line that is long", ["first line", "second line that", "  is long"]),
    ],
)
def test_a_long_line_goes_on_beneath(text, shown):
    """Set in beneath what it says; a word is whole, whatever its length."""
    assert wrapped(text, 18).splitlines() == shown


@pytest.mark.parametrize(
    "command",
    [
        'attendance --ledger demo --as H01 amend --pupil P1 --reason "too late"',
        "attendance closures withdraw 2026-11-20 --put-back --reason WHY",
        "attendance pupil find NAME",
        "attendance leave grant a2b",
    ],
)  # fmt: skip
def test_a_command_is_not_broken(command):
    """Whoever copies it copies all of it."""
    text = f"and then there is {command}, or wait"
    assert command in wrapped(text, 30).splitlines()[1]


def words() -> list[str]:
    """Every line that a command ever said in the kept answers: of what it did, or refused."""
    answers = [a for name in packed.names() for a in packed.kept(name).values()]
    said = [a.get("err", "") for a in answers]
    said += [a.get("out", "") for a in answers if a.get("events")]
    return sorted({line for text in said for line in text.splitlines()})


def test_nothing_that_a_command_says_is_wider_than_a_terminal():
    """But one word or one command that cannot be broken."""
    lines = words()
    assert len(lines) > 400
    assert any(len(line) > WIDTH for line in lines)
    wide = [
        shown
        for line in lines
        for shown in wrapped(line, WIDTH).splitlines()
        if len(shown) > WIDTH and len(shown.split()) > 1
    ]
    assert [each for each in wide if not re.match(r"\s*(?:do:\s+)?\W*attendance ", each)] == []
