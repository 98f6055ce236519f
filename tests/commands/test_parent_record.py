"""attendance parent record: parents and other contacts."""

import pytest

from commands.parent_record import RecordParent
from ledger.events.people import ParentRecorded


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
    [(_, event)] = desk.recorded(RecordParent(parent_id="Q1", phone="02", email=""))
    assert event == ParentRecorded(surname="Quill", forename="Jo", phone="02")


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
