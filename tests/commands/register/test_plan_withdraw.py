"""attendance plan withdraw: an absence is no longer expected."""

import pytest

from commands.register.plans import PlanAbsence, WithdrawPlan
from commands.register.take import TakeRegister
from ledger.events.register import PlanWithdrawn
from ledger.values import parse_session

MONDAY_AM = parse_session("2026-11-23/AM")


def withdraw(**fields):
    given = {"pupil": "P1", "session": MONDAY_AM, "reason": "appointment moved"}
    return WithdrawPlan(**(given | fields))


@pytest.fixture
def planned(desk):
    """Ada is expected to be away on Monday."""
    desk.do(PlanAbsence(pupil="P1", from_="2026-11-23", to_="2026-11-23", code="M"))
    return desk


def test_withdrawal_names_what_was_planned(planned):
    """The plan stays in the history."""
    [(_, event)] = planned.recorded(withdraw())
    assert event == PlanWithdrawn(original="M", reason="appointment moved", by="mm")


def test_withdrawn_plan_fills_no_register(planned):
    """When the register is taken the pupil is there or not."""
    planned.do(withdraw())
    planned.at("2026-11-23T08:50")
    planned.do(TakeRegister(group="7A", session=MONDAY_AM, rest_present=True))
    assert [e.code for e in planned.marks("P1")[str(MONDAY_AM)]] == ["/"]


def test_withdrawn_plan_can_be_made_again(planned):
    """A new plan after a withdrawal is a new fact."""
    planned.do(withdraw())
    again = PlanAbsence(pupil="P1", session=MONDAY_AM, code="M")
    assert len(planned.recorded(again)) == 1


def test_repeated_withdrawal_is_refused(planned):
    """There is nothing left to withdraw."""
    planned.do(withdraw())
    assert planned.refused(withdraw()).code == "no-plan"


def test_plan_that_became_an_entry_is_refused(planned):
    """From then on it is a mark."""
    planned.at("2026-11-23T08:50")
    planned.do(TakeRegister(group="7A", session=MONDAY_AM, rest_present=True))
    assert planned.refused(withdraw()).code == "already-marked"
