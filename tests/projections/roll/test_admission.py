"""`admission`: amendments of the admission register, with the law's five and how told."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import replace
from ledger.events.roll import (
    AdmissionAmended,
    DetailsAmended,
    ParentRecorded,
    PupilRemoved,
    RelationRecorded,
)
from ledger.store.facts import Fact
from projections.roll.admission import Admission
from tests.projections.history.examples import CLERK, ON
from tests.projections.ledgers import enrolled, instant

MOTHER = Fact(streams.relation("m1", "ann"), RelationRecorded(relationship="mother"))


def parent(event, name="m1"):
    """A fact of a parent."""
    return Fact(streams.parent(name), event)


@pytest.fixture
def amended(school):
    """Ann's address, her mother's telephone, and whom she lives with; Bob's name elsewhere."""
    address = DetailsAmended(field="address", original="1 Fen", amended="2 Fen", reason="moved",
                             **CLERK)  # fmt: skip
    school.add(
        instant(2025, 9, 8, 9),
        parent(ParentRecorded(surname="Able", phone="1")),
        MOTHER,
        Fact(streams.relation("m1", "bob"), RelationRecorded(relationship="aunt")),
        Fact(streams.pupil("ann"), address),
    )
    school.add(
        instant(2025, 9, 9, 22, 30),
        parent(ParentRecorded(surname="Able", phone="2")),
        parent(AdmissionAmended(field="phone", original="1", amended="2", reason="new", **CLERK)),
    )
    lives = AdmissionAmended(field="lives_with", original=None, amended="yes", reason="told",
                             **CLERK)  # fmt: skip
    school.add(
        instant(2025, 9, 9, 23, 30),
        Fact(streams.relation("m1", "ann"), RelationRecorded(relationship="mother",
                                                             lives_with="yes")),
        Fact(streams.relation("m1", "ann"), lives),
    )  # fmt: skip
    return school


def rows(book, **asked):
    """The rows known."""
    return book.ask(Admission(**ON | asked)).rows()


def test_each_amendment_has_the_five_and_says_whose_it_is(amended):
    """The pupil's, the parent's and the relation's; a record stated whole beside adds nothing."""
    found = rows(amended)
    assert [(r["about"], r["upns"], r["field"], r["original"], r["amended"]) for r in found] == [
        ("pupil", ["U-ann"], "address", "1 Fen", "2 Fen"),
        ("parent", ["U-ann", "U-bob"], "phone", "1", "2"),
        ("relation", ["U-ann"], "lives_with", None, "yes"),
    ]
    assert {r["kind"] for r in found} == {"amendment"}
    assert found[1]["by"] == {
        "name": "Mrs Then",
        "job_title": "Clerk",
        "authenticated": "operating-system account; name as stated",
    }


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"pupil": "U-bob"}, ["phone"]),
        ({"pupil": "U-cy"}, []),
        ({"field": "address"}, ["address"]),
        ({"kind": "restated"}, []),
        ({"changed_from": date(2025, 9, 9)}, ["phone", "lives_with"]),
        ({"changed_from": date(2025, 9, 10)}, ["lives_with"]),
        ({"changed_to": date(2025, 9, 9)}, ["address", "phone"]),
        ({"changed_from": date(2025, 9, 10), "changed_to": date(2025, 9, 10)}, ["lives_with"]),
        ({"known_at": "2025-09-08"}, ["address"]),
    ],
)
def test_filters_narrow_them(amended, asked, fields):
    """By pupil, detail, kind and London date: 23:30 in summer time is the day after in UTC + 1."""
    assert [r["field"] for r in rows(amended, **asked)] == fields


def test_a_detail_that_a_source_restates_is_shown_as_its(school):
    """A parent and a pupil stated otherwise by another system: no author, no reason of ours."""
    first = ParentRecorded(surname="Able", phone="1", row=2)
    school.add(instant(2025, 9, 8), parent(first), MOTHER, imported=True)
    again = ParentRecorded(surname="Able", phone="2", row=2)
    detail = DetailsAmended(field="address", original=None, amended="2 Fen", row=2,
                            stated=instant(2025, 9, 8, 12))  # fmt: skip
    school.add(
        instant(2025, 9, 9), parent(again), Fact(streams.pupil("ann"), detail), imported=True
    )
    found = rows(school)
    assert [(r["field"], r["kind"], r["source"], r["reason"], r["by"]) for r in found] == [
        ("phone", "restated", "other-system", None, None),
        ("address", "restated", "other-system", None, None),
    ]
    assert [r["stated_at"] for r in found] == [None, "2025-09-08T12:00:00Z"]
    dated = rows(school, changed_from=date.min)
    assert [r["field"] for r in dated] == ["address"]
    cells = school.ask(Admission(**ON)).blocks[0].rows
    by = "import of other-system by Mrs Register, Officer (s1, account office)"
    assert cells[0][2:] == (
        "restated by its source (other-system)", "1", "2", "not stated", "not stated",
        f"not stated; {by} on 2025-09-09 01:00",
    )  # fmt: skip


def test_a_detail_stated_anew_without_a_reason_is_not_hidden(school):
    """A pupil who returns under another name: no amendment says why, and the answer says so."""
    again = enrolled("ann", date(2025, 11, 3), surname="Bell", forename="Ann")
    school.add(instant(2025, 9, 10), again)
    (row,) = rows(school)
    assert (row["kind"], row["field"], row["original"], row["amended"]) == (
        "stated_anew", "surname", "Able", "Bell",
    )  # fmt: skip
    assert (row["reason"], row["by"]["name"]) == (None, "Mrs Register")


def test_a_last_day_that_was_changed_is_shown_and_a_first_one_is_not(school):
    """Leaving is no amendment of an entry; another last day, or another ground, is."""
    left = PupilRemoved(starts_on=date(2025, 9, 3), leaves_on=date(2025, 12, 1), ground="a")
    later = PupilRemoved(starts_on=date(2025, 9, 3), leaves_on=date(2025, 12, 2), ground="a")
    school.add(instant(2025, 9, 10), Fact(streams.pupil("bob"), left))
    assert not rows(school)
    school.add(instant(2025, 9, 11), Fact(streams.pupil("bob"), later))
    (row,) = rows(school)
    assert (row["field"], row["original"], row["amended"], row["kind"]) == (
        "leaves_on", "2025-12-01", "2025-12-02", "stated_anew",
    )  # fmt: skip


def test_a_flag_amended_with_its_spell_stated_again_is_one_amendment(school):
    """The spell ends and begins anew within the transaction; only the flag has changed."""
    stream = streams.pupil("bob")
    left = PupilRemoved(starts_on=date(2025, 9, 3), leaves_on=date(2025, 12, 1), ground="a")
    school.add(instant(2025, 9, 10), Fact(stream, left))
    flag = DetailsAmended(field="boarder", original="no", amended="yes", reason="boards", **CLERK)
    again = enrolled("bob", date(2025, 9, 3), surname="Baker", forename="Robert", name_used="Bob",
                     boarder=True)  # fmt: skip
    school.add(instant(2025, 9, 11), Fact(stream, flag), again, Fact(stream, left))
    (row,) = rows(school)
    assert (row["field"], row["original"], row["amended"]) == ("boarder", "no", "yes")
    school.add(instant(2025, 9, 12), replace_boarder(again), Fact(stream, left), imported=True)
    assert [(r["field"], r["kind"], r["amended"]) for r in rows(school)[1:]] == [
        ("boarder", "restated", "no")
    ]


def replace_boarder(fact):
    """The enrolment without the flag."""
    return Fact(fact.stream, replace(fact.event, boarder=False))


def test_whose_and_by_whom_stand_in_the_table(amended):
    """For reading."""
    cells = amended.ask(Admission(**ON)).blocks[0].rows
    assert [row[0] for row in cells] == [
        "U-ann",
        "parent m1 (of U-ann, U-bob)",
        "parent m1 (relation to U-ann)",
    ]
    assert cells[1][3:] == ("1", "2", "new", "2025-09-09 23:30", "Mrs Then, Clerk")


def test_a_confidential_address_of_a_parent_is_not_put_on_paper(school):
    """In the document it is marked; a parent's other details and other parents' are shown."""
    stated = ParentRecorded(surname="Able", address="2 Fen", address_confidential="yes")
    moved = AdmissionAmended(field="address", original=None, amended="2 Fen", reason="r", **CLERK)
    phone = AdmissionAmended(field="phone", original="1", amended="2", reason="r", **CLERK)
    school.add(instant(2025, 9, 8), parent(stated), MOTHER, parent(moved), parent(phone))
    answer = school.ask(Admission(**ON))
    told = [(r["field"], r["amended"], r["confidential"]) for r in answer.rows()]
    assert told == [("address", "2 Fen", True), ("phone", "2", False)]
    assert [row[3:5] for row in answer.blocks[0].rows] == [
        ("(none)", "[confidential]"),
        ("1", "2"),
    ]


def test_dates_in_the_wrong_order_are_refused(amended):
    """The earlier comes first."""
    with pytest.raises(Refused) as caught:
        rows(amended, changed_from=date(2025, 9, 10), changed_to=date(2025, 9, 9))
    assert caught.value.code == "dates-reversed"
