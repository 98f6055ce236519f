"""`leave withdraw` and `leave falsified`: what becomes of plans, and of what was entered."""

from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.calendar.closures import AddClosure
from commands.register.plans import ChangePlan, PlanAbsence, WithdrawPlan
from commands.register.take import MarkSession, TakeRegister
from commands.roll.remove import RemovePupil
from ledger.events.amending import AmendmentRequested
from ledger.events.leave import LeaveFalsified, LeaveWithdrawn
from ledger.events.register import MarkAmended, MarkCorrected, PlanWithdrawn
from ledger.values import parse_session
from tests.commands.conftest import MO
from tests.commands.leave.steps import (
    ask,
    ask_and_grant,
    both,
    falsify,
    grant,
    head,
    plans,
    refuse,
    request,
    sessions_of,
    withdraw,
)
from tests.commands.meanwhile import tries

TAKEN = ("2026-11-23/AM", "2026-11-23/PM", "2026-11-24/AM")


def taken(desk, sessions=TAKEN):
    """Take registers in which the plan is entered."""
    for session in sessions:
        day, half = session.split("/")
        desk.at(f"{day}T{'08:50' if half == 'AM' else '13:55'}")
        desk.do(TakeRegister(group="7A", session=parse_session(session), rest_present=True))


@pytest.fixture
def away(desk):
    """A week of leave, three of its registers taken, as the morning of the second day goes on."""
    desk.leave_id = ask_and_grant(desk)
    taken(desk)
    return desk.at("2026-11-24T10:00")


def test_plans_to_come_are_withdrawn_and_what_was_entered_stays(away):
    """The reason cites the leave."""
    recorded = away.recorded(withdraw(away.leave_id))
    pupil, found = away.id("P1"), LeaveWithdrawn(reason="Not travelling", **MO)
    assert recorded[0] == (f"leave:{pupil}:{away.leave_id}", found)
    why = f"leave {away.leave_id} was withdrawn: Not travelling"
    event = PlanWithdrawn(original="C", reason=why, by="mm")
    left = ["2026-11-24/PM", *both("2026-11-25", "2026-11-26", "2026-11-27")]
    assert recorded[1:] == [(f"plan:{pupil}:{session}", event) for session in left]
    assert {session: e[-1].code for session, e in away.marks("P1").items()} == dict.fromkeys(
        TAKEN, "C"
    )


def test_a_dry_run_shows_each_plan_that_would_be_withdrawn(away):
    """They stand still after it."""
    before = plans(away)
    *said, last = away.do(withdraw(away.leave_id, dry_run=True)).says
    left = ["2026-11-24/PM", *both("2026-11-25", "2026-11-26", "2026-11-27")]
    assert said == [
        f"leave {away.leave_id} of Ada Quill would be withdrawn, with 7 planned sessions",
        *(f"Ada Quill {session}: C (plan withdrawn)" for session in left),
        "7 no longer planned: 7 C",
    ]
    assert last == "dry run: nothing was recorded"
    assert plans(away) == before


def test_a_request_that_was_not_decided_is_withdrawn_alone(desk):
    """Nothing was planned."""
    leave_id = ask(desk)
    assert desk.do(withdraw(leave_id)).says == (
        f"leave {leave_id} of Ada Quill withdrawn, with 0 planned sessions",
    )


def test_what_other_leave_still_plans_is_said(desk):
    """Why no plan goes with it."""
    first = ask_and_grant(desk, "2026-11-23", "2026-11-24")
    ask_and_grant(desk, "2026-11-23", "2026-11-24", again=True)
    assert desk.do(withdraw(first)).says == (
        f"leave {first} of Ada Quill withdrawn, with 0 planned sessions",
        "4 sessions that other leave covers left out: 2026-11-23, 2026-11-24",
    )


def test_a_plan_changed_since_and_other_leave_keep_their_sessions(desk):
    """What does not rest on this leave alone stays."""
    first = ask_and_grant(desk, "2026-11-23", "2026-11-24")
    ask_and_grant(desk, "2026-11-24/PM", "2026-11-24/PM")
    refused = ask(desk, "2026-11-23", "2026-11-24", again=True)
    head(desk).recorded(refuse(refused))
    ask_and_grant(desk, "2026-11-24/AM", "2026-11-24/AM", pupil="P2")
    ask_and_grant(desk, "2026-11-25/AM", "2026-11-25/AM", purpose="medical")
    change = {"pupil": "P1", "session": parse_session("2026-11-23/AM"), "code": "M"}
    desk.do(ChangePlan(**change, reason="Dentist"))
    found = sessions_of(desk.recorded(withdraw(first)), "plan")
    assert found == ["2026-11-23/PM", "2026-11-24/AM"]
    standing = {session: code for session, code in plans(desk).items() if code}
    assert standing == {"2026-11-23/AM": "M", "2026-11-24/PM": "C", "2026-11-25/AM": "M"}


def test_falsified_leave_amends_what_was_entered_and_withdraws_the_rest(away):
    """Reg 6(1)'s five; one batch; each cites the leave, and the plans do too."""
    (stream, found), *rest = away.recorded(falsify(away.leave_id))
    pupil = away.id("P1")
    assert stream == f"leave:{pupil}:{away.leave_id}"
    assert found == LeaveFalsified(reason="Seen abroad", batch=found.batch, **MO)
    why = (
        f"leave {away.leave_id}, granted for 2026-11-23/AM to 2026-11-27/PM (asked for on "
        "2026-11-19), was found to be falsified: Seen abroad"
    )
    amended = MarkAmended(original="C", code="G", reason=why, batch=found.batch, **MO)
    withdrawn = PlanWithdrawn(original="C", reason=why, by="mm")
    left = ["2026-11-24/PM", *both("2026-11-25", "2026-11-26", "2026-11-27")]
    assert rest == [
        *((f"mark:{pupil}:{session}", amended) for session in TAKEN),
        *((f"plan:{pupil}:{session}", withdrawn) for session in left),
    ]
    assert found.batch


def test_the_letter_is_cited_where_it_is_dated(desk):
    """Rather than the day of asking."""
    leave_id = ask(desk, "2026-11-23", "2026-11-23")
    head(desk).recorded(grant(leave_id, letter_on=date(2026, 11, 20)))
    taken(desk, TAKEN[:1])
    desk.at("2026-11-25T10:00")
    [_, (_, amended), (_, withdrawn)] = desk.recorded(falsify(leave_id))
    assert isinstance(withdrawn, PlanWithdrawn)
    assert "(letter of 2026-11-20)" in amended.reason


def test_the_code_is_that_of_the_purpose_or_the_one_given(desk):
    """Unauthorised, and no code that has to be replaced."""
    leave_id = ask_and_grant(desk, "2026-11-23", "2026-11-23", purpose="exceptional")
    taken(desk, TAKEN[:2])
    desk.at("2026-11-25T10:00")
    for code in ("I", "N"):
        desk.refused(falsify(leave_id, code=code), "code-not-unauthorised")
    desk.refused(falsify(leave_id, code="?"), "code-unknown")
    outcome = desk.do(falsify(leave_id, dry_run=True))
    assert outcome.says[0].endswith(": would be recorded as falsified")
    assert outcome.says[1:3] == ("2026-11-23/AM: C -> O", "2026-11-23/PM: C -> O")
    assert outcome.header is None
    recorded = desk.recorded(falsify(leave_id, code="G"))
    assert [event.code for _, event in recorded[1:]] == ["G", "G"]


def test_what_was_entered_otherwise_or_is_not_met_any_more_stays(away):
    """Present, amended since, closed since, after the last day on roll, of other leave."""
    away.do(AmendMarks(pupil="P1", session=parse_session(TAKEN[0]), code="/", reason="Here"))
    ask_and_grant(away, TAKEN[1], TAKEN[1], asked_on=date(2026, 11, 22))
    away.do(AddClosure(day=date(2026, 11, 25), reason="INSET"))
    assert [
        line for line in away.do(falsify(away.leave_id, dry_run=True)).says if "left" in line
    ] == [
        f"1 session that other leave covers left out: {TAKEN[1]}",
        f"1 session with another mark left out: {TAKEN[0]} (attendance amend)",
    ]
    recorded = away.recorded(falsify(away.leave_id))
    assert sessions_of(recorded, "mark") == [TAKEN[2]]


def test_a_session_with_neither_mark_nor_plan_is_told(desk):
    """Its plan was withdrawn, and no register entered anything."""
    leave_id = ask_and_grant(desk, "2026-11-23", "2026-11-23")
    off = WithdrawPlan(pupil="P1", session=parse_session("2026-11-23/PM"), reason="Home again")
    desk.do(off)
    taken(desk, TAKEN[:1])
    desk.at("2026-11-25T10:00")
    told = "1 session without a mark left out: 2026-11-23/PM"
    assert told in desk.do(falsify(leave_id, dry_run=True)).says


def test_leave_over_a_change_of_roll_is_amended_up_to_the_last_day(away):
    """What was planned after it goes too."""
    away.do(RemovePupil(pupil="P1", last_day=date(2026, 11, 24), ground="9(1)(k)"))
    recorded = away.recorded(falsify(away.leave_id))
    assert sessions_of(recorded, "mark") == list(TAKEN)
    assert len(sessions_of(recorded, "plan")) == 7


def test_a_mark_whose_register_is_still_open_is_corrected(desk):
    """Part of the taking, no amendment."""
    leave_id = ask_and_grant(desk, "2026-11-23", "2026-11-23")
    desk.at("2026-11-23T08:50")
    desk.mark("P1", TAKEN[0], "C")
    recorded = desk.recorded(falsify(leave_id))
    assert [type(event) for _, event in recorded[1:]] == [MarkCorrected, PlanWithdrawn]
    assert recorded[1][1].code == "G"


def test_where_nothing_was_entered_the_finding_alone_is_recorded(desk):
    """Also of leave that was withdrawn; no batch."""
    leave_id = ask_and_grant(desk)
    tried = desk.do(falsify(leave_id, dry_run=True)).says
    assert tried[1] == "no mark stands on it: nothing is to amend"
    assert tried[2].startswith("10 planned sessions to be withdrawn: 2026-11-23, ")
    desk.do(withdraw(leave_id))
    outcome = desk.do(falsify(leave_id))
    assert outcome.says == (
        f"leave {leave_id} of Ada Quill: recorded as falsified",
        "no mark stands on it: nothing is to amend",
    )
    [event] = [e for _, s, e in desk.log() if isinstance(e, LeaveFalsified)]
    assert event.batch is None


def test_what_the_school_s_policy_holds_is_requested(away):
    """More than one at once adds unauthorised absence: a second person approves."""
    away.adopt(approval_more_than=1)
    says = away.do(falsify(away.leave_id, dry_run=True)).says
    assert says[1] == "2026-11-23/AM: C -> G waits for a second person (many)"
    assert says[4:7] == (
        "3 marks, 3 of them held",
        "3 held for a second person's approval: 3 of C to G",
        "the figures, once approved: authorised absence -3, unauthorised absence +3",
    )
    recorded = away.recorded(falsify(away.leave_id))
    requested = [event for _, event in recorded if isinstance(event, AmendmentRequested)]
    assert [(e.original, e.code, e.batch) for e in requested] == [
        ("C", "G", recorded[0][1].batch)
    ] * 3
    assert sessions_of(recorded, "mark") == []
    assert len(sessions_of(recorded, "plan")) == 7


@pytest.mark.parametrize("make", [withdraw, falsify])
def test_a_register_that_was_not_taken_enters_nothing_of_it_any_more(desk, make):
    """Of yesterday, of this morning, which is over, and of this afternoon, which has begun."""
    leave_id = ask_and_grant(desk, "2026-11-23", "2026-11-24")
    desk.at("2026-11-24T13:55")
    assert len(sessions_of(desk.recorded(make(leave_id)), "plan")) == 4
    for session in both("2026-11-23", "2026-11-24"):
        command = TakeRegister(group="7A", session=parse_session(session), rest_present=True)
        assert not any("planned" in line for line in desk.do(command).says)
    assert {events[-1].code for events in desk.marks("P1").values()} == {"/", "\\"}


@pytest.mark.parametrize("make", [withdraw, falsify])
def test_a_mark_entered_with_the_code_afterwards_is_reached_by_another_finding(desk, make):
    """As long as a mark or a plan is left; then it is falsified already."""
    leave_id = ask_and_grant(desk, "2026-11-23", "2026-11-24")
    desk.do(make(leave_id))
    desk.at("2026-11-23T14:30")
    desk.mark("P1", TAKEN[0], "C")
    desk.do(PlanAbsence(pupil="P1", session=parse_session("2026-11-24/PM"), code="C"))
    recorded = desk.recorded(falsify(leave_id, code="G"))
    assert sessions_of(recorded, "mark") == [TAKEN[0]]
    assert sessions_of(recorded, "plan") == ["2026-11-24/PM"]
    refusal = desk.refused(falsify(leave_id))
    assert (refusal.code, "already" in refusal.what) == ("leave-falsified", True)


def test_a_further_finding_says_that_it_is_one(desk):
    """And what it amends now."""
    leave_id = ask_and_grant(desk, "2026-11-23", "2026-11-23")
    desk.do(falsify(leave_id))
    desk.at("2026-11-23T14:30")
    desk.mark("P1", TAKEN[0], "C")
    tried = desk.do(falsify(leave_id, dry_run=True)).says
    assert tried[0].endswith(": falsified already; what was left of it would be amended besides")
    says = desk.do(falsify(leave_id)).says
    assert says[0].endswith(": falsified already; what was left of it is amended besides")
    assert says[1] == f"{TAKEN[0]}: C -> G"


@pytest.mark.parametrize("make", [withdraw, falsify])
@pytest.mark.parametrize(("staff", "code"), [(None, "missing"), ("zz", "not-on-staff")])
def test_the_author_is_asked_for_first(desk, make, staff, code):
    """Before the request is looked for, and before its reason."""
    desk.by(staff).refused(make("nobody", reason=" "), f"author-{code}")


@pytest.mark.parametrize("make", [withdraw, falsify])
def test_what_cannot_be_recorded_is_refused(desk, make):
    """No such request; no reason; nobody."""
    leave_id = ask_and_grant(desk)
    desk.refused(make("nobody"), "leave-unknown")
    desk.refused(make(leave_id, reason=" "), "reason-missing")
    desk.by(None).refused(make(leave_id), "author-missing")


@pytest.mark.parametrize("end", [withdraw, falsify])
def test_leave_of_two_pupils_that_ends_at_once_does_not_meet(away, end):
    """Nor does what another group's register says of the same sessions."""
    other = ask_and_grant(away, pupil="P3")
    session = parse_session("2026-11-24/AM")
    taken = TakeRegister(group="7B", session=session, rest_present=True)
    assert tries(away, end(away.leave_id), withdraw(other), taken) == 1


@pytest.mark.parametrize("end", [withdraw, falsify])
@pytest.mark.parametrize(
    "meanwhile",
    [
        request(again=True),
        ChangePlan(pupil="P1", session=parse_session("2026-11-25/AM"), code="M", reason="Dentist"),
        MarkSession(pupil="P1", session=parse_session("2026-11-24/PM"), code="I"),
    ],
)
def test_what_rests_on_leave_is_looked_at_again(away, end, meanwhile):
    """Other leave of the pupil, a plan changed or a mark made in its sessions meanwhile."""
    assert tries(away, end(away.leave_id), meanwhile) == 2
