"""attendance plan change: another code is expected."""

import pytest

from commands.register.plans import ChangePlan, PlanAbsence
from commands.register.take import MarkSession
from ledger.events.register import PlanChanged
from ledger.values import parse_session

MONDAY_AM = parse_session("2026-11-23/AM")


def change(**fields):
    given = {"pupil": "P1", "session": MONDAY_AM, "code": "C", "reason": "leave was agreed"}
    return ChangePlan(**(given | fields))


@pytest.fixture
def planned(desk):
    """Ada is expected to be away on Monday and Tuesday."""
    desk.do(PlanAbsence(pupil="P1", from_="2026-11-23", to_="2026-11-24", code="M"))
    return desk


def test_change_names_what_was_planned(planned):
    """Every change to a plan is kept."""
    [(_, event)] = planned.recorded(change())
    assert event == PlanChanged(original="M", code="C", reason="leave was agreed", by="mm")


def test_range_changes_what_can_still_change(planned):
    """Sessions that have their mark by then are left."""
    planned.at("2026-11-23T09:30")
    planned.do(MarkSession(pupil="P1", session=MONDAY_AM, code="M"))
    command = change(session=None, from_="2026-11-23", to_="2026-11-24")
    assert len(planned.recorded(command)) == 3


def test_repeated_change_records_nothing(planned):
    """The same plan again is no news."""
    planned.do(change())
    assert "nothing was recorded" in planned.do(change()).says[0]


def test_session_with_a_mark_is_refused(planned):
    """Past planning."""
    planned.at("2026-11-23T09:30")
    planned.do(MarkSession(pupil="P1", session=MONDAY_AM, code="M"))
    assert planned.refused(change()).code == "already-marked"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"session": parse_session("2026-11-25/AM")}, "no-plan"),
        ({"session": None, "from_": "2026-11-25", "to_": "2026-11-27"}, "no-plan"),
        ({"reason": ""}, "reason-missing"),
        ({"code": "/"}, "code-not-planned"),
        ({"code": "B"}, "nature-missing"),
    ],
)
def test_change_that_makes_no_sense_is_refused(planned, fields, code):
    """Nothing planned, no reason, or a code that cannot be planned."""
    assert planned.refused(change(**fields)).code == code
