"""What is refused in a table of codes, with the file, the code and the key."""

import pytest

from ledger.errors import Refused
from policies.packs.codes import parse, read_rows

ROW = """
[[code]]
code = "A"
era = "test"
from = 2020-01-01
description = "A mark"
category = "present"
possible = true
attended = true
unauthorised = false
threshold = false
sessions = ["AM", "PM"]
basis = "statute"
reference = "an Act"
confidence = "verified"
"""


def test_what_is_left_out_is_off():
    """Optional keys default to no end, no condition and no role."""
    (rule,) = read_rows(ROW, "a.toml")
    assert (rule.until, rule.requires, rule.age, rule.replaced_by) == (None, None, None, ())
    assert not any((rule.provisional, rule.cancels, rule.late))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("basis", "bases", "code A: unknown key 'bases'"),
        ('era = "test"', "", "code A: missing key 'era'"),
        ('code = "A"', "", "code number 1: missing key 'code'"),
        ("possible = true", "possible = 1", "code A: 'possible' is not a bool"),
        ("2020-01-01", "2020-01-01T00:00:00", "code A: 'from' is not a date"),
        ('"present"', '"here"', "code A: 'category' is not one of present, approved_activity, "),
        ('["AM", "PM"]', '["EVE"]', "code A: 'sessions' is not one of AM, PM"),
        ('["AM", "PM"]', "[]", "code A: 'sessions' is not one of AM, PM"),
        ('era = "test"', 'era = "test"\nuntil = 2019-12-31', "code A: 'until' is before 'from'"),
        ('"A"', '"A', "Illegal character"),
    ],
)
def test_a_faulty_row_is_refused_by_name(old, new, fault):
    """The message names the file, the code and the key."""
    with pytest.raises(Refused) as caught:
        read_rows(ROW.replace(old, new, 1), "a.toml")
    assert caught.value.code == "pack-invalid"
    assert caught.value.what.startswith(f"a.toml: {fault}")


def test_a_table_of_another_name_is_refused():
    """A misspelt ``[[code]]`` is not silently left out."""
    with pytest.raises(Refused, match=r"a\.toml: unknown key 'codes'"):
        read_rows(ROW.replace("[[code]]", "[[codes]]"), "a.toml")


def test_two_meanings_on_one_day_are_refused():
    """Meanings of one letter may adjoin, never overlap."""
    first = ROW.replace("2020-01-01", "2019-01-01\nuntil = 2020-01-01")
    with pytest.raises(Refused, match=r"a\.toml: code A: two meanings on 2020-01-01"):
        parse(first + ROW, "a.toml")
    assert parse(first.replace("until = 2020-01-01", "until = 2019-12-31") + ROW, "a.toml")
