"""The dated values of the statute: readable cases, and that no row is without one."""

import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest

from ledger.errors import Refused
from policies.packs.values import Parameters, parameters, read_rules

CASES = Path(__file__).parents[3] / "fixtures" / "cases"
SINCE = "a.limit (from 2019-01-01)"
GAP = """
[[rule]]
name = "limit"
value = 1
from = 2019-01-01
until = 2019-06-30
reference = "an Act"
confidence = "verified"

[[rule]]
name = "limit"
value = 2
from = 2020-01-01
until = 2020-12-31
after_gap = true
reference = "an Act"
confidence = "verified"
"""


@pytest.mark.cases("packs/parameters")
def test_a_rule_has_the_value_that_the_law_gives_it(case):
    """On a day a rule has the value of its case, or is refused by name with what to do."""
    name, on = case["given"]["rule"], case["given"]["on"]
    if "refused" in case["expect"]:
        with pytest.raises(Refused) as caught:
            parameters().value(name, on)
        got = {"refused": caught.value.code}
        assert got | {"what": caught.value.what, "remedy": caught.value.remedy} == case["expect"]
    else:
        found = parameters().value(name, on)
        assert {"value": plain(found.value), "confidence": found.confidence} == case["expect"]
        assert found in parameters().in_force(on)


def plain(value):
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return dict(value) if isinstance(value, MappingProxyType) else value


def test_every_row_has_a_case():
    """No dated value is without a readable case."""
    met = {
        (
            case["given"]["rule"],
            parameters().value(case["given"]["rule"], case["given"]["on"]).since,
        )
        for case in cases("packs/parameters")
        if "value" in case["expect"]
    }
    for case in cases("roll/deletion_grounds"):
        name = f"deletion_grounds.{case['given']['ground']}"
        met |= {(name, rule.since) for rule in parameters().rows(name)}
    for case in cases("calendar/working_days"):
        met.add(("bank_holidays.england", date(case["given"]["posted"].year, 1, 1)))
    for case in cases("leave/leave"):
        given = case["given"]
        if "refused" not in case["expect"] and {"on"} < given.keys() < {"purpose", "rule", "on"}:
            name = f"purpose.{given['purpose']}" if "purpose" in given else given["rule"]
            found = parameters().find(f"leave.{name}", given["on"])
            met |= {(found.name, found.since)} if found else set()
    every = {(rule.name, rule.since) for rule in parameters().every()}
    assert every - met == set()


def cases(name):
    return tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))["case"]


def test_every_row_is_cited_in_one_line():
    """Every value says where it comes from, and what is not verified in the text says so."""
    for rule in parameters().every():
        assert rule.reference.strip() == rule.reference != ""
        assert "\n" not in rule.reference + rule.note


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
        "returns.new_pupil_days",
    }


@pytest.mark.parametrize("name", ["register.open_hours", "codes.N", "nowhere.limit", "limit"])
def test_an_unknown_rule_is_refused(name):
    """A rule that is in no file is refused by name; codes are no rules of this kind."""
    with pytest.raises(Refused) as caught:
        parameters().value(name, date(2026, 11, 20))
    assert (caught.value.code, caught.value.what) == (
        "rule-unknown",
        f"there is no rule {name!r}",
    )


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
    """The message names the rule, its first day and what to ask instead."""
    catalogue = Parameters(("a",), lambda stem: read_rules(GAP, stem))
    with pytest.raises(Refused) as caught:
        catalogue.value("a.limit", on)
    assert (caught.value.code, caught.value.what) == ("date-outside-rule", what)
    assert caught.value.remedy == remedy


def test_a_question_reads_one_file_only():
    """A query that asks for one rule does not pay for the others."""
    script = """
from datetime import date
from policies.packs import values as parameters
stems = []
read = parameters.read
parameters.read = lambda text, stem: stems.append(stem) or read_rules(text, stem)
parameters.parameters().value("register.open_minutes", date(2026, 11, 20))
print(stems)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['register']"
