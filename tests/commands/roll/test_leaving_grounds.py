"""The grounds for deletion as people and other systems write them."""

from datetime import date

import pytest

from commands.roll import remove
from ledger.errors import Refused

NEW, FORMER = date(2026, 11, 20), date(2024, 8, 18)


@pytest.mark.parametrize("text", ["f", "F", "(f)", "9(1)(f)", "reg 9(1)(f)", "reg. 9(1) (f)"])
def test_a_ground_may_be_written_in_several_ways(text):
    """Its letter alone or with its paragraph."""
    assert remove.required(text, NEW, compulsory=True).provision == "9(1)(f)"


def test_the_letter_is_read_by_the_pupils_age():
    """9(1) for compulsory school age, 9(3) for others."""
    assert remove.required("a", NEW, compulsory=False).provision == "9(3)(a)"


def test_an_unknown_ground_names_the_letters_that_there_are():
    """Of the paragraph that applies to the pupil."""
    with pytest.raises(Refused) as caught:
        remove.required("z", NEW, compulsory=False)
    assert caught.value.what.endswith("(SI 2024/208 reg 9(3))")
    assert caught.value.remedy == "use one of the letters a b c d e"


def test_a_ground_of_the_other_age_says_which_there_are():
    """With their texts, so that nobody has to look them up."""
    with pytest.raises(Refused) as caught:
        remove.required("9(1)(k)", NEW, compulsory=False)
    assert caught.value.code == "ground-age"
    assert "not of compulsory school age on 2026-11-20" in caught.value.what
    assert "d has died" in caught.value.remedy


def test_a_source_may_state_what_it_likes_for_days_before_every_known_ground():
    """Nothing is known that it could breach."""
    assert remove.fault("x", date(2001, 1, 5)) is None


def test_a_source_may_state_former_grounds_as_it_likes():
    """Systems wrote them by lists of their own."""
    assert remove.fault("x", FORMER) is None


def test_a_ground_given_here_is_held_against_the_law_of_its_day():
    """Also before the regulations of 2024."""
    with pytest.raises(Refused):
        remove.required("x", FORMER, compulsory=True)
    assert remove.required("k", FORMER, compulsory=True).provision == "8(1)(k)"


def test_a_source_that_states_a_ground_unknown_today_is_told():
    """With the letters of both paragraphs."""
    assert remove.fault("", NEW) is None
    found = remove.fault("z", NEW)
    assert found is not None
    assert found.what.endswith("(SI 2024/208 reg 9(1) and (3))")
