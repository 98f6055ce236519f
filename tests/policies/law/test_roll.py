"""Grounds for leaving: readable cases, their order and what is refused."""

from datetime import date

import pytest

from policies.law.roll import grounds
from tests.ledger.refusals import refused_with


@pytest.mark.cases("roll/deletion_grounds")
def test_a_ground_is_as_the_law_says(case):
    in_force = {ground.provision: ground for ground in grounds(case["given"]["on"])}
    found = in_force.get(case["given"]["ground"])
    if "absent" in case["expect"]:
        assert found is None
    else:
        got = {"text": found.text, "compulsory": found.compulsory, "needs": len(found.needs)}
        if found.school_days is not None:
            got["school_days"] = found.school_days
        assert got == case["expect"]


def test_the_grounds_of_2024_are_those_of_reg_9_in_order():
    """Reg 9(1)(a) to (o) at compulsory school age, reg 9(3)(a) to (e) otherwise."""
    found = grounds(date(2026, 11, 20))
    assert "".join(each.letter for each in found if each.compulsory) == "abcdefghijklmno"
    assert "".join(each.letter for each in found if not each.compulsory) == "abcde"
    assert [each.provision for each in found][14:16] == ["9(1)(o)", "9(3)(a)"]


def test_a_day_before_every_ground_is_refused():
    """What the law was before September 2006 is not known here."""
    assert grounds(date(2006, 9, 1))
    with refused_with("date-outside-rule", match="2006-08-31") as caught:
        grounds(date(2006, 8, 31))
    assert caught.value.remedy == "ask about 2006-09-01 or later"
