"""attendance relation record: what a parent is to a pupil."""

from datetime import date

import pytest

from commands.roll.families import RecordParent, RecordRelation
from ledger.events.roll import AdmissionAmended, RelationRecorded


def record(**fields):
    given = {"parent_id": "Q1", "pupil": "P1", "relationship": "mother", "lives_with": "yes"}
    return RecordRelation(**(given | fields))


@pytest.fixture
def parent(desk):
    """Ada's mother is known."""
    desk.do(RecordParent(parent_id="Q1", surname="Quill"))
    return desk


def test_relation_is_recorded(parent):
    """What is not known stays empty."""
    command = record(contact_order=1, from_=date(2026, 9, 2))
    assert parent.recorded(command) == [
        (
            f"relation:{parent.id('P1')}:Q1",
            RelationRecorded(
                relationship="mother", lives_with="yes", contact_order=1, since=date(2026, 9, 2)
            ),
        )
    ]


def test_what_is_not_given_stays_and_an_empty_text_clears(parent):
    """A flag may become not known again."""
    parent.do(record(care="yes"))
    changed = RecordRelation(
        parent_id="Q1", pupil="P1", lives_with="", no_contact="yes", reason="court order"
    )
    [(_, event), *_] = parent.recorded(changed)
    assert event == RelationRecorded(relationship="mother", care="yes", no_contact="yes")


def test_repeated_relation_records_nothing(parent):
    """The same relation again is no news, also one of which nothing is known."""
    bare = RecordRelation(parent_id="Q1", pupil="P2")
    for command in (record(), bare):
        assert parent.do(command).header is not None
        assert "nothing was recorded" in parent.do(command).says[0]


def test_what_changes_is_amended_with_the_statutory_five(parent):
    """Numbers and dates are written as text, on the relation's own stream."""
    parent.do(record(contact_order=1))
    changed = record(contact_order=2, to=date(2026, 12, 1), reason="moved out")
    (_, *amended) = parent.recorded(changed)
    shared = {
        "reason": "moved out",
        "by": "mm",
        "name": "Mo Marsh",
        "job_title": "Attendance Officer",
    }
    assert [stream for stream, _ in amended] == [f"relation:{parent.id('P1')}:Q1"] * 2
    assert [event for _, event in amended] == [
        AdmissionAmended(field="contact_order", original="1", amended="2", **shared),
        AdmissionAmended(field="until", original=None, amended="2026-12-01", **shared),
    ]


def test_a_change_without_a_reason_is_refused(parent):
    """Who has care of a pupil is not changed without saying why."""
    parent.do(record())
    refusal = parent.refused(record(lives_with="no"))
    assert (refusal.code, "lives with" in refusal.what) == ("reason-missing", True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"parent_id": "Q2"}, "parent-unknown"),
        ({"pupil": "nobody"}, "pupil-unknown"),
        ({"care": "sometimes"}, "yes-or-no"),
        ({"from_": date(2026, 9, 2), "to": date(2026, 9, 1)}, "dates-reversed"),
    ],
)
def test_relation_that_cannot_be_is_refused(parent, fields, code):
    """Nobody's, neither yes nor no, or backwards."""
    assert parent.refused(record(**fields)).code == code
