"""attendance staff leave: the last day of a member of staff."""

from datetime import date

from commands.calendar.terms import SetTerm
from commands.school.staff import ChangeStaff, LeaveStaff
from ledger.events.school import StaffLeft

LAST = date(2026, 11, 19)


def test_last_day_is_recorded(desk):
    """The row that was open ends."""
    recorded = desk.recorded(LeaveStaff(staff_id="head", last_day=LAST))
    assert recorded == [("staff:head", StaffLeft(until=LAST))]


def test_who_has_left_cannot_be_named(desk):
    """Not even by a row from before a change of title."""
    desk.do(ChangeStaff(staff_id="mm", job_title="Head of Year", from_=date(2026, 11, 1)))
    desk.do(LeaveStaff(staff_id="mm", last_day=LAST))
    term = SetTerm(name="Spring 1", first=date(2027, 1, 4), last=date(2027, 2, 12))
    assert desk.refused(term).code == "author-not-on-staff"


def test_repeated_leaving_records_nothing(desk):
    """The same last day again is no news."""
    desk.do(LeaveStaff(staff_id="head", last_day=LAST))
    assert desk.do(LeaveStaff(staff_id="head", last_day=LAST)).header is None


def test_earlier_last_day_replaces_a_later_one(desk):
    """Plans of leaving change."""
    desk.do(LeaveStaff(staff_id="head", last_day=date(2026, 12, 18)))
    recorded = desk.recorded(LeaveStaff(staff_id="head", last_day=LAST))
    assert recorded == [("staff:head", StaffLeft(until=LAST))]


def test_day_before_the_latest_title_is_refused(desk):
    """Nobody leaves before the title they hold begins."""
    desk.do(ChangeStaff(staff_id="head", job_title="Principal"))
    command = LeaveStaff(staff_id="head", last_day=date(2026, 11, 1))
    assert desk.refused(command).code == "staff-later-row"


def test_unknown_id_is_refused(desk):
    """Nobody to leave."""
    assert desk.refused(LeaveStaff(staff_id="zz", last_day=LAST)).code == "staff-unknown"
