"""attendance pupil merge: two records of one pupil become one."""

from datetime import date

import pytest

from commands.register.take import MarkSession
from commands.roll.correct import MergePupils
from commands.roll.enrol import EnrolPupil
from ledger.events.register import SessionMarked
from ledger.events.roll import EnrolmentWithdrawn
from ledger.values import parse_session
from tests.commands.conftest import upn


def merge(**fields):
    given = {"duplicate": "D1", "into": "P1", "reason": "entered twice"}
    return MergePupils(**(given | fields))


@pytest.fixture
def twice(desk):
    """Ada was entered a second time as D1, and both records have marks."""
    desk.do(
        EnrolPupil(
            upn=upn(9), local_id="D1", surname="Quil", forename="Ada", dob=date(2014, 10, 1),
            starts_on=date(2026, 11, 2),
        )
    )  # fmt: skip
    for pupil, name, code, nature in (
        ("D1", "2026-11-16/AM", "B", "taster day"),
        ("D1", "2026-11-16/PM", "N", None),
        ("P1", "2026-11-16/PM", "N", None),
        ("D1", "2026-11-17/AM", "L", None),
        ("P1", "2026-11-17/AM", "/", None),
    ):
        desk.do(MarkSession(pupil=pupil, session=parse_session(name), code=code, nature=nature))
    return desk


def test_duplicate_is_withdrawn_in_favour_of_the_survivor(twice):
    """Each spell, with the reason and who decided."""
    (stream, event), *_ = twice.recorded(merge())
    assert stream == f"pupil:{twice.id('D1')}"
    assert event == EnrolmentWithdrawn(
        starts_on=date(2026, 11, 2),
        survivor=twice.id("P1"),
        reason="entered twice",
        by="mm",
        name="Mo Marsh",
        job_title="Attendance Officer",
    )


def test_marks_that_only_the_duplicate_has_become_late_entries(twice):
    """The reason names the merge."""
    facts = twice.recorded(merge())
    [(stream, entry)] = [f for f in facts if isinstance(f[1], SessionMarked)]
    assert stream == f"mark:{twice.id('P1')}:2026-11-16/AM"
    assert entry == SessionMarked(
        code="B",
        late=True,
        nature="taster day",
        reason="merged from a duplicate record: entered twice",
        by="mm",
    )


def test_where_both_have_marks_the_survivors_stands_and_is_listed(twice):
    """Nothing is decided silently."""
    assert twice.do(merge()).says == (
        "Ada Quill: merged, 1 marks carried over",
        "2026-11-17/AM: / stands, L was the duplicate's",
    )


def test_repeated_merge_is_refused(twice):
    """The record was withdrawn already."""
    twice.do(merge())
    assert twice.refused(merge()).code == "record-withdrawn"


def test_survivor_must_be_on_roll_for_the_marks(twice):
    """Otherwise the merge goes the other way round."""
    twice.do(MarkSession(pupil="P1", session=parse_session("2026-09-03/AM"), code="/"))
    refused = twice.refused(merge(duplicate="P1", into="D1"))
    assert refused.code == "not-on-roll"
    assert "from 2026-09-03 to 2026-09-03" in refused.what


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"into": "D1"}, "same-pupil"),
        ({"into": upn(9)}, "same-pupil"),
        ({"into": "nobody"}, "pupil-unknown"),
        ({"reason": ""}, "reason-missing"),
    ],
)
def test_merge_that_cannot_be_is_refused(twice, fields, code):
    """One record, nobody's record, no reason."""
    assert twice.refused(merge(**fields)).code == code
