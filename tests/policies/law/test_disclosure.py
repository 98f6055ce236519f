"""Copies of what is held: by when they are due, and to whom."""

from datetime import date, timedelta

import pytest

from policies.law.disclosure import barring_flag, due, is_entitled
from tests.ledger.refusals import refused_with

FIRST, LAST, INSET = date(2026, 11, 2), date(2026, 12, 18), date(2026, 11, 27)
DAYS = [
    day
    for day in (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    if day.weekday() < 5 and day != INSET
]


@pytest.mark.cases("disclosure/subject_access")
def test_a_copy_is_due(case):
    """School days for a parent at a maintained school, else a calendar month."""
    asked = case["given"]
    found = due(asked["asked_on"], DAYS, asked["type"], to_parent=asked["by"] == "parent")
    assert (found.on or "after the calendar") == case["expect"]["due"]
    assert found.confidence == "second-hand"


def test_before_either_right_nothing_is_due():
    with refused_with("date-outside-rule"):
        due(date(2004, 1, 1), DAYS, "maintained", to_parent=True)


@pytest.mark.parametrize("no_contact", ["yes", "no", "", None])
def test_no_contact_bars_whoever_it_is(no_contact):
    """The flag is named; what is not known bars nobody."""
    assert barring_flag(no_contact) == ("no_contact is yes" if no_contact == "yes" else None)


@pytest.mark.parametrize(
    ("responsibility", "care", "expected"),
    [
        ("yes", "no", True),
        ("no", "yes", True),
        (None, "yes", True),
        ("no", "no", False),
        ("no", None, False),
        ("", "", False),
        (None, None, False),
    ],
)
def test_responsibility_or_care_on_record_entitles(responsibility, care, expected):
    """EA 1996 s.576; what is not known entitles nobody."""
    assert is_entitled(responsibility, care) is expected
