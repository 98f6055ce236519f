"""Leave of absence: readable cases, and what holds across the purposes."""

from datetime import date, time

import pytest

from ledger.errors import Refused
from policies.law import age as csa
from policies.law import leave
from policies.packs.codes import codes
from policies.packs.values import parameters
from tests.policies.answers import answered

IN_FORCE = date(2026, 11, 20)
TURN = (date(2024, 8, 18), date(2024, 8, 19))


@pytest.mark.cases("leave/leave")
def test_leave_is_as_the_law_says(case):
    assert answered(lambda: found(case["given"])) == case["expect"]


def found(given):
    if "asked_on" in given:
        return {"asked_in_advance": leave.in_advance(given["asked_on"], given["first"])}
    if "school" in given:
        return {"bound": leave.is_bound(given["school"] or None, given["on"])}
    if "rule" in given:
        return of_rule(parameters().find(f"leave.{given['rule']}", given["on"]))
    return of_purpose(leave.purpose(given["purpose"], given["on"]), given)


def of_rule(rule):
    if rule is None:
        return {"none": True}
    return {"value": list(rule.value) if isinstance(rule.value, tuple) else rule.value}


def of_purpose(purpose, given):
    if "born" in given:
        born = given["born"]
        age = csa.begins(born), csa.birth_cohort(born)
        return {"fits": leave.fits_age(purpose, given["on"], *age)}
    names = ("paragraph", "code", "in_advance", "unauthorised", "text", "allows")
    return {name: getattr(purpose, name) for name in names} | {"age": purpose.age or ""}


def test_an_unknown_purpose_names_those_there_are():
    """Whoever typed it can choose; where none is known, the dates are in doubt."""
    with pytest.raises(Refused, match="'wedding' is no purpose of leave on 2026-11-20") as caught:
        leave.purpose("wedding", IN_FORCE)
    assert "exceptional, holiday, interview" in caught.value.remedy
    with pytest.raises(Refused) as caught:
        leave.purpose("holiday", date(2006, 8, 31))
    assert caught.value.remedy == "no purpose is known for 2006-08-31: check the dates"


@pytest.mark.parametrize("on", [date(2006, 9, 1), date(2013, 8, 31), *TURN, IN_FORCE])
def test_every_code_of_a_purpose_may_be_planned_and_its_absence_be_unauthorised(on):
    """The codes are in force on the day, not for the taking only, and of the category meant."""
    assert leave.purposes(on)
    for purpose in leave.purposes(on):
        planned = codes().rule(purpose.code, on)
        missed = codes().rule(purpose.unauthorised, on)
        assert planned.category in ("approved_activity", "authorised", "not_possible")
        assert (planned.provisional, planned.late) == (False, False)
        assert (missed.category, missed.provisional) == ("unauthorised", False)
        ages = {None: None, "compulsory": "compulsory"}.get(purpose.age, "below_or_above")
        assert planned.age == ages or on < TURN[1]


def test_only_three_paragraphs_forbid_leave_after_the_fact():
    """Reg 11(4), (5) and (11)."""
    found = {each.paragraph for each in leave.purposes(IN_FORCE) if each.in_advance}
    assert found == {"11(4)", "11(5)", "11(11)"}


@pytest.mark.parametrize(
    ("asked_on", "at", "opens", "expected"),
    [
        (20, time(8, 44), time(8, 45), True),
        (20, time(8, 45), time(8, 45), False),
        (20, time(8, 44), None, False),
        (20, None, time(8, 45), False),
        (19, time(23, 59), time(8, 45), True),
        (21, time(8, 0), time(8, 45), False),
    ],
)
def test_on_the_day_itself_the_time_decides(asked_on, at, opens, expected):
    """Before the register opens; where either is not known, it is not in advance."""
    assert leave.in_advance(date(2026, 11, asked_on), IN_FORCE, at, opens) is expected


@pytest.mark.parametrize(
    ("school", "on", "expected"),
    [
        ("maintained", IN_FORCE, True),
        ("academy", IN_FORCE, False),
        ("", IN_FORCE, None),
        (None, IN_FORCE, None),
        ("maintained", TURN[0], None),
    ],
)
def test_where_type_or_rule_is_not_known_it_is_not_known_whom_the_law_binds(school, on, expected):
    """Neither that it does nor that it does not."""
    assert leave.binds(school, on) is expected


def test_the_paragraphs_of_regulation_11_are_all_there_and_in_words():
    """(2) to (11); a paragraph that asks for more than the purpose says so."""
    found = {each.paragraph: each for each in leave.purposes(IN_FORCE)}
    numbers = {"11(9)(a)", "11(9) and (10)", *(f"11({n})" for n in (2, 3, 4, 5, 6, 7, 8, 11))}
    assert found.keys() == numbers
    assert "in advance" in found["11(11)"].allows
    assert found["11(2)"].allows == found["11(2)"].text


def test_who_may_ask_is_known_since_2024():
    """Reg 11(12)."""
    assert leave.asked_by(TURN[0]) is None
    assert "normally lives" in leave.asked_by(TURN[1]).value


@pytest.mark.parametrize(
    ("on", "provision"), [(TURN[0], "8(1)(f)"), (TURN[1], "9(1)(h)"), (IN_FORCE, "9(1)(h)")]
)
def test_the_ground_of_who_did_not_come_back_counts_ten_school_days(on, provision):
    """The number is that of the ground itself."""
    ground = leave.not_returned(on)
    assert (ground.provision, ground.school_days, ground.compulsory) == (provision, 10, True)


def test_no_ground_is_known_before_the_regulations():
    """Nothing is answered with the nearest."""
    assert leave.not_returned(date(2006, 8, 31)) is None
