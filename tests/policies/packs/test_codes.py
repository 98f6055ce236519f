"""The catalogue of register codes: readable cases, its own consistency, faulty files."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from ledger.errors import Refused
from policies.packs import files
from policies.packs.codes import FILE, Codes, codes, parse, rules
from tests.ledger.refusals import refused_with
from tests.policies.answers import answered, cases

UNLESS_LISTED = {
    "late": False,
    "provisional": False,
    "cancels": False,
    "requires": None,
    "age": None,
    "may_stand": True,
}
IN_FORCE = date(2026, 11, 20)
DAY = timedelta(days=1)
SAID = {"replaced_by", "sessions", "era", "basis", "confidence", "description", "reference"}
DAYS = st.dates(date(2006, 1, 1), date(2030, 1, 1))


@pytest.mark.cases("packs/codes")
def test_a_code_means_what_the_law_says(case):
    code, day = case["given"]["code"], case["given"]["date"]
    if "refused" in case["expect"]:
        got = answered(lambda: codes().rule(code, day), in_full=True)
        assert got == case["expect"]
        assert codes().find(code, day) is None
    else:
        rule = codes().rule(code, day)
        got = asdict(rule) | {"may_stand": case["given"]["session"] in rule.sessions}
        expected = UNLESS_LISTED | case["expect"]
        assert {key: got[key] for key in expected} == expected


@pytest.mark.cases("packs/code_days")
def test_a_meaning_has_its_days_and_its_words(case):
    """The same on its first day and its last, and not on the day before or after."""
    code, first = case["given"]["code"], case["given"]["first"]
    last = case["expect"].get("last", IN_FORCE)
    rule = codes().rule(code, first)
    assert said(rule) == case["expect"] | {"reference": case["reference"]}
    assert codes().find(code, last) is rule
    assert codes().find(code, first - DAY) is not rule
    assert codes().find(code, last + DAY) is not rule or last == IN_FORCE


def said(rule):
    """What a meaning says besides how it counts."""
    got = {name: value for name, value in asdict(rule).items() if name in SAID}
    if rule.until:
        got["last"] = rule.until
    return {name: list(v) if isinstance(v, tuple) else v for name, v in got.items()}


def test_every_row_has_a_case():
    given = [case["given"] for case in cases("packs/codes")]
    met = {codes().find(each["code"], each["date"]) for each in given}
    assert [f"{r.code} from {r.since}" for r in codes().rules if r not in met] == []
    days = {(c["given"]["code"], c["given"]["first"]) for c in cases("packs/code_days")}
    assert {(rule.code, rule.since) for rule in codes().rules} == days


def test_every_row_is_cited_and_described():
    """Every meaning says where it comes from and what it means, in one line each."""
    for rule in codes().rules:
        assert rule.reference.strip() == rule.reference != ""
        assert rule.description.strip() == rule.description != ""


def test_all_codes_of_2024_are_there():
    """Tables 1, 2 and 3, the codes of reg 10(8) and (10), and the two of guidance."""
    statute = {"/", "\\", "L", *"KVPWB", *"CMSXDTRIEQGNO", "C1", "C2", "J1", "U"}
    statute |= {f"Y{number}" for number in range(1, 8)}
    in_force = codes().in_force(IN_FORCE)
    assert {rule.code for rule in in_force if rule.basis == "statute"} == statute
    assert {rule.code for rule in in_force if rule.basis == "guidance"} == {"#", "Z"}


def test_only_four_codes_are_relevant_entries_and_only_since_2024():
    """Reg 9A(5): G, N, O and U; absence before 19 August 2024 is ignored."""
    relevant = [rule for rule in codes().rules if rule.threshold]
    assert {rule.code for rule in relevant} == set("GNOU")
    assert {rule.since for rule in relevant} == {date(2024, 8, 19)}


def test_a_code_that_ended_is_still_known():
    """Known means ever in force, so that an old register can be read."""
    assert codes().known("F")
    assert not codes().known("-")


def test_present_and_its_half():
    assert (codes().present("AM"), codes().present("PM")) == ("/", "\\")


def test_no_code_is_present_for_an_unknown_half():
    with refused_with("session", match="'EVE'"):
        codes().present("EVE")


@pytest.mark.parametrize(
    ("day", "provisional", "cancelled"),
    [
        (date(2006, 9, 1), "N", "Y"),
        (date(2024, 8, 18), "N", "Y"),
        (date(2024, 8, 19), "N", "Y4"),
        (IN_FORCE, "N", "Y4"),
    ],
)
def test_roles_follow_the_date(day, provisional, cancelled):
    assert codes().provisional(day) == provisional
    assert codes().cancelled(day) == cancelled


def test_a_role_before_every_rule_is_refused():
    """A date outside the catalogue is an error, never a default."""
    with refused_with("date-outside-rule", match="2006-08-31"):
        codes().cancelled(date(2006, 8, 31))


def test_eras_split_where_a_meaning_changes():
    """A range over August 2024 is two eras, within one set of rules it is one."""
    last, first = date(2024, 8, 18), date(2024, 8, 19)
    assert codes().eras(last, first) == [(last, last), (first, first)]
    assert codes().eras(first, IN_FORCE) == [(first, IN_FORCE)]
    assert codes().eras(first, last) == []


@given(DAYS, DAYS)
def test_eras_are_the_longest_ranges_with_constant_meanings(one, other):
    """Ranges cover every day once; meanings differ exactly at their borders."""
    first, last = min(one, other), max(one, other)
    eras = codes().eras(first, last)
    assert (eras[0][0], eras[-1][1]) == (first, last)
    for (_, end), (start, _) in pairwise(eras):
        assert start == end + timedelta(days=1)
        assert codes().in_force(end) != codes().in_force(start)
    for start, end in eras:
        inside = (start, start + (end - start) // 2, end)
        changed = [r for r in codes().rules if start < r.since <= end or start <= _until(r) < end]
        assert changed == []
        assert len({tuple(codes().in_force(day)) for day in inside}) == 1


def _until(rule):
    return rule.until or date.max


@given(st.sampled_from(codes().rules), DAYS)
def test_one_meaning_at_most_on_any_day(rule, day):
    """A letter never has two meanings, and ``find`` gives the one in force."""
    in_force = [each for each in codes().rules if each.code == rule.code and each.covers(day)]
    assert in_force == [each for each in [codes().find(rule.code, day)] if each]


def test_the_catalogue_is_immutable():
    rule = codes().find("N", IN_FORCE)
    with pytest.raises(AttributeError):
        rule.threshold = False
    with pytest.raises(TypeError):
        codes().by_code["N"] = ()
    assert codes() is codes()
    assert isinstance(codes(), Codes)


def test_the_order_of_rows_in_the_file_does_not_matter():
    text = files.content(FILE).decode()
    head, *rows = text.split("\n[[code]]\n")
    turned = parse("\n[[code]]\n".join([head, *reversed(rows)]), FILE)
    assert turned.by_code == codes().by_code


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
    (rule,) = parse(ROW, "a.toml").rules
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
    with refused_with("pack-invalid") as caught:
        parse(ROW.replace(old, new, 1), "a.toml")
    assert caught.value.what.startswith(f"a.toml: {fault}")


def test_a_table_of_another_name_is_refused():
    """A misspelt ``[[code]]`` is not silently left out."""
    with pytest.raises(Refused, match=r"a\.toml: unknown key 'codes'"):
        parse(ROW.replace("[[code]]", "[[codes]]"), "a.toml")


def test_two_meanings_on_one_day_are_refused():
    first = ROW.replace("2020-01-01", "2019-01-01\nuntil = 2020-01-01")
    with pytest.raises(Refused, match=r"a\.toml: code A: two meanings on 2020-01-01"):
        parse(first + ROW, "a.toml")
    assert parse(first.replace("until = 2020-01-01", "until = 2019-12-31") + ROW, "a.toml")


def test_the_rules_are_the_statutory_codes_and_the_digest_of_all_packs():
    """What a decision was made under can be named by one value."""
    assert rules().codes is codes()
    assert rules().digest == files.digest()
