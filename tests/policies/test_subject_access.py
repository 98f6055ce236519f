"""Copies of what is held: by when they are due, and which flags bar a parent."""

from datetime import date, timedelta

import pytest

from ledger.errors import Refused
from policies.subject_access import barred, due

FIRST, LAST, INSET = date(2026, 11, 2), date(2026, 12, 18), date(2026, 11, 27)
DAYS = [
    day
    for day in (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    if day.weekday() < 5 and day != INSET
]


@pytest.mark.cases("subject_access")
def test_a_copy_is_due(case):
    """School days for a parent at a maintained school, else a calendar month."""
    asked = case["given"]
    found = due(asked["asked_on"], DAYS, asked["type"], to_parent=asked["by"] == "parent")
    assert (found.on or "after the calendar") == case["expect"]["due"]
    assert found.confidence == "second-hand"


def test_before_either_right_nothing_is_due():
    """No value is known for that day."""
    with pytest.raises(Refused) as refused:
        due(date(2004, 1, 1), DAYS, "maintained", to_parent=True)
    assert refused.value.code == "date-outside-rule"


@pytest.mark.parametrize(
    ("responsibility", "care", "no_contact", "flag"),
    [
        ("yes", "yes", "yes", "no_contact"),
        ("no", None, None, "parental_responsibility"),
        ("no", "no", "no", "parental_responsibility"),
        ("no", "yes", "no", None),
        ("yes", None, None, None),
        (None, None, None, None),
    ],
)
def test_a_flag_bars_a_parent(responsibility, care, no_contact, flag):
    """No contact bars whoever it is; so does neither responsibility nor care."""
    found = barred(responsibility, care, no_contact)
    assert found is None if flag is None else flag in found
