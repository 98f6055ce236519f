"""What is refused in a file of dated values, with the file, the rule and the key."""

from datetime import date

import pytest

from ledger.errors import Refused
from policies.packs.values import read_rules

ROW = """
[[rule]]
name = "limit"
value = 2
from = 2020-01-01
reference = "an Act"
confidence = "verified"
"""


def rule(value):
    return read_rules(ROW.replace("value = 2", f"value = {value}"), "a")["a.limit"][0]


def test_what_is_left_out_is_statute_without_end_or_note():
    """Optional keys default to statute, no end, no note, no gap before it."""
    found = rule(2)
    assert (found.until, found.basis, found.note) == (None, "statute", "")
    assert (found.number, found.after_gap) == (2, False)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("confidence", "trust", "rule limit: unknown key 'trust'"),
        ('reference = "an Act"', "", "rule limit: missing key 'reference'"),
        ('name = "limit"', "", "rule number 1: missing key 'name'"),
        ("value = 2", "value = 2.5", "rule limit: 'value' is not a int"),
        ("2020-01-01", "2020-01-01T00:00:00", "rule limit: 'from' is not a date"),
        ('"verified"', '"sure"', "rule limit: 'confidence' is not one of verified, second-hand"),
        ('"an Act"', '" "', "rule limit: 'reference' is empty"),
        ("value = 2", "value = 2\nuntil = 2019-12-31", "rule limit: 'until' is before 'from'"),
        ('"limit"', '"limit', "Illegal character"),
        ("[[rule]]", "[[rules]]", "unknown key 'rules'"),
    ],
)
def test_a_faulty_row_is_refused_by_name(old, new, fault):
    """The message names the file, the rule and the key."""
    with pytest.raises(Refused) as caught:
        read_rules(ROW.replace(old, new, 1), "a")
    assert caught.value.code == "pack-invalid"
    assert caught.value.what.startswith(f"a.toml: {fault}")


def two(until, since, gap=""):
    first = ROW.replace("2020-01-01", f"2019-01-01\nuntil = {until}")
    return first + ROW.replace("2020-01-01", f"{since}\n{gap}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (two("2020-01-01", "2020-01-01"), "two values on 2020-01-01"),
        (two("2019-12-30", "2020-01-01"), "the value from 2020-01-01 is not declared after a gap"),
        (
            two("2019-12-31", "2020-01-01", "after_gap = true"),
            "the value from 2020-01-01 is declared after a gap",
        ),
    ],
)
def test_overlap_and_undeclared_gaps_are_refused(text, fault):
    """Values of one name adjoin, unless a gap is declared where there is one."""
    with pytest.raises(Refused) as caught:
        read_rules(text, "a")
    assert caught.value.what == f"a.toml: rule a.limit: {fault}"


def test_values_may_adjoin_or_leave_a_declared_gap():
    """Both are read, in order of date whatever their order in the file."""
    for text in (
        two("2019-12-31", "2020-01-01"),
        two("2019-06-01", "2020-01-01", "after_gap=true"),
    ):
        rules = read_rules(text, "a")["a.limit"]
        assert [each.since for each in rules] == [date(2019, 1, 1), date(2020, 1, 1)]


def test_each_form_of_value_is_given_as_what_it_is():
    """A number, a date, names, dates and a table."""
    assert rule("2024-08-19").day == date(2024, 8, 19)
    assert rule('["a", "b"]').names == ("a", "b")
    assert rule("[2026-01-01]").days == (date(2026, 1, 1),)
    assert dict(rule("{ low = 80, high = 160 }").table) == {"low": 80, "high": 160}


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("true", "number"),
        ('"2024"', "day"),
        ("[1]", "names"),
        ("2", "days"),
        ("[1]", "table"),
    ],
)
def test_a_value_of_another_form_is_refused(value, form):
    """A number is not read from a truth value, nor a list from a number."""
    with pytest.raises(Refused) as caught:
        getattr(rule(value), form)
    assert caught.value.what == "a.limit from 2020-01-01 does not hold what is asked of it"


def test_values_cannot_be_changed():
    """A table inside a rule is read-only."""
    with pytest.raises(TypeError):
        rule("{ low = 80 }").table["low"] = 0
