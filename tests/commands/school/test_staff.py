"""attendance staff add: who may be named as author."""

from datetime import date

import pytest

from commands.register.take import MarkSession
from commands.school.staff import AddStaff
from ledger.events.school import StaffJoined
from ledger.values import parse_session


def add(**fields):
    given = {"staff_id": "tt", "name": "Tam Tutor", "job_title": "Teacher"}
    return AddStaff(**(given | fields))


def test_member_of_staff_is_recorded(desk):
    """Name, title, roles and first day."""
    command = add(role=("teacher", "authoriser", "teacher"), from_=date(2026, 11, 1))
    assert desk.recorded(command) == [
        (
            "staff:tt",
            StaffJoined(
                name="Tam Tutor",
                job_title="Teacher",
                roles=("teacher", "authoriser"),
                since=date(2026, 11, 1),
            ),
        )
    ]


def test_new_member_of_staff_can_record(desk):
    """From the first day they can be named with --as."""
    desk.do(add(from_=date(2026, 11, 23)))
    desk.staff_id = "tt"
    mark = MarkSession(pupil="P1", session=parse_session("2026-11-20/AM"), code="N")
    assert desk.refused(mark).code == "author-not-on-staff"
    assert desk.at("2026-11-23T09:00").do(mark).header is not None


def test_first_member_of_staff_needs_nobody_to_add_them(empty):
    """A ledger without staff can begin."""
    empty.do(add())
    assert empty.refused(add(staff_id="uu")).code == "author-missing"


def test_known_id_is_refused_naming_change(desk):
    """Repeating it is refused; a new title is a change."""
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
