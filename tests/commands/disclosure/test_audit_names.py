"""Names looked up in an audit: whoever looks is on record, and has a role for it."""

from datetime import date

import pytest

from commands.disclosure.subject_access import ShowNames
from commands.school.staff import AddStaff
from ledger.events.disclosure import NamesShown
from tests.commands.conftest import Desk

LOOK = ShowNames(reason="Governors asked about the week before census")


@pytest.fixture
def head(desk):
    """The head, in front of the ledger."""
    return Desk(desk.folder, desk.now, "head")


def test_who_looked_and_why_is_recorded(head):
    """With name and title as they are today, and how far the log had come."""
    before = head.folder.head()
    [(stream, event)] = head.recorded(LOOK)
    assert stream == "audit:school"
    assert event == NamesShown(
        reason="Governors asked about the week before census",
        seen_at=before,
        by="head",
        name="Hal Hope",
        job_title="Head Teacher",
    )


def test_the_same_reason_again_is_another_look(head):
    """Each look counts."""
    assert len(head.recorded(LOOK)) == len(head.recorded(LOOK)) == 1


@pytest.mark.parametrize("role", ["auditor", "authoriser", "trust"])
def test_roles_that_answer_for_a_register_may_look(desk, role):
    """Besides the head."""
    add = AddStaff(staff_id="x1", name="Ada Quill", job_title="Trust Lead", role=(role,))
    desk.do(add)
    assert Desk(desk.folder, desk.now, "x1").do(LOOK).says == (
        "recorded that names were looked up, and why",
    )


def test_somebody_without_such_a_role_is_refused(desk):
    """The attendance officer has none; the roles that may are named."""
    refused = desk.refused(LOOK)
    assert refused.code == "not-authorised"
    assert "auditor, authoriser, head, trust" in refused.what


def test_where_no_role_is_on_record_nobody_is_refused(empty):
    """A ledger that knows no role cannot tell."""
    add = AddStaff(staff_id="mm", name="Mo Marsh", job_title="Clerk", from_=date(2026, 1, 1))
    empty.do(add)
    empty.staff_id = "mm"
    assert empty.do(LOOK).header is not None


@pytest.mark.parametrize(("staff_id", "reason", "code"), [
    (None, "why", "author-missing"), ("head", "  ", "reason-missing"),
])  # fmt: skip
def test_a_look_without_a_name_or_a_reason_is_refused(desk, staff_id, reason, code):
    """Both belong to it."""
    desk.staff_id = staff_id
    assert desk.refused(ShowNames(reason=reason)).code == code
