"""The dated values of the statute: readable cases, their order, faulty files."""

import subprocess
import sys
from datetime import date
from types import MappingProxyType

import pytest

from ledger.errors import Refused
from policies.packs.values import Parameters, parameters, read_rules
from tests.ledger.refusals import refused_with
from tests.policies.answers import answered, cases

SINCE = "a.limit (from 2019-01-01)"
ROW = """
[[rule]]
name = "limit"
value = 2
from = 2020-01-01
reference = "an Act"
confidence = "verified"
"""


def two(until, since, gap=""):
    first = ROW.replace("2020-01-01", f"2019-01-01\nuntil = {until}")
    return first + ROW.replace("2020-01-01", f"{since}\n{gap}")


GAP = two("2019-06-30", "2020-01-01", "until = 2020-12-31\nafter_gap = true")


@pytest.mark.cases("packs/parameters")
def test_a_rule_has_the_value_that_the_law_gives_it(case):
    assert answered(lambda: value_of(**case["given"]), in_full=True) == case["expect"]


def value_of(rule, on):
    found = parameters().value(rule, on)
    assert found in parameters().in_force(on)
    return {"value": plain(found.value), "confidence": found.confidence}


def plain(value):
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return dict(value) if isinstance(value, MappingProxyType) else value


@pytest.mark.cases("packs/sources")
def test_a_row_says_where_it_is_from(case):
    """From its first day to its last: reference, how sure it is, and its note, word by word."""
    rule = parameters().value(case["given"]["rule"], case["given"]["first"])
    assert rule.since == case["given"]["first"]
    said = {"last": rule.until, "note": rule.note} | {"reference": rule.reference}
    said |= {"basis": rule.basis, "confidence": rule.confidence}
    expected = {"last": None, "note": ""} | case["expect"] | {"reference": case["reference"]}
    assert said == expected


def test_every_row_has_a_case():
    """That of its source, and one of its value on its first day and on its last."""
    rows = {(rule.name, rule.since) for rule in parameters().every()}
    assert {(c["given"]["rule"], c["given"]["first"]) for c in cases("packs/sources")} == rows
    wanted = {(r.name, day) for r in parameters().every() for day in (r.since, r.until) if day}
    assert wanted - days_with_a_case() == set()


def days_with_a_case():
    """(rule, day) of every case that says what the value is on that day."""
    stated = [each for each in cases("packs/parameters") if "value" in each["expect"]]
    met = {(case["given"]["rule"], case["given"]["on"]) for case in stated}
    for case in cases("roll/deletion_grounds"):
        name = f"deletion_grounds.{case['given']['ground']}"
        met |= {(name, case["given"][day]) for day in ("first", "last") if day in case["given"]}
    for case in cases("calendar/bank_holidays"):
        year = case["given"]["year"]
        met |= {("bank_holidays.england", date(year, *day)) for day in ((1, 1), (12, 31))}
    for case in cases("leave/leave"):
        given = case["given"]
        if "refused" not in case["expect"] and {"on"} < given.keys() < {"purpose", "rule", "on"}:
            name = f"purpose.{given['purpose']}" if "purpose" in given else given["rule"]
            met.add((f"leave.{name}", given["on"]))
    return met


def test_a_rule_that_rests_on_memory_or_inference_is_marked():
    """The doubtful values are known by name; a new one is added here on purpose."""
    doubtful = {
        rule.name for rule in parameters().every() if rule.confidence in ("memory", "inferred")
    }
    assert doubtful == {
        "absence.severe_share",
        "compulsory_school_age.birth_year_starts",
        "leave.bound_schools",
        "leave.purpose.exceptional",
        "leave.purpose.medical",
        "penalty_notices.low_days",
        "penalty_notices.parent_relationships",
        "penalty_notices.payment_days",
        "penalty_notices.prosecution_months",
        "penalty_notices.relevant_schools",
        "penalty_notices.undetermined_after_withdrawal",
        "penalty_notices.used_after_withdrawal",
        "returns.new_pupil_days",
    }


@pytest.mark.parametrize("name", ["register.open_hours", "codes.N", "nowhere.limit", "limit"])
def test_an_unknown_rule_is_refused(name):
    """A rule that is in no file is refused by name; codes are no rules of this kind."""
    with pytest.raises(Refused) as caught:
        parameters().value(name, date(2026, 11, 20))
    refusal = (caught.value.code, caught.value.what)
    assert refusal == ("rule-unknown", f"there is no rule {name!r}")


def test_after_a_gap_the_first_value_of_those_that_follow_is_named():
    """And of those before it the last day."""
    dated = (
        ("2015-01-01\nuntil = 2016-12-31", ""), ("2017-01-01\nuntil = 2017-12-31", ""),
        ("2019-01-01\nuntil = 2019-12-31", "after_gap = true"), ("2020-01-01", ""),
    )  # fmt: skip
    text = "".join(ROW.replace("2020-01-01", f"{days}\n{gap}") for days, gap in dated)
    catalogue = Parameters(("a",), lambda stem: read_rules(text, stem))
    with pytest.raises(Refused) as caught:
        catalogue.value("a.limit", date(2018, 6, 1))
    assert caught.value.what.endswith("the one before ended on 2017-12-31")
    assert caught.value.remedy == "ask about 2019-01-01 or later"


def test_a_value_may_hold_for_one_day():
    rules = read_rules(ROW.replace("value = 2", "value = 2\nuntil = 2020-01-01"), "a")["a.limit"]
    days = (date(2019, 12, 31), date(2020, 1, 1), date(2020, 1, 2))
    assert [rules[0].covers(day) for day in days] == [False, True, False]


@pytest.mark.parametrize(
    ("on", "what", "remedy"),
    [
        (
            date(2018, 12, 31),
            "a.limit has no value on 2018-12-31: its earliest is from 2019-01-01",
            "ask about 2019-01-01 or later",
        ),
        (
            date(2019, 7, 1),
            f"{SINCE} has no value on 2019-07-01: the one before ended on 2019-06-30",
            "ask about 2020-01-01 or later",
        ),
        (
            date(2021, 1, 1),
            f"{SINCE} has no value on 2021-01-01: the one before ended on 2020-12-31",
            "ask about 2020-12-31 or earlier",
        ),
    ],
)
def test_a_day_outside_a_rule_is_refused(on, what, remedy):
    catalogue = Parameters(("a",), lambda stem: read_rules(GAP, stem))
    with pytest.raises(Refused) as caught:
        catalogue.value("a.limit", on)
    assert (caught.value.code, caught.value.what) == ("date-outside-rule", what)
    assert caught.value.remedy == remedy


def test_a_question_reads_one_file_only():
    """A query that asks for one rule does not pay for the others."""
    script = """
from datetime import date
from policies.packs import values
stems = []
read = values.read_rules
values.read_rules = lambda text, stem: stems.append(stem) or read(text, stem)
values.parameters().value("register.open_minutes", date(2026, 11, 20))
print(stems)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['register']"


def rule(value):
    return read_rules(ROW.replace("value = 2", f"value = {value}"), "a")["a.limit"][0]


def test_what_is_left_out_is_statute_without_end_or_note():
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
        ("[[rule]]", "zeta = 1\nalpha = 2\nmid = 3\n[[rule]]", "unknown key 'alpha'"),
        (
            "value = 2",
            "value = 2\nzeta = 1\nmid = 3\nalpha = 2\nrest = 4",
            "rule limit: unknown key 'alpha'",
        ),
    ],
)
def test_a_faulty_row_is_refused_by_name(old, new, fault):
    with refused_with("pack-invalid") as caught:
        read_rules(ROW.replace(old, new, 1), "a")
    assert caught.value.what.startswith(f"a.toml: {fault}")


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
    with pytest.raises(Refused) as caught:
        read_rules(text, "a")
    assert caught.value.what == f"a.toml: rule a.limit: {fault}"


def test_values_may_adjoin_or_leave_a_declared_gap():
    for text in (
        two("2019-12-31", "2020-01-01"),
        two("2019-06-01", "2020-01-01", "after_gap=true"),
    ):
        rules = read_rules(text, "a")["a.limit"]
        assert [each.since for each in rules] == [date(2019, 1, 1), date(2020, 1, 1)]


def test_each_form_of_value_is_given_as_what_it_is():
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
        ('["a", 1]', "names"),
        ('[2026-01-01, "a"]', "days"),
    ],
)
def test_a_value_of_another_form_is_refused(value, form):
    """A number is not read from a truth value, nor a list from a number."""
    with pytest.raises(Refused) as caught:
        getattr(rule(value), form)
    assert caught.value.what == "a.limit from 2020-01-01 does not hold what is asked of it"


def test_values_cannot_be_changed():
    with pytest.raises(TypeError):
        rule("{ low = 80 }").table["low"] = 0
