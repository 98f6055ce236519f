"""Absences that are expected: added, changed, withdrawn."""

from datetime import date

import pytest

from commands.calendar.closures import AddClosure
from commands.register.plans import ChangePlan, PlanAbsence, WithdrawPlan
from commands.register.take import MarkSession, TakeRegister
from ledger.events.register import AbsencePlanned, PlanChanged, PlanWithdrawn
from ledger.values import parse_session

MONDAY_AM = parse_session("2026-11-23/AM")


def plan(**fields):
    given = {"pupil": "P1", "session": MONDAY_AM, "code": "M"}
    return PlanAbsence(**(given | fields))


def days(first, last, **fields):
    return plan(session=None, from_=first, to_=last, **fields)


def test_plan_is_recorded_and_is_no_mark(desk):
    """A plan has a stream of its own."""
    recorded = desk.recorded(plan(code="B", nature="taster day", reason="letter"))
    assert recorded == [
        (
            f"plan:{desk.id('P1')}:{MONDAY_AM}",
            AbsencePlanned(code="B", nature="taster day", reason="letter", by="mm"),
        )
    ]
    assert desk.marks("P1") == {}


def test_range_plans_every_session_met_for_the_pupil(desk):
    """Weekends, closures and days off roll are left out."""
    desk.do(AddClosure(day=date(2026, 11, 30), group=("Y7",), reason="INSET"))
    recorded = desk.recorded(days("2026-11-27/PM", "2026-12-01"))
    sessions = [stream.rpartition(":")[2] for stream, _ in recorded]
    assert sessions == ["2026-11-27/PM", "2026-12-01/AM", "2026-12-01/PM"]


def test_a_dry_run_says_what_would_be(desk):
    """Nothing is planned, changed or withdrawn by it."""
    change, withdraw = {"code": "R", "reason": "a feast"}, {"reason": "a mistake"}
    place = {"pupil": "P1", "session": MONDAY_AM, "dry_run": True}
    assert desk.do(plan(dry_run=True)).says[0] == "Ada Quill: M would be planned for 1 session"
    desk.do(plan())
    said = desk.do(ChangePlan(**place, **change)).says
    assert said[0] == "Ada Quill: R would be planned for 1 session"
    said = desk.do(WithdrawPlan(**place, **withdraw)).says
    assert said[0] == "Ada Quill: 1 planned session would be withdrawn"


def test_repeated_plan_records_nothing(desk):
    """The same plan again is no news; a longer one adds what is new."""
    desk.do(plan())
    assert "nothing was recorded" in desk.do(plan()).says[0]
    assert len(desk.recorded(days("2026-11-23", "2026-11-23"))) == 1


TODAY_AM = parse_session("2026-11-20/AM")
PAST_PLANNING = {
    "another plan": (plan(), plan(code="R"), "already-planned", "attendance plan change"),
    "a mark that stands": (
        MarkSession(pupil="P1", session=TODAY_AM, code="N"), plan(session=TODAY_AM),
        "already-marked", "attendance amend",
    ),
    "a register that has ended": (
        plan(session=parse_session("2026-11-20/PM")), plan(session=TODAY_AM),
        "register-ended", "attendance mark",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "command", "code", "remedy"), PAST_PLANNING.values(), ids=PAST_PLANNING
)
def test_what_is_past_planning_is_refused_naming_the_way(desk, before, command, code, remedy):
    """What is planned is changed on purpose; this morning is past planning, not this afternoon."""
    assert len(desk.recorded(before)) == 1
    refused = desk.refused(command)
    assert refused.code == code
    assert remedy in refused.remedy


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"code": "/"}, "code-not-planned"),
        ({"code": "N"}, "code-not-planned"),
        ({"code": "U"}, "code-not-planned"),
        ({"code": "K"}, "nature-missing"),
        ({"code": "X"}, "code-age"),
        ({"session": parse_session("2026-12-21/AM")}, "outside-term"),
        ({"session": None, "from_": "2026-12-21", "to_": "2026-12-22"}, "nothing-to-plan"),
    ],
)
def test_what_cannot_be_expected_is_refused(desk, fields, code):
    """What is known only when the register is taken, and what may not stand at all."""
    assert desk.refused(plan(**fields)).code == code


def test_pupil_beyond_compulsory_school_age_may_be_untimetabled(desk):
    """X is for pupils not of compulsory school age."""
    [(_, event)] = desk.recorded(plan(pupil="P4", code="X"))
    assert event.code == "X"


def test_how_many_sessions_are_planned_is_told(desk):
    """One of them is one."""
    assert desk.do(plan()).says == ("Ada Quill: M planned for 1 session",)
    told = desk.do(days("2026-11-24", "2026-11-24")).says
    number = desk.folder.head() - 2
    assert told == (
        "Ada Quill: M planned for 2 sessions",
        (
            f"batch {number}: attendance put-back {number} --reason WHY would put back what "
            "stood before"
        ),
    )


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


def test_what_a_range_leaves_out_is_told(planned):
    """Planned so already, not met, without a plan; nothing is left out of one session."""
    planned.do(AddClosure(day=date(2026, 11, 25), session=("PM",), reason="INSET"))
    assert planned.do(days("2026-11-24/PM", "2026-11-26")).says[:-1] == (
        "Ada Quill: M planned for 3 sessions",
        "1 session planned so already left out: 2026-11-24/PM",
        "1 session that the school does not meet for the pupil left out: 2026-11-25/PM",
    )
    planned.do(change(session=parse_session("2026-11-24/AM")))
    assert planned.do(change(session=None, from_="2026-11-24", to_="2026-11-27")).says[:-1] == (
        "Ada Quill: C now planned for 4 sessions",
        "1 session planned so already left out: 2026-11-24/AM",
        "2 sessions without a plan left out: 2026-11-27 (attendance plan add)",
    )


def test_plans_that_can_no_longer_change_are_told(planned):
    """One has its mark; the morning of another day is over."""
    planned.at("2026-11-24T09:30")
    planned.do(MarkSession(pupil="P1", session=MONDAY_AM, code="M"))
    past = (
        "3 sessions with a mark, or whose register has ended, left out: 2026-11-23, 2026-11-24/AM "
        "(attendance amend, or mark)"
    )
    span = {"session": None, "from_": "2026-11-23", "to_": "2026-11-24"}
    assert past in planned.do(change(**span)).says
    assert planned.do(withdraw(**span)).says == ("Ada Quill: 1 planned session withdrawn", past)


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


def withdraw(**fields):
    given = {"pupil": "P1", "session": MONDAY_AM, "reason": "appointment moved"}
    return WithdrawPlan(**(given | fields))


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
