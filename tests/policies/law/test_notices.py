"""Claims about earlier notices, windows and amounts, and about who is a parent."""

from dataclasses import asdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.values import parse_session
from policies.law.notices import (
    Notice,
    amounts,
    deemed_service,
    liable,
    previous,
    prospect,
    received_on,
    relevant_school,
    relied_on,
    uses,
    windows,
)
from tests.policies.answers import answered

START = date(2024, 8, 19)
DAYS = st.dates(date(2024, 6, 1), date(2029, 12, 31))


def notice(**given):
    stated = tuple(parse_session(text) for text in given.pop("sessions", ()))
    return Notice(**{"kind": "s444A", **given}, sessions=stated)


@pytest.mark.cases("penalties/notices")
def test_one_more_notice_is_first_second_or_barred(case):
    assert answered(lambda: one_more(**case["given"])) == case["expect"]


def one_more(notices, on, offence=None):
    got = prospect([notice(**each) for each in notices], on, offence)
    shown = {"previous": len(got.previous), "outcome": got.outcome}
    return shown | {k: v for k, v in (("low", got.low), ("high", got.high)) if v is not None}


@pytest.mark.cases("penalties/notice_windows")
def test_windows_and_amounts_go_by_the_age_of_the_offence(case):
    given = case["given"]
    dates = answered(lambda: asdict(windows(given["received"], given["offence"])))
    pounds = answered(lambda: both_amounts(given.get("previous", 0), given["offence"]))
    if "refused" in case["expect"]:
        assert dates == pounds == case["expect"]
    else:
        assert dates | pounds == case["expect"]


def both_amounts(previous, offence):
    low, high = amounts(previous, offence)
    return {"high": high} | ({} if low is None else {"low": low})


@pytest.mark.cases("penalties/relied_on")
def test_a_session_is_relied_on_by_a_notice_that_stands(case):
    found = notice(**case["given"]["notice"])
    session = parse_session(case["given"]["session"])
    assert relied_on(session, [found], case["given"]["on"]) is case["expect"]["relied"]


FOUR = [f"2026-09-{day}/{half}" for day in (14, 15) for half in ("AM", "PM")]
ISSUED, TODAY = date(2026, 10, 5), date(2026, 11, 20)


def used(*notices, on=TODAY):
    """What becomes of four sessions: how many are fresh, used up for certain, to be asked of."""
    found = uses(map(parse_session, FOUR), notices, on)
    asked = [[str(session) for session in sessions] for _, sessions in found.undetermined]
    return found.fresh, found.certain, asked


def relying(*sessions, **more):
    return notice(issued_on=ISSUED, sessions=list(sessions), **more)


@pytest.mark.parametrize(
    ("more", "fresh", "certain"),
    [
        ({}, 3, 1),
        ({"paid_on": date(2026, 10, 20)}, 3, 1),
        ({"withdrawn_on": TODAY, "withdrawn_ground": "8(1)(a)"}, 3, 1),
        ({"withdrawn_on": TODAY, "withdrawn_ground": "8(1)(b)"}, 4, 0),
        ({"withdrawn_on": date(2026, 11, 21), "withdrawn_ground": "8(1)(b)"}, 3, 1),
    ],
)
def test_a_notice_uses_its_sessions_up_unless_it_was_withdrawn_for_errors(more, fresh, certain):
    """While it stands, paid or not, and where it ought not to have been (SI 2007/1867 reg 8)."""
    assert used(relying(FOUR[0], **more)) == (fresh, certain, [])


def test_of_a_withdrawal_without_a_ground_the_authority_is_asked():
    """About those of its sessions that no other notice used up for certain, if there are any."""
    withdrawn = {"withdrawn_on": date(2026, 10, 12)}
    open_ = relying(*FOUR[:2], **withdrawn)
    assert used(open_) == (4, 0, [FOUR[:2]])
    refunded = relying(FOUR[0], withdrawn_on=TODAY, withdrawn_ground="9")
    assert used(refunded) == (3, 0, [FOUR[:1]])
    assert used(open_, relying(FOUR[0]))[1:] == (1, [FOUR[1:2]])
    assert used(relying(FOUR[0], **withdrawn), relying(FOUR[0]))[1:] == (1, [])
    assert used(open_, relying(*FOUR[1:3], **withdrawn))[2] == [FOUR[:2], FOUR[1:3]]


def test_a_notice_uses_sessions_up_from_the_day_of_its_issue():
    for day, fresh in ((date(2026, 10, 4), 4), (ISSUED, 3)):
        assert used(relying(FOUR[0]), on=day) == (fresh, 4 - fresh, [])


def test_any_of_several_notices_is_enough():
    """To either parent: the sessions are not fresh for anybody."""
    session = parse_session("2026-09-14/AM")
    other = notice(issued_on=date(2026, 10, 5))
    listing = notice(issued_on=date(2026, 10, 5), sessions=["2026-09-14/AM"])
    assert relied_on(session, [other, listing], date(2026, 11, 20))
    assert not relied_on(session, [], date(2026, 11, 20))


def test_receipt_is_as_recorded_or_deemed_by_post():
    """A recorded day of receipt goes before the post."""
    issued = date(2026, 11, 20)
    assert received_on(notice(issued_on=issued)) == deemed_service(issued) == date(2026, 11, 24)
    assert received_on(notice(issued_on=issued, received_on=issued)) == issued


@pytest.mark.parametrize(
    ("school_type", "relevant"),
    [
        ("maintained", True),
        ("academy", True),
        ("pru", True),
        ("ap-academy", True),
        ("special-maintained", True),
        ("special-academy", True),
        ("non-maintained-special", False),
        ("independent", False),
    ],
)
def test_notices_apply_to_state_schools(school_type, relevant):
    """Section 444A(1)(b): not to an independent school."""
    assert relevant_school(school_type, date(2026, 11, 20)) is relevant


@st.composite
def notices(draw):
    issued = draw(DAYS)
    maybe = st.none() | st.integers(0, 400).map(lambda days: issued + timedelta(days=days))
    before = st.integers(0, 120).map(lambda days: issued - timedelta(days=days))
    return notice(
        kind=draw(st.sampled_from(["s444A", "s444A", "s105"])),
        issued_on=issued,
        offence_first=draw(st.none() | before),
        withdrawn_on=draw(maybe),
        paid_on=draw(maybe),
        outcome=draw(st.sampled_from([None, "paid", "not_guilty", "guilty", "withdrawn"])),
        outcome_on=draw(maybe),
    )


@given(st.lists(notices(), max_size=5), st.dates(START, date(2030, 12, 31)))
def test_what_counts_is_what_the_words_of_the_regulations_leave(held, on):
    """Walking back three years day by day, and striking out each disregard."""
    period, day = set(), on
    while not same_day_three_years_earlier(day, on):
        period.add(day)
        day -= timedelta(days=1)
    expected = [each for each in held if each.issued_on in period and counts(each, on)]
    assert list(previous(held, on)) == expected
    assert prospect(held, on).outcome == ("first", "second", "barred")[min(2, len(expected))]


def same_day_three_years_earlier(day, on):
    if (on.month, on.day) == (2, 29):
        return (day.year, day.month, day.day) == (on.year - 3, 2, 28)
    return (day.year, day.month, day.day) == (on.year - 3, on.month, on.day)


def counts(each, on):
    if each.kind != "s444A" or (each.offence_first or each.issued_on) < START:
        return False
    from_day = each.outcome_on or each.withdrawn_on or each.paid_on or each.issued_on
    if each.outcome in ("not_guilty", "withdrawn") and from_day <= on:
        return False
    return each.withdrawn_on is None or each.withdrawn_on > on


@pytest.mark.cases("penalties/parents")
def test_a_parent_is_one_or_is_not_ruled_out(case):
    given = case["given"]
    got = liable(
        given.get("responsibility"),
        given.get("care"),
        given.get("relationship"),
        date(2026, 11, 20),
    )
    assert (got or "left out") == case["expect"]["liable"]
