"""A word may be a question and the first word of a command: `penalties`, `penalties consider`."""

from tests.cli.shell import done, refused, run


def test_the_word_alone_asks_the_question(demo):
    asked = ("penalties", "--json", "--at-least", "11")
    assert done("--ledger", demo, *asked).json["at_least"] == 11


def test_the_second_word_is_the_command_and_nothing_is_asked(demo):
    """The refusal is the command's; no answer stands before it."""
    words = "penalties consider nobody --decision refer --reason r"
    assert "no pupil has" in refused("--ledger", demo, "--as", "H01", *words.split())


def test_the_help_shows_both():
    one, every = run("penalties", "--help").out, run("--help").out
    assert "--at-least" in one
    assert "consider" in one
    assert every.count("penalties consider") == 1
