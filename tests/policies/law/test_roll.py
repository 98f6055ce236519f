"""Grounds for leaving: readable cases, their order and what is refused."""

from datetime import date, timedelta

import pytest

from policies.law.roll import ground_named, grounds
from tests.ledger.refusals import refused_with

IN_FORCE = date(2026, 11, 20)
FIRST = date(2006, 9, 1)
DAY = timedelta(days=1)


@pytest.mark.cases("roll/deletion_grounds")
def test_a_ground_is_as_the_law_says(case):
    """In the same words on its first day and its last, and on no other day."""
    given = case["given"]
    first, last = given["first"], given.get("last", IN_FORCE)
    assert ground_on(given["ground"], first) == case["expect"]
    assert ground_on(given["ground"], last) == case["expect"]
    around = [first - DAY] if last == IN_FORCE else [first - DAY, last + DAY]
    assert [ground_on(given["ground"], day) for day in around] == [None] * len(around)


def ground_on(provision, day):
    if day < FIRST:
        return None
    found = next((each for each in grounds(day) if each.provision == provision), None)
    if found is None:
        return None
    said = {"text": found.text, "compulsory": found.compulsory, "needs": list(found.needs)}
    return said | ({"school_days": found.school_days} if found.school_days is not None else {})


def test_the_grounds_of_2024_are_those_of_reg_9_in_order():
    """Reg 9(1)(a) to (o) at compulsory school age, reg 9(3)(a) to (e) otherwise."""
    found = grounds(IN_FORCE)
    assert "".join(each.letter for each in found if each.compulsory) == "abcdefghijklmno"
    assert "".join(each.letter for each in found if not each.compulsory) == "abcde"
    assert [each.provision for each in found][14:16] == ["9(1)(o)", "9(3)(a)"]


def test_a_day_before_every_ground_is_refused():
    """What the law was before September 2006 is not known here."""
    assert grounds(FIRST)
    with refused_with("date-outside-rule", match="2006-08-31") as caught:
        grounds(date(2006, 8, 31))
    assert caught.value.remedy == "ask about 2006-09-01 or later"


def test_a_ground_is_named_by_its_letter_within_its_paragraph():
    """A letter alone is the first that has it: reg 9(1) comes before reg 9(3)."""
    known = grounds(date(2026, 11, 20))
    written = {"f": "9(1)(f)", "(K)": "9(1)(k)", "a": "9(1)(a)", "9(3)(a)": "9(3)(a)"}
    for text, provision in written.items():
        found = ground_named(text, known)
        assert found is not None
        assert found.provision == provision
    assert [ground_named(text, known) for text in ("z", "9(3)(k)", "8(1)(a)")] == [None] * 3
