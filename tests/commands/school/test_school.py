"""attendance school set: whose register the ledger is."""

import pytest

from commands.school.school import SetSchool
from commands.school.staff import AddStaff
from ledger.events.school import SchoolOpened

WHOLE = {
    "urn": "123456",
    "name": "Example High School",
    "la_code": "887",
    "estab": "4001",
    "type": "academy",
    "phase": "secondary",
}


def test_what_is_not_given_stays(desk):
    """A new name needs nothing else."""
    recorded = desk.recorded(SetSchool(name="Example Academy"))
    assert recorded == [("calendar", SchoolOpened(**(WHOLE | {"name": "Example Academy"})))]


def test_repeated_details_record_nothing(desk):
    """The same school again is no news."""
    assert "nothing was recorded" in desk.do(SetSchool(**WHOLE)).says[0]


def test_first_time_every_detail_is_needed(empty):
    """A school without its number is refused."""
    empty.do(AddStaff(staff_id="mm", name="Mo Marsh", job_title="Attendance Officer"))
    empty.staff_id = "mm"
    refused = empty.refused(SetSchool(**(WHOLE | {"la_code": None})))
    assert (refused.code, refused.remedy) == ("la-code-missing", "give it with --la-code")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": "castle"}, "type-unknown"),
        ({"phase": "tertiary"}, "phase-unknown"),
        ({"urn": "12345"}, "urn-form"),
        ({"la_code": "88x"}, "la-code-form"),
        ({"estab": "40012"}, "estab-form"),
    ],
)
def test_unknown_details_are_refused(desk, fields, code):
    """Only the types and phases of the contract, and numbers of the right length."""
    assert desk.refused(SetSchool(**fields)).code == code
