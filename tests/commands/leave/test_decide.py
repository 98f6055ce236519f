"""`leave grant` and `leave refuse`: who decides, under which paragraph, and what is planned."""

from datetime import date

import pytest

from commands.calendar.closures import AddClosure, CancelSessions
from commands.register.plans import PlanAbsence
from commands.register.take import MarkSession, TakeRegister
from commands.roll.families import RecordParent, RecordRelation
from commands.roll.remove import RemovePupil
from commands.school.staff import AddStaff, LeaveStaff
from ledger.events.leave import LeaveDecided, LeaveRequested
from ledger.events.register import AbsencePlanned
from ledger.values import parse_session
from tests.commands.conftest import HAL
from tests.commands.leave.steps import (
    ask,
    ask_and_grant,
    both,
    bound,
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

LATE = "record late entries with attendance mark"


def planned(desk, command):
    """Carry out a command as the head; return the sessions that it plans."""
    return sessions_of(head(desk).recorded(command), "plan")


def said(desk, command):
    """Carry out a command as the head; return what is told."""
    return head(desk).do(command).says


def test_the_decision_is_kept_with_paragraph_code_reason_and_author(desk):
    """One transaction: the decision, and a plan for each session, which cites the leave."""
    leave_id = ask(desk, "2026-11-23/PM", "2026-11-24")
    command = grant(leave_id, reason=" A wedding ", letter_on=date(2026, 11, 20))
    recorded, pupil = head(desk).recorded(command), desk.id("P1")
    decided = LeaveDecided(
        granted=True, paragraph="11(11)", code="C", first="2026-11-23/PM", last="2026-11-24/PM",
        reason="A wedding", letter_on=date(2026, 11, 20), **HAL,
    )  # fmt: skip
    assert recorded[0] == (f"leave:{pupil}:{leave_id}", decided)
    plan = AbsencePlanned(code="C", reason=f"leave {leave_id}: family holiday", by="head")
    wanted = ("2026-11-23/PM", *both("2026-11-24"))
    assert recorded[1:] == [(f"plan:{pupil}:{session}", plan) for session in wanted]


def test_a_dry_run_shows_each_session_that_would_be_planned(desk):
    """Nothing is decided by it."""
    leave_id = ask(desk, "2026-11-23/PM", "2026-11-24")
    tried = said(desk, grant(leave_id, dry_run=True))
    wanted = ("2026-11-23/PM", *both("2026-11-24"))
    assert tried[0].startswith(f"leave {leave_id}: would be granted to Ada Quill")
    assert tried[1].startswith("C would be planned for 3 sessions")
    assert tried[-5:] == (
        *(f"Ada Quill {session}: C (planned)" for session in wanted),
        "3 planned: 3 C",
        "dry run: nothing was recorded",
    )
    assert plans(desk) == {}
    assert head(desk).recorded(grant(leave_id))


@pytest.mark.parametrize(
    ("first", "last", "sessions"),
    [
        pytest.param("2026-11-23/AM", "2026-11-23/AM", ["2026-11-23/AM"], id="a-half-day"),
        pytest.param(
            "2026-10-23/PM", "2026-11-02/AM", ["2026-10-23/PM", "2026-11-02/AM"], id="half-term"
        ),
    ],
)
def test_what_the_school_meets_is_planned(desk, first, last, sessions):
    """One morning is one session; half term inside is left out."""
    desk.at("2026-10-01T09:30")
    leave_id = ask(desk, first, last, asked_on=date(2026, 9, 30))
    assert planned(desk, grant(leave_id)) == sessions


def test_a_cancelled_session_and_a_closure_inside_are_left_out(desk):
    """They are nobody's absence."""
    desk.at("2026-11-20T08:30").do(CancelSessions(sessions=("2026-11-20/AM",), reason="Flood"))
    desk.do(AddClosure(day=date(2026, 11, 23), reason="INSET"))
    leave_id = ask(desk, "2026-11-20", "2026-11-24/AM")
    assert planned(desk, grant(leave_id)) == ["2026-11-20/PM", "2026-11-24/AM"]


def test_leave_over_a_change_of_roll_plans_only_while_on_roll(desk):
    """The last day on roll is the last one planned."""
    leave_id = ask(desk, "2026-11-26", "2026-12-01")
    desk.at("2026-11-20T10:00")
    desk.do(RemovePupil(pupil="P1", last_day=date(2026, 11, 27), ground="9(1)(k)"))
    assert planned(desk, grant(leave_id)) == both("2026-11-26", "2026-11-27")


def test_part_of_what_was_asked_for_may_be_granted(desk):
    """And not more than it."""
    leave_id = ask(desk)
    for ends in ({"from_": "2026-11-20"}, {"to_": "2026-11-28"}):
        head(desk).refused(grant(leave_id, **ends), "not-asked-for")
    recorded = head(desk).recorded(grant(leave_id, from_="2026-11-24", to_="2026-11-24/AM"))
    assert sessions_of(recorded, "plan") == ["2026-11-24/AM"]
    assert (recorded[0][1].first, recorded[0][1].last) == ("2026-11-24/AM", "2026-11-24/AM")


@pytest.mark.parametrize("asked_on", [date(2026, 11, 22), date(2026, 11, 23)])
def test_asked_for_on_the_day_before_and_on_the_first_day(desk, asked_on):
    """A school that regulation 11 binds may grant the first, and of the second what is ahead."""
    bound(desk).at("2026-11-23T08:00")
    leave_id = ask(desk, asked_on=asked_on)
    if asked_on == date(2026, 11, 22):
        assert len(head(desk).recorded(grant(leave_id))) == 11
        return
    refused = head(desk).refused(grant(leave_id), "leave-retrospective", "SI 2024/208")
    assert "paragraph 11(11) allows no leave after the fact" in refused.what
    assert len(head(desk).recorded(grant(leave_id, from_="2026-11-24"))) == 9


@pytest.mark.parametrize(
    ("asked_on", "allowed"), [("2026-11-23T13:49", 1), ("2026-11-23T13:50", 0), ("2026-11-23", 0)]
)
def test_asked_for_on_the_very_day_before_the_session_opens(desk, asked_on, allowed):
    """In advance of an afternoon that opens at 13:50, where the time of asking is known."""
    bound(desk).at("2026-11-23T13:55")
    leave_id = ask(desk, "2026-11-23/PM", "2026-11-23/PM", asked_on=asked_on)
    if allowed:
        assert planned(desk, grant(leave_id)) == ["2026-11-23/PM"]
    else:
        head(desk).refused(grant(leave_id), "leave-retrospective")


def test_who_asked_is_looked_at_again_when_it_is_decided(desk):
    """A flag recorded since is told; of a parent who is none of the pupil's nothing is granted."""
    desk.do(RecordParent(parent_id="PA1", surname="Quill", forename="Cal"))
    desk.do(RecordRelation(parent_id="PA1", pupil="P1", lives_with="yes"))
    asked = {"parent": "PA1", "asked_by": "Cal Quill"}
    first, second = ask(desk, **asked), ask(desk, **asked, again=True)
    desk.do(RecordRelation(parent_id="PA1", pupil="P1", no_contact="yes", reason="Court"))
    for command in (refuse(first), grant(second)):
        assert said(desk, command)[-1].startswith("note: no_contact is yes for parent PA1")
    by_name = ask(desk, "2026-12-01", "2026-12-01", asked_by="Mr CAL Quill")
    assert "no_contact is yes for parent PA1" in said(desk, refuse(by_name))[-1]


def test_a_parent_of_another_family_is_granted_nothing(desk):
    """Such a request may stand from before it was refused; refusing it says so."""
    asked = LeaveRequested(
        first="2026-11-23/AM", last="2026-11-23/PM", purpose="holiday",
        asked_on=date(2026, 11, 19), parent="PA9", asked_by="Cal Reed", by="mm",
    )  # fmt: skip
    desk.put(f"leave:{desk.id('P1')}:old", asked)
    head(desk).refused(grant("old"), "parent-unknown")
    desk.do(RecordParent(parent_id="PA9", surname="Reed"))
    desk.do(RecordRelation(parent_id="PA9", pupil="P2", no_contact="yes"))
    head(desk).refused(grant("old"), "parent-not-related")
    assert "PA9 is not recorded as a parent of this pupil" in said(desk, refuse("old"))[-1]


def test_leave_is_not_granted_for_a_session_that_is_over(desk):
    """Asked for in time, decided too late; the afternoon is still ahead."""
    bound(desk).at("2026-11-23T09:30")
    leave_id = ask(desk)
    refused = head(desk).refused(grant(leave_id))
    assert (refused.code, "2026-11-23/AM is over" in refused.what) == ("leave-retrospective", True)
    recorded = head(desk).recorded(grant(leave_id, from_="2026-11-23/PM"))
    assert sessions_of(recorded, "plan")[0] == "2026-11-23/PM"


def test_in_other_schools_a_note_says_that_guidance_expects_the_same(desk):
    """An academy; what is over without a mark gets no plan, and what is marked stays."""
    desk.at("2026-11-23T09:30")
    desk.mark("P1", "2026-11-20/PM", "O")
    leave_id = ask(desk, "2026-11-20", "2026-11-24", asked_on=date(2026, 11, 20))
    found = said(desk, grant(leave_id))
    assert found[1] == "C planned for 3 sessions: 2026-11-23 PM, 2026-11-24"
    assert found[2] == "note: 1 session with a mark, which stays as it is: 2026-11-20 PM"
    assert found[3].startswith("note: 2 sessions over without a mark")
    assert found[3].endswith("2026-11-20 AM, 2026-11-23 AM")
    assert "not in advance of 2026-11-20/AM" in found[4]
    assert "guidance expects the same" in found[4]
    assert desk.marks("P1").keys() == {"2026-11-20/PM"}


def test_other_paragraphs_allow_leave_after_the_fact(desk):
    """A medical appointment this morning, told of today, in a maintained school."""
    bound(desk)
    leave_id = ask(desk, "2026-11-20", "2026-11-20", purpose="medical")
    found = said(desk, grant(leave_id))
    assert found[0].endswith("under paragraph 11(3) (medical or dental appointment)")
    assert found[1:-1] == (
        "M planned for 1 session: 2026-11-20 PM",
        f"note: 1 session over without a mark: {LATE}: 2026-11-20 AM",
    )


def test_a_plan_that_says_the_same_stays_and_another_is_named(desk):
    """Nothing is overwritten."""
    desk.do(PlanAbsence(pupil="P1", session=parse_session("2026-11-23/AM"), code="C"))
    leave_id = ask(desk, "2026-11-23", "2026-11-24")
    desk.do(PlanAbsence(pupil="P1", session=parse_session("2026-11-24/PM"), code="M"))
    refused = head(desk).refused(grant(leave_id), "already-planned")
    assert refused.what == "another absence is planned: M on 2026-11-24/PM"
    found = said(desk, grant(leave_id, to_="2026-11-23"))
    assert found[1:-1] == (
        "C planned for 1 session: 2026-11-23 PM",
        "note: 1 session planned already: 2026-11-23 AM",
    )
    assert "no parent on record is named" in found[-1]


def test_where_everything_is_planned_already_the_decision_alone_is_recorded(desk):
    """It is a decision all the same."""
    desk.do(PlanAbsence(pupil="P1", session=parse_session("2026-11-23/AM"), code="C"))
    leave_id = ask(desk, "2026-11-23/AM", "2026-11-23/AM")
    assert len(head(desk).recorded(grant(leave_id))) == 1
    assert plans(desk) == {"2026-11-23/AM": "C"}


@pytest.mark.parametrize(
    ("pupil", "fits", "stands"),
    [
        ("P1", "part-time", "of"),
        ("P4", "part-time-above", "above"),
        ("P5", "part-time-below", "below"),
    ],
)
def test_a_part_time_timetable_has_a_paragraph_for_each_age(desk, pupil, fits, stands):
    """Under the paragraph of another age it is refused."""
    desk.enrol(5, "Eve", "Wood", dob=date(2022, 1, 1), year="R", registration="RA")
    for purpose in ("part-time", "part-time-above", "part-time-below"):
        leave_id = ask(desk, "2026-11-23/PM", "2026-11-23/PM", purpose=purpose, pupil=pupil)
        if purpose == fits:
            [_, (_, plan)] = head(desk).recorded(grant(leave_id))
            assert plan.code == ("C2" if pupil == "P1" else "X")
        else:
            what = f"the pupil is {stands} compulsory school age"
            head(desk).refused(grant(leave_id), "leave-age", what)


def test_a_code_that_needs_its_nature_is_refused_without(desk):
    """Reg 10(5)."""
    leave_id = ask(desk, "2026-11-23/AM", "2026-11-23/AM", purpose="activity")
    head(desk).refused(grant(leave_id), "nature-missing")
    recorded = head(desk).recorded(grant(leave_id, nature="taster day"))
    assert (recorded[1][1].code, recorded[1][1].nature) == ("B", "taster day")


def test_leave_for_no_session_is_refused(desk):
    """Half term needs no leave."""
    leave_id = ask(desk, "2026-12-21", "2026-12-22")
    head(desk).refused(grant(leave_id), "nothing-to-grant")


def test_only_who_is_authorised_decides(desk):
    """The officer is refused both ways; an authoriser and the head are not."""
    leave_id = ask(desk)
    for command in (grant(leave_id), refuse(leave_id)):
        desk.refused(command, "not-authorised")
    deputy = AddStaff(staff_id="dep", name="Di Dean", job_title="Deputy", role=("authoriser",))
    head(desk).do(deputy)
    assert desk.by("dep").events(grant(leave_id))[0].job_title == "Deputy"


def test_where_nobody_is_authorised_nobody_decides(desk):
    """The way in is named."""
    head(desk).do(LeaveStaff(staff_id="head", last_day=date(2026, 11, 19)))
    assert "staff appoint" in desk.refused(refuse(ask(desk)), "not-authorised").remedy


def test_a_refusal_is_a_fact_and_plans_nothing(desk):
    """With reason, author and letter; the code for going all the same is told."""
    leave_id = ask(desk)
    [(stream, event)] = head(desk).recorded(refuse(leave_id, letter_on=date(2026, 11, 20)))
    assert stream == f"leave:{desk.id('P1')}:{leave_id}"
    assert event == LeaveDecided(
        granted=False, reason="Not exceptional", letter_on=date(2026, 11, 20), **HAL
    )
    other = ask(desk, purpose="exceptional")
    what = "refused to Ada Quill, 2026-11-23/AM to 2026-11-27/PM (exceptional circumstances)"
    assert said(desk, refuse(other)) == (
        f"leave {other}: {what}",
        "the code for exceptional circumstances without leave is O: nothing is planned",
    )


def test_what_was_refused_may_be_granted_later_and_both_stay(desk):
    """A further decision, which says so."""
    leave_id = ask(desk)
    head(desk).recorded(refuse(leave_id))
    found = said(desk, grant(leave_id, reason="A funeral"))
    assert "it was refused before; both decisions stay on record" in found
    assert [type(e).__name__ for _, s, e in desk.log() if s.startswith("leave:")] == [
        "LeaveRequested",
        "LeaveDecided",
        "LeaveDecided",
    ]


def test_nothing_is_decided_twice(desk):
    """Granted, refused, withdrawn and falsified leave each say what they are."""
    one, two, three, four = (
        ask(desk, day, day) for day in ("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26")
    )
    head(desk).recorded(grant(one))
    head(desk).recorded(refuse(two))
    desk.do(withdraw(three))
    head(desk).recorded(grant(four))
    desk.do(falsify(four))
    expected = [
        (grant(one), "leave-granted"), (refuse(one), "leave-granted"),
        (refuse(two), "leave-refused"), (withdraw(two), "leave-refused"),
        (falsify(two), "leave-not-granted"), (grant(three), "leave-withdrawn"),
        (refuse(three), "leave-withdrawn"), (withdraw(three), "leave-withdrawn"),
        (falsify(three), "leave-not-granted"), (grant(four), "leave-falsified"),
        (withdraw(four), "leave-falsified"), (falsify(four), "leave-falsified"),
    ]  # fmt: skip
    for command, code in expected:
        head(desk).refused(command, code)


@pytest.mark.parametrize("make", [grant, refuse])
def test_what_cannot_be_decided_is_refused(desk, make):
    """No such request; no reason; nobody."""
    leave_id = ask(desk)
    head(desk).refused(make("nobody"), "leave-unknown")
    head(desk).refused(make(leave_id, reason=" "), "reason-missing")
    desk.by(None).refused(make(leave_id), "author-missing")


def test_a_granted_plan_prefills_the_register_and_is_no_entry_before(desk):
    """Taken, it is an ordinary entry with the code of the leave."""
    ask_and_grant(desk, "2026-11-23", "2026-11-23")
    assert desk.marks("P1") == {}
    desk.at("2026-11-23T08:50")
    desk.do(TakeRegister(group="7A", session=parse_session("2026-11-23/AM"), rest_present=True))
    [event] = desk.marks("P1")["2026-11-23/AM"]
    assert (type(event).__name__, event.code, event.late) == ("SessionMarked", "C", False)


def test_a_pupil_who_turns_up_is_marked_present_over_the_plan(desk):
    """The mark is an entry, and no amendment."""
    ask_and_grant(desk, "2026-11-23", "2026-11-23")
    desk.at("2026-11-23T08:50")
    desk.mark("P1", "2026-11-23/AM", "/")
    [event] = desk.marks("P1")["2026-11-23/AM"]
    assert (type(event).__name__, event.code) == ("SessionMarked", "/")


MORNING = parse_session("2026-11-20/AM")


def of_another_pupil():
    """What is recorded of Cat: leave asked for, a parent, a plan, her group's register."""
    return (
        request(pupil="P3"),
        RecordRelation(parent_id="PA3", pupil="P3", no_contact="yes"),
        PlanAbsence(
            pupil="P3", session=parse_session("2026-11-20/PM"), code="M", reason="Dentist"
        ),
        TakeRegister(group="7B", session=MORNING, rest_present=True),
    )


@pytest.mark.parametrize("decide", [grant, refuse])
def test_what_is_recorded_of_another_pupil_meets_no_decision_on_leave(desk, decide):
    """Leave of another pupil, their family and their group's register."""
    desk.do(RecordParent(parent_id="PA3", surname="Stone"))
    leave_id, other = ask(desk, "2026-11-20"), ask(desk, "2026-11-20", pupil="P3")
    assert tries(head(desk), decide(leave_id), *of_another_pupil(), refuse(other)) == 1


@pytest.mark.parametrize("decide", [grant, refuse])
def test_a_parent_of_the_pupil_recorded_meanwhile_meets_the_decision(desk, decide):
    """Who may not be contacted is told, though it was not known when the decision began."""
    desk.do(RecordParent(parent_id="PA1", surname="Quill", forename="Una"))
    leave_id = ask(desk)
    barred = RecordRelation(parent_id="PA1", pupil="P1", no_contact="yes")
    assert tries(head(desk), decide(leave_id), barred) == 2


def test_a_register_of_the_pupils_group_taken_meanwhile_meets_the_grant(desk):
    """What it plans depends on it; a refusal plans nothing."""
    granted, refused = ask(desk, "2026-11-20"), ask(desk, "2026-11-20", pupil="P2")
    taken = TakeRegister(group="7A", session=MORNING, rest_present=True)
    assert tries(head(desk), grant(granted), taken) == 2
    afternoon = MarkSession(pupil="P2", session=parse_session("2026-11-20/PM"), code="\\")
    assert tries(head(desk), refuse(refused), afternoon) == 1
