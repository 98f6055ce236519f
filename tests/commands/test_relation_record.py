"""attendance relation record: what a parent is to a pupil."""

from datetime import date

import pytest

from commands.parent_record import RecordParent
from commands.relation_record import RecordRelation
from ledger.events.people import RelationRecorded


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
    changed = RecordRelation(parent_id="Q1", pupil="P1", lives_with="", no_contact="yes")
    [(_, event)] = parent.recorded(changed)
    assert event == RelationRecorded(relationship="mother", care="yes", no_contact="yes")


def test_repeated_relation_records_nothing(parent):
    """The same relation again is no news, also one of which nothing is known."""
    bare = RecordRelation(parent_id="Q1", pupil="P2")
    for command in (record(), bare):
        assert parent.do(command).header is not None
        assert "nothing was recorded" in parent.do(command).says[0]


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
