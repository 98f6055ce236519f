"""Staff: who may be named as author, titles and roles over time, and the last day."""

from dataclasses import replace
from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.calendar.terms import SetTerm
from commands.register.take import MarkSession
from commands.school.staff import AddStaff, ChangeStaff, LeaveStaff
from ledger.events.school import RolesChanged, StaffChanged, StaffJoined, StaffLeft
from ledger.values import parse_session
from tests.commands.conftest import HAL


@pytest.fixture
def desk(desk):
    """The head, in front of the ledger."""
    return desk.by("head")


def add(**fields):
    given = {"staff_id": "tt", "name": "Tam Tutor", "job_title": "Teacher"}
    return AddStaff(**(given | fields))


def test_member_of_staff_is_recorded(desk):
    first = date(2026, 11, 1)
    roles = ("teacher", "authoriser")
    expected = StaffJoined(name="Tam Tutor", job_title="Teacher", roles=roles, since=first)
    command = add(role=("teacher", "authoriser", "teacher"), from_=first)
    given = RolesChanged(given=("authoriser", "teacher"), since=first, **HAL)
    assert desk.recorded(command) == [("staff:tt", expected), ("staff:tt", given)]


def test_new_member_of_staff_can_record(desk):
    desk.do(add(from_=date(2026, 11, 23)))
    desk.staff_id = "tt"
    mark = MarkSession(pupil="P1", session=parse_session("2026-11-20/AM"), code="N")
    assert desk.refused(mark).code == "author-not-on-staff"
    assert desk.at("2026-11-23T09:00").do(mark).header is not None


def test_first_member_of_staff_needs_nobody_to_add_them(empty):
    empty.do(add())
    assert empty.refused(add(staff_id="uu")).code == "author-missing"
    assert empty.by("tt").do(add(staff_id="uu")).header is not None


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
    moved = {"given": ("teacher",), "taken": ("attendance_officer",)}
    roles = RolesChanged(since=NOVEMBER, **moved, **HAL)
    assert recorded == [("staff:mm", each) for each in (before, changed, roles)]


def test_change_is_from_today_when_no_day_is_given(desk):
    desk.do(change())
    desk.do(MarkSession(pupil="P1", session=parse_session("2026-11-19/AM"), code="N"))
    amend = AmendMarks(pupil="P1", session=parse_session("2026-11-19/AM"), code="I", reason="call")
    [(_, event)] = desk.by("mm").recorded(amend)
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
    desk.do(add(role=("authoriser",)))
    desk.do(LeaveStaff(staff_id="head", last_day=date(2026, 9, 30)))
    back = ChangeStaff(staff_id="head", name="Hal Hope-Hill", from_=NOVEMBER)
    desk.by("mm").refused(back, "not-authorised", "head would be head from 2026-11-01")
    [(_, event), _] = desk.by("tt").recorded(back)
    found = (event.name, event.job_title, event.roles)
    assert found == ("Hal Hope-Hill", "Head Teacher", ("head",))


LAST = date(2026, 11, 19)


def test_last_day_is_recorded(desk):
    taken = RolesChanged(taken=("head",), since=date(2026, 11, 20), **HAL)
    recorded = desk.recorded(LeaveStaff(staff_id="head", last_day=LAST))
    assert recorded == [("staff:head", StaffLeft(until=LAST)), ("staff:head", taken)]


def test_on_the_last_day_somebody_is_still_there(desk):
    """The same details from that day on are no news; from the day after they are a return."""
    desk.do(LeaveStaff(staff_id="mm", last_day=LAST))
    same = ChangeStaff(staff_id="mm", job_title="Attendance Officer", from_=LAST)
    assert "nothing was recorded" in desk.do(same).says[0]
    [event, *_] = desk.events(replace(same, from_=date(2026, 11, 20)))
    assert (type(event), event.since) == (StaffChanged, date(2026, 11, 20))


def test_who_has_left_cannot_be_named(desk):
    """Not even by a row from before a change of title."""
    desk.do(ChangeStaff(staff_id="mm", job_title="Head of Year", from_=date(2026, 11, 1)))
    desk.do(LeaveStaff(staff_id="mm", last_day=LAST))
    term = SetTerm(name="Spring 1", first=date(2027, 1, 4), last=date(2027, 2, 12))
    assert desk.by("mm").refused(term).code == "author-not-on-staff"


def test_repeated_leaving_records_nothing(desk):
    desk.do(LeaveStaff(staff_id="mm", last_day=LAST))
    assert desk.do(LeaveStaff(staff_id="mm", last_day=LAST)).header is None


def test_earlier_last_day_replaces_a_later_one(desk):
    desk.do(LeaveStaff(staff_id="mm", last_day=date(2026, 12, 18)))
    recorded = desk.recorded(LeaveStaff(staff_id="mm", last_day=LAST))
    assert recorded[0] == ("staff:mm", StaffLeft(until=LAST))


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
