"""Staff: who may be named as author, titles and roles over time, and the last day."""

from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.calendar.terms import SetTerm
from commands.register.take import MarkSession
from commands.school.staff import AddStaff, ChangeStaff, LeaveStaff
from ledger.events.school import StaffChanged, StaffJoined, StaffLeft
from ledger.values import parse_session


def add(**fields):
    given = {"staff_id": "tt", "name": "Tam Tutor", "job_title": "Teacher"}
    return AddStaff(**(given | fields))


def test_member_of_staff_is_recorded(desk):
    first = date(2026, 11, 1)
    roles = ("teacher", "authoriser")
    expected = StaffJoined(name="Tam Tutor", job_title="Teacher", roles=roles, since=first)
    command = add(role=("teacher", "authoriser", "teacher"), from_=first)
    assert desk.recorded(command) == [("staff:tt", expected)]


def test_new_member_of_staff_can_record(desk):
    desk.do(add(from_=date(2026, 11, 23)))
    desk.staff_id = "tt"
    mark = MarkSession(pupil="P1", session=parse_session("2026-11-20/AM"), code="N")
    assert desk.refused(mark).code == "author-not-on-staff"
    assert desk.at("2026-11-23T09:00").do(mark).header is not None


def test_first_member_of_staff_needs_nobody_to_add_them(empty):
    empty.do(add())
    assert empty.refused(add(staff_id="uu")).code == "author-missing"


def test_known_id_is_refused_naming_change(desk):
    desk.do(add())
    refused = desk.refused(add())
    assert refused.code == "staff-known"
    assert "attendance staff change" in refused.remedy


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"staff_id": "a:b"}, "id-form"),
        ({"staff_id": "a b"}, "id-form"),
        ({"staff_id": ""}, "id-form"),
        ({"name": " "}, "name-missing"),
        ({"job_title": ""}, "job-title-missing"),
        ({"role": ("wizard",)}, "role-unknown"),
    ],
)
def test_what_cannot_be_recorded_is_refused(desk, fields, code):
    """An id that would split a stream's name, blanks, and roles that nobody knows."""
    assert desk.refused(add(**fields)).code == code


NOVEMBER = date(2026, 11, 1)


def change(**fields):
    return ChangeStaff(**({"staff_id": "mm", "job_title": "Head of Year"} | fields))


def test_change_ends_the_row_before_and_keeps_what_is_not_given(desk):
    changed = StaffChanged(
        name="Mo Marsh", job_title="Head of Year", roles=("teacher",), since=NOVEMBER
    )
    before = StaffLeft(until=date(2026, 10, 31))
    recorded = desk.recorded(change(from_=NOVEMBER, role=("teacher",)))
    assert recorded == [("staff:mm", before), ("staff:mm", changed)]


def test_change_is_from_today_when_no_day_is_given(desk):
    desk.do(change())
    desk.do(MarkSession(pupil="P1", session=parse_session("2026-11-19/AM"), code="N"))
    amend = AmendMarks(pupil="P1", session=parse_session("2026-11-19/AM"), code="I", reason="call")
    [(_, event)] = desk.recorded(amend)
    assert event.job_title == "Head of Year"


def test_repeated_change_records_nothing(desk):
    desk.do(change(from_=NOVEMBER))
    assert "nothing was recorded" in desk.do(change()).says[0]


def test_change_on_the_same_day_replaces_the_row(desk):
    """A slip put right on the day needs no end before its beginning."""
    desk.do(change(from_=NOVEMBER))
    [(_, event)] = desk.recorded(change(from_=NOVEMBER, job_title="Head of Lower School"))
    assert event.job_title == "Head of Lower School"


def test_return_after_leaving_is_a_change(desk):
    """Somebody who comes back has the same id, and the days between stay empty."""
    desk.do(LeaveStaff(staff_id="head", last_day=date(2026, 9, 30)))
    [(_, event)] = desk.recorded(
        ChangeStaff(staff_id="head", name="Hal Hope-Hill", from_=NOVEMBER)
    )
    found = (event.name, event.job_title, event.roles)
    assert found == ("Hal Hope-Hill", "Head Teacher", ("head",))


LAST = date(2026, 11, 19)


def test_last_day_is_recorded(desk):
    recorded = desk.recorded(LeaveStaff(staff_id="head", last_day=LAST))
    assert recorded == [("staff:head", StaffLeft(until=LAST))]


def test_who_has_left_cannot_be_named(desk):
    """Not even by a row from before a change of title."""
    desk.do(ChangeStaff(staff_id="mm", job_title="Head of Year", from_=date(2026, 11, 1)))
    desk.do(LeaveStaff(staff_id="mm", last_day=LAST))
    term = SetTerm(name="Spring 1", first=date(2027, 1, 4), last=date(2027, 2, 12))
    assert desk.refused(term).code == "author-not-on-staff"


def test_repeated_leaving_records_nothing(desk):
    desk.do(LeaveStaff(staff_id="head", last_day=LAST))
    assert desk.do(LeaveStaff(staff_id="head", last_day=LAST)).header is None


def test_earlier_last_day_replaces_a_later_one(desk):
    desk.do(LeaveStaff(staff_id="head", last_day=date(2026, 12, 18)))
    recorded = desk.recorded(LeaveStaff(staff_id="head", last_day=LAST))
    assert recorded == [("staff:head", StaffLeft(until=LAST))]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (change(from_=date(2026, 10, 1)), "staff-later-row"),
        (LeaveStaff(staff_id="mm", last_day=date(2026, 10, 1)), "staff-later-row"),
        (change(staff_id="zz"), "staff-unknown"),
        (LeaveStaff(staff_id="zz", last_day=LAST), "staff-unknown"),
        (change(name=""), "name-missing"),
    ],
)
def test_what_cannot_change_is_refused(desk, command, code):
    """History is not rewritten underneath what follows; a name may change, not vanish."""
    desk.do(change(from_=NOVEMBER))
    assert desk.refused(command).code == code
