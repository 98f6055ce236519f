"""Where something stands in a TOML file."""

from commands.exchange.portable.school_toml import Lines, place

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
