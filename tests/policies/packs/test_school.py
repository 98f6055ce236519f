"""A school's own policy: what it may hold, from when to when, and what is refused."""

from datetime import date

import pytest

from ledger.errors import Refused
from policies.packs import files
from policies.packs import school as school_packs
from policies.packs.school import KEYS, read
from tests.ledger.refusals import refused_with

DAY = date(2026, 9, 1)


def rule(name, value, more=""):
    return (
        f'[[rule]]\nname = "{name}"\nvalue = {value}\nfrom = 2026-09-01\n'
        f'reference = "our policy, 1"\nconfidence = "verified"\n{more}\n'
    )


@pytest.mark.cases("packs/school_policies")
def test_a_policy_is_read_or_refused_with_file_and_key(case):
    given, faults = case["given"], case["expect"]["faults"]
    text = given.get("text") or rule(given["name"], given["value"], given.get("more", ""))
    if not faults:
        assert set(read(text, "own").rules) == {given["name"]} if "name" in given else not faults
        return
    with refused_with("policy-invalid") as caught:
        read(text, "own")
    assert caught.value.what.startswith("own.toml: ")
    assert all(fault in caught.value.what for fault in faults)


def test_a_rule_holds_from_its_first_day_to_its_last():
    """And not on the day before or after; what a policy does not say is none."""
    policy = read(rule("amending.approval_more_than", 3, "until = 2026-12-18"), "own")
    key = school_packs.APPROVAL_MORE
    days = [date(2026, 8, 31), DAY, date(2026, 12, 18), date(2026, 12, 19)]
    assert [policy.number(key, day) for day in days] == [None, 3, 3, None]
    assert policy.roles(school_packs.ROLES, DAY) is None
    assert not policy.says(school_packs.APPROVAL_RELIED, DAY)


def test_each_form_of_value_is_given_as_what_it_is():
    text = rule("amending.roles", '["head", "teacher"]') + rule(
        "amending.approval_when_relied_on", "true"
    )
    policy = read(text, "own")
    assert policy.roles(school_packs.ROLES, DAY) == ("head", "teacher")
    assert policy.says(school_packs.APPROVAL_RELIED, DAY)
    found = policy.find(school_packs.ROLES, DAY)
    assert (found.basis, found.reference) == ("policy", "our policy, 1")


def test_who_may_amend_late_is_asked_for_on_every_day():
    """A pair that holds until the summer, and then only half of it."""
    late = rule("amending.late_after_school_days", 10)
    roles = rule("amending.late_roles", '["head"]', "until = 2027-07-31")
    again = roles.replace("2026-09-01", "2027-08-01").replace("until = 2027-07-31", "")
    assert read(late + roles + again, "own").number(school_packs.LATE_DAYS, DAY) == 10
    later = rule("amending.late_after_school_days", 10, "until = 2027-07-31")
    later += rule("amending.late_after_school_days", 20).replace("2026-09-01", "2027-08-01")
    with pytest.raises(Refused) as caught:
        read(later + roles, "own")
    assert "amending.late_after_school_days from 2027-08-01" in caught.value.what
    with pytest.raises(Refused) as caught:
        read(late + roles, "own")
    assert "amending.late_after_school_days from 2027-08-01" in caught.value.what


def test_where_half_of_a_pair_is_missing_the_days_are_told_in_their_order():
    """Each day from which it is, whatever the order of the rules."""
    years = ("2029-09-01", "2026-09-01", "2031-09-01", "2027-09-01")
    rows = "".join(
        rule("amending.late_after_school_days", 10, f"until = {year[:4]}-12-31").replace(
            "2026-09-01", year
        ).replace("confidence", f"after_gap = {str(year != years[1]).lower()}\nconfidence")
        for year in sorted(years)
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        read(rows, "own")
    told = [
        caught.value.what.find(f"late_after_school_days from {each}") for each in sorted(years)
    ]
    assert -1 not in told
    assert told == sorted(told)


def test_the_policies_that_are_shipped_are_named_in_order(tmp_path, monkeypatch):
    """Whatever the order in which a disk lists them."""
    for name in ("c", "a", "e", "b", "d", "f"):
        (tmp_path / f"{name}.toml").touch()
    monkeypatch.setattr(school_packs, "_FOLDER", tmp_path)
    assert school_packs.names() == ["a", "b", "c", "d", "e", "f"]


@pytest.mark.parametrize("name", school_packs.names())
def test_every_shipped_policy_is_valid(name):
    """And says what its keys are; there is a model of a second person's approval."""
    policy = read(school_packs.shipped(name), name)
    assert set(policy.rules) <= set(KEYS)
    assert "second-person" in school_packs.names()


def test_no_policy_has_another_name():
    assert school_packs.shipped("nothing") is None
    assert school_packs.shipped("../statutory/england/register") is None


def test_the_digest_of_the_statute_does_not_change_with_a_schools_policy():
    """What a school adopts is in its log, word for word; the digest is of the statute."""
    assert not any("schools/" in name for name, _ in files.every())
