"""What `school.toml` states, and where something stands in it."""

import pytest

from commands.exchange.portable.school_toml import Lines, place, read
from ledger.formats.sheet import Problems

TEXT = 'a = 1\n\n[school]\nname = "x"\n\n[[term]]\nname = "y"\n\n[[term]]\nname = "z"\n'


def test_tables_and_keys_are_found():
    """The n-th table of an array, and a key within a table."""
    lines = Lines(TEXT)
    assert [lines.table("term", index) for index in (0, 1, 2)] == [6, 9, 0]
    assert lines.key("name", 9) == 10
    assert lines.key("a") == 1


def test_a_key_written_in_a_way_not_looked_for_is_the_table():
    """The table's line, or none, is better than a wrong one."""
    lines = Lines(TEXT)
    assert lines.key("first", 6) == 6
    assert lines.key("school") == 3
    assert lines.key("nowhere") == 0


def test_a_parsers_message_is_split():
    """The line it names; the last line of the file for its end."""
    assert place("Invalid value (at line 3, column 7)", TEXT) == (3, "Invalid value")
    assert place("Unclosed array (at end of document)", TEXT) == (10, "Unclosed array")


@pytest.mark.parametrize(
    ("closed", "told"),
    [
        ("kind = 3", "kind is not a text"),
        ('kind = "off"', "kind: 'off' is not known here"),
        ("sessions = [1]", "sessions is not a list of texts"),
        ("sessions = []", "sessions holds more or less than AM, PM"),
        ('date = "x"\ncolour = 1', "date is not a date like 2026-11-20"),
    ],
)
def test_what_a_key_holds_is_told_by_its_line(closed, told):
    """Faults of form come all at once, before those of a word."""
    problems = Problems()
    text = f"[[closed]]\n{'' if 'date' in closed else 'date = 2026-11-20'}\n{closed}\n"
    read(text.encode(), problems)
    assert told in [each.what for each in problems.faults]
