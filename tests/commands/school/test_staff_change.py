"""attendance staff change: titles and roles over time."""

from datetime import date

from commands.amending.amend import AmendMarks
from commands.register.take import MarkSession
from commands.school.staff import ChangeStaff, LeaveStaff
from ledger.events.school import StaffChanged, StaffLeft
from ledger.values import parse_session

NOVEMBER = date(2026, 11, 1)


def change(**fields):
    return ChangeStaff(**({"staff_id": "mm", "job_title": "Head of Year"} | fields))


def test_change_ends_the_row_before_and_keeps_what_is_not_given(desk):
    """The name stays, the title is new from the day."""
    assert desk.recorded(change(from_=NOVEMBER, role=("teacher",))) == [
        ("staff:mm", StaffLeft(until=date(2026, 10, 31))),
        (
            "staff:mm",
            StaffChanged(
                name="Mo Marsh", job_title="Head of Year", roles=("teacher",), since=NOVEMBER
            ),
        ),
    ]


def test_change_is_from_today_when_no_day_is_given(desk):
    """The new title goes with amendments from then on."""
    desk.do(change())
    desk.do(MarkSession(pupil="P1", session=parse_session("2026-11-19/AM"), code="N"))
    amend = AmendMarks(pupil="P1", session=parse_session("2026-11-19/AM"), code="I", reason="call")
    [(_, event)] = desk.recorded(amend)
    assert event.job_title == "Head of Year"


def test_repeated_change_records_nothing(desk):
    """The same title again is no news."""
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
    assert (event.name, event.job_title, event.roles) == (
        "Hal Hope-Hill",
        "Head Teacher",
        ("head",),
    )


def test_day_before_a_later_row_is_refused(desk):
    """History is not rewritten underneath what follows."""
    desk.do(change(from_=NOVEMBER))
    assert desk.refused(change(from_=date(2026, 10, 1))).code == "staff-later-row"


def test_unknown_id_is_refused(desk):
    """Nobody to change."""
    assert desk.refused(change(staff_id="zz")).code == "staff-unknown"


def test_blank_name_is_refused(desk):
    """A name may change, not vanish."""
    assert desk.refused(change(name="")).code == "name-missing"
