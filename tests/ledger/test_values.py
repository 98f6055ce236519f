"""Sessions, dates, UPNs and school-year numbers as people write them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.values import (
    Session,
    check_upn,
    parse_date,
    parse_session,
    school_year_number,
    upn_check_letter,
)
from tests.ledger.refusals import refused_with

# DfE, unique pupil numbers guide: each letter's value, and the positions' weights, in full.
LETTER = list("ABCDEFGHJKLMNPQRTUVWXYZ")
WEIGHT = {2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11, 12: 12, 13: 13}


def letter_by_the_guide(tail: str) -> str:
    total = 0
    for place, character in enumerate(tail, start=2):
        value = LETTER.index(character) if character in LETTER else ord(character) - ord("0")
        total += value * WEIGHT[place]
    return LETTER[total - total // 23 * 23]


@given(st.from_regex(r"[0-9]{11}[0-9A-HJ-NP-RT-Z]", fullmatch=True))
def test_check_letters_agree_with_the_guide(tail):
    """Permanent and temporary UPNs, against the guide's rule written out."""
    assert upn_check_letter(tail) == letter_by_the_guide(tail)
    assert check_upn(letter_by_the_guide(tail) + tail) == letter_by_the_guide(tail) + tail


# 8*2 + 2*3 + 3*4 + 4*5 + 3*6 + 2*7 + 1*8 + 1*13 = 107 = 4*23 + 15: R, counted from A = 0.
@pytest.mark.parametrize("upn", ["R823432100001", "A000000000000", "H801200001001"])
def test_upns_computed_by_hand_are_right(upn):
    assert check_upn(upn) == upn


@pytest.mark.parametrize("upn", ["S823432100001", "A823432100001", "R823432100010"])
def test_a_wrong_check_letter_is_refused_with_the_right_one(upn):
    with pytest.raises(
        Refused, match=f"its digits give {letter_by_the_guide(upn[1:])}"
    ) as refused:
        check_upn(upn)
    assert refused.value.code == "upn-check-letter"


@pytest.mark.parametrize(
    "upn",
    [
        "",
        "R82343210000",
        "R8234321000011",
        "r823432100001",
        "8234321000011",
        "R82343210000I",
        "R82343210000O",
        "R82343210000S",
        "R82343210000a",
        "R82343210A001",
        "R823432100001\n",
        "R82343210000\u0661",
        "R82343210000\uff11",
    ],
)
def test_what_has_not_the_form_of_a_upn_is_refused(upn):
    """A letter, eleven digits and a digit or letter, without I, O, S and foreign digits."""
    with refused_with("upn-form"):
        check_upn(upn)


@given(st.dates(), st.sampled_from(["AM", "PM"]))
def test_a_session_is_read_as_it_is_written(day, half):
    session = Session(day, half)
    assert parse_session(str(session)) == session


def test_sessions_come_in_order_of_time():
    """Morning before afternoon, day by day, as values and as texts."""
    day = date(2026, 11, 20)
    ordered = [Session(day, "AM"), Session(day, "PM"), Session(day + timedelta(days=1), "AM")]
    assert sorted([ordered[1], ordered[2], ordered[0]]) == ordered
    assert sorted(map(str, ordered)) == list(map(str, ordered))


@pytest.mark.parametrize("text", ["", "2026-11-20", "2026-11-20/EV", "2026-11-20 AM", "/"])
def test_what_is_no_session_is_refused(text):
    with pytest.raises(Refused, match="not a session"):
        parse_session(text)


@pytest.mark.parametrize(
    "text", ["", "20261120", "2026-W47-5", "20/11/2026", "2026-02-29", "2026-11-20/", "today"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(Refused, match="not a date"):
        parse_date(text)


def test_a_session_on_no_date_is_refused():
    with pytest.raises(Refused, match="not a date"):
        parse_session("2026-02-29/AM")


@pytest.mark.parametrize(
    ("day", "number"),
    [
        (date(2026, 7, 31), 2025),
        (date(2026, 8, 1), 2026),
        (date(2026, 12, 31), 2026),
        (date(2027, 1, 1), 2026),
    ],
)
def test_a_school_year_number_changes_on_1_august(day, number):
    assert school_year_number(day) == number
