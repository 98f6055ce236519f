"""Parents and other contacts, and what each is to a pupil."""

from datetime import date

import pytest

from commands.roll.families import RecordParent, RecordRelation
from ledger.events.roll import AdmissionAmended, ParentRecorded, RelationRecorded
from tests.commands.conftest import MO


def record(**fields):
    return RecordParent(**({"parent_id": "Q1", "surname": "Quill", "phone": "01"} | fields))


def test_parent_is_recorded(desk):
    """Under the school's own id; the same details again are no news."""
    more = {"address_confidential": "yes", "dob": "1985-02-03"}
    event = ParentRecorded(surname="Quill", phone="01", **more)
    assert desk.recorded(record(**more)) == [("parent:Q1", event)]
    assert "nothing was recorded" in desk.do(record(**more)).says[0]


def test_what_is_not_given_stays_and_an_empty_text_clears(desk):
    """One detail changes, the others are stated again."""
    desk.do(record(forename="Jo", email="jo@example.org"))
    changed = RecordParent(parent_id="Q1", phone="02", email="", reason="new telephone")
    [(_, event), *_] = desk.recorded(changed)
    assert event == ParentRecorded(surname="Quill", forename="Jo", phone="02")


def test_a_first_recording_amends_nothing(desk):
    """Neither is a reason needed, nor is an amendment recorded where one is given."""
    [event] = desk.events(record(reason="told at the door"))
    assert event == ParentRecorded(surname="Quill", phone="01")


def test_each_detail_changed_is_amended_with_the_statutory_five(desk):
    """Original, amended, reason, name and title, on the parent's own stream (reg 6(1))."""
    desk.do(record(email="jo@example.org"))
    changed = RecordParent(parent_id="Q1", phone="02", email="", title="Dr", reason=" told us ")
    recorded = desk.recorded(changed)
    assert {stream for stream, _ in recorded} == {"parent:Q1"}
    amended = {event.field: event for _, event in recorded[1:]}
    assert amended == {
        field: AdmissionAmended(
            field=field, original=original, amended=after, reason="told us", **MO
        )
        for field, original, after in (
            ("phone", "01", "02"), ("email", "jo@example.org", None), ("title", None, "Dr"),
        )
    }  # fmt: skip


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_change_without_a_reason_is_refused(desk, reason):
    """It would amend the admission register; what it would change is named."""
    desk.do(record())
    changed = RecordParent(parent_id="Q1", phone="02", dob="1985-02-03", reason=reason)
    refused = desk.refused(changed, "reason-missing", "phone", "dob")
    assert "surname" not in refused.what


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
    desk.refused(record(**fields), code)


def relate(**fields):
    given = {"parent_id": "Q1", "pupil": "P1", "relationship": "mother", "lives_with": "yes"}
    return RecordRelation(**(given | fields))


@pytest.fixture
def parent(desk):
    """Ada's mother is known."""
    desk.do(RecordParent(parent_id="Q1", surname="Quill"))
    return desk


def test_relation_is_recorded(parent):
    """What is not known stays empty."""
    recorded = parent.recorded(relate(contact_order=1, from_=date(2026, 9, 2)))
    event = RelationRecorded(
        relationship="mother", lives_with="yes", contact_order=1, since=date(2026, 9, 2)
    )
    assert recorded == [(f"relation:{parent.id('P1')}:Q1", event)]


def test_what_is_not_given_of_a_relation_stays_and_an_empty_text_clears(parent):
    """A flag may become not known again."""
    parent.do(relate(care="yes"))
    changed = RecordRelation(
        parent_id="Q1", pupil="P1", lives_with="", no_contact="yes", reason="court order"
    )
    [(_, event), *_] = parent.recorded(changed)
    assert event == RelationRecorded(relationship="mother", care="yes", no_contact="yes")


def test_a_relation_may_be_of_one_day(parent):
    """Its last day is its first."""
    day = date(2026, 9, 2)
    [(_, event)] = parent.recorded(relate(from_=day, to=day))
    assert (event.since, event.until) == (day, day)


def test_repeated_relation_records_nothing(parent):
    """The same relation again is no news, also one of which nothing is known."""
    bare = RecordRelation(parent_id="Q1", pupil="P2")
    for command in (relate(), bare):
        assert parent.do(command).header is not None
        assert "nothing was recorded" in parent.do(command).says[0]


def test_what_changes_is_amended_with_the_statutory_five(parent):
    """Numbers and dates are written as text, on the relation's own stream."""
    parent.do(relate(contact_order=1))
    changed = relate(contact_order=2, to=date(2026, 12, 1), reason="moved out")
    (_, *amended) = parent.recorded(changed)
    shared = {"reason": "moved out", **MO}
    assert [stream for stream, _ in amended] == [f"relation:{parent.id('P1')}:Q1"] * 2
    assert [event for _, event in amended] == [
        AdmissionAmended(field="contact_order", original="1", amended="2", **shared),
        AdmissionAmended(field="until", original=None, amended="2026-12-01", **shared),
    ]


def test_a_changed_relation_without_a_reason_is_refused(parent):
    """Who has care of a pupil is not changed without saying why."""
    parent.do(relate())
    parent.refused(relate(lives_with="no"), "reason-missing", "lives with")


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
    parent.refused(relate(**fields), code)
