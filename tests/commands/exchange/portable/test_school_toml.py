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
        ("sessions = { AM = 1 }", "sessions is not a list"),
        ('date = "x"\ncolour = 1', "date is not a date like 2026-11-20"),
        ('date = "2026-11-20"', "date is not a date like 2026-11-20"),
        ("date = 2026-11-20T00:00:00", "date is not a date like 2026-11-20"),
        ("date = 20260101", "date is not a date like 2026-11-20"),
    ],
)
def test_what_a_key_holds_is_told_by_its_line(closed, told):
    """Faults of form come all at once, before those of a word."""
    problems = Problems()
    text = f"[[closed]]\n{'' if 'date' in closed else 'date = 2026-11-20'}\n{closed}\n"
    read(text.encode(), problems)
    assert told in [each.what for each in problems.faults]


@pytest.mark.parametrize("time", ['"08:45:00"', "31500", "2026-11-20T08:45:00", "true"])
def test_a_register_opens_at_a_time_and_at_nothing_else(time):
    problems = Problems()
    half = "{ opens = 08:45:00, closes = 09:15:00 }"
    late = f"{{ opens = {time}, closes = 13:30:00 }}"
    read(f"[[register]]\nfrom = 2026-09-01\nam = {half}\npm = {late}\n".encode(), problems)
    assert "opens is not a time like 08:45:00" in [each.what for each in problems.faults]


def test_a_half_of_a_register_is_a_table():
    problems = Problems()
    read(b"[[register]]\nfrom = 2026-09-01\nam = 1\npm = [1]\n", problems)
    told = [each.what for each in problems.faults]
    assert {"am is not a table", "pm is not a table"} <= set(told)
