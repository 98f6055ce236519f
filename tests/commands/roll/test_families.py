"""attendance parent record: parents and other contacts."""

import pytest

from commands.roll.families import RecordParent
from ledger.events.roll import AdmissionAmended, ParentRecorded


def record(**fields):
    return RecordParent(**({"parent_id": "Q1", "surname": "Quill", "phone": "01"} | fields))


def test_parent_is_recorded(desk):
    """Under the school's own id."""
    assert desk.recorded(record(address_confidential="yes", dob="1985-02-03")) == [
        (
            "parent:Q1",
            ParentRecorded(
                surname="Quill", phone="01", dob="1985-02-03", address_confidential="yes"
            ),
        )
    ]


def test_what_is_not_given_stays_and_an_empty_text_clears(desk):
    """One detail changes, the others are stated again."""
    desk.do(record(forename="Jo", email="jo@example.org"))
    changed = RecordParent(parent_id="Q1", phone="02", email="", reason="new telephone")
    [(_, event), *_] = desk.recorded(changed)
    assert event == ParentRecorded(surname="Quill", forename="Jo", phone="02")


def test_a_first_recording_amends_nothing(desk):
    """Neither is a reason needed, nor is an amendment recorded where one is given."""
    [(_, event)] = desk.recorded(record(reason="told at the door"))
    assert event == ParentRecorded(surname="Quill", phone="01")


def test_each_detail_changed_is_amended_with_the_statutory_five(desk):
    """Original, amended, reason, name and title, on the parent's own stream (reg 6(1))."""
    desk.do(record(email="jo@example.org"))
    changed = RecordParent(parent_id="Q1", phone="02", email="", title="Dr", reason=" told us ")
    recorded = desk.recorded(changed)
    assert {stream for stream, _ in recorded} == {"parent:Q1"}
    shared = {
        "reason": "told us",
        "by": "mm",
        "name": "Mo Marsh",
        "job_title": "Attendance Officer",
    }
    amended = {event.field: event for _, event in recorded[1:]}
    assert amended == {
        "phone": AdmissionAmended(field="phone", original="01", amended="02", **shared),
        "email": AdmissionAmended(
            field="email", original="jo@example.org", amended=None, **shared
        ),
        "title": AdmissionAmended(field="title", original=None, amended="Dr", **shared),
    }


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_change_without_a_reason_is_refused(desk, reason):
    """It would amend the admission register; what it would change is named."""
    desk.do(record())
    refusal = desk.refused(
        RecordParent(parent_id="Q1", phone="02", dob="1985-02-03", reason=reason)
    )
    assert refusal.code == "reason-missing"
    assert "phone" in refusal.what
    assert "dob" in refusal.what
    assert "surname" not in refusal.what


def test_repeated_record_records_nothing(desk):
    """The same details again are no news."""
    desk.do(record())
    assert "nothing was recorded" in desk.do(record()).says[0]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"surname": None}, "surname-missing"),
        ({"parent_id": "a:b"}, "id-form"),
        ({"address_confidential": "perhaps"}, "yes-or-no"),
        ({"dob": "1985"}, "date"),
    ],
)
def test_record_that_cannot_be_is_refused(desk, fields, code):
    """No name, no id, neither yes nor no, no date."""
    assert desk.refused(record(**fields)).code == code
