"""`notices confirm`: what the authority says that it holds for a parent and child."""

from datetime import date

import pytest

from commands.penalties.notices import ConfirmNotices, RecordNotice
from commands.roll.families import RecordParent
from ledger.events.penalties import NoticesConfirmed


def confirm(**given):
    """A confirmation for F1 and P1."""
    stated = {"parent_id": "F1", "pupil": "P1", "la_ref": "EX/12", "on": date(2026, 11, 19)}
    return ConfirmNotices(**stated | {"notices": 1} | given)


@pytest.fixture
def office(desk):
    """A desk at a school that knows the parent F1."""
    desk.do(RecordParent(parent_id="F1", surname="Quill"))
    return desk


def test_a_confirmation_is_recorded_beside_the_notices(office):
    """With the authority's reference, its number, and who recorded it."""
    ((stream, event),) = office.recorded(confirm())
    assert stream == f"notices:{office.id('P1')}:F1"
    assert event == NoticesConfirmed(
        la_ref="EX/12", confirmed_on=date(2026, 11, 19), notices=1, by="mm", name="Mo Marsh",
        job_title="Attendance Officer",
    )  # fmt: skip


def test_the_same_again_records_nothing_and_a_notice_between_is_no_matter(office):
    """Another number is another confirmation."""
    days = {"offence_first": date(2026, 9, 14), "offence_last": date(2026, 11, 6)}
    office.do(
        RecordNotice(
            parent_id="F1", pupil="P1", kind="s444A", issued_on=date(2026, 11, 16), **days
        )
    )
    office.do(confirm())
    assert office.recorded(confirm()) == []
    assert len(office.recorded(confirm(notices=2))) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"parent_id": "F9"}, "parent-unknown"),
        ({"pupil": "P9"}, "pupil-unknown"),
        ({"la_ref": " "}, "la-ref-missing"),
        ({"on": date(2026, 11, 21)}, "future"),
    ],
)
def test_what_cannot_be_is_refused(office, given, code):
    """Unknown people, no reference, a day to come."""
    assert office.refused(confirm(**given)).code == code
