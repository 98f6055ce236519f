"""Roles given where nobody could give them are told by status, changes and audit."""

from datetime import date

import pytest

from ledger.events import streams
from ledger.events.school import RolesChanged
from ledger.store.facts import Fact
from projections.audit.audit import Audit
from projections.history.changes import Changes
from projections.school.status import Status
from tests.projections.ledgers import STAFF, instant

AT, ON = instant(2025, 9, 8, 9), date(2025, 9, 8)
BY = {"by": STAFF, "name": "Mrs Register", "job_title": "Officer"}
REASON = "The governors appointed nobody yet"


def appointed(**more):
    event = RolesChanged(given=("head",), since=ON, vacant=True, reason=REASON, **more)
    return Fact(streams.staff("s9"), event)


@pytest.fixture
def book(school):
    """A school in which a role was given so, and another as it should be."""
    usual = RolesChanged(given=("teacher",), since=ON, **BY)
    school.at = school.add(AT, appointed(**BY), Fact(streams.staff("s8"), usual)) - 1
    return school


def text(answer):
    lines = [line for block in answer.blocks for line in getattr(block, "lines", ())]
    lines += [str(note) for block in answer.blocks for note in getattr(block, "notes", ())]
    return " ".join(" ".join(lines).split())


def said(at):
    return f"entry {at} of 2025-09-08: nobody was head or authoriser, and the role head was given"


def test_whom_why_and_by_whom_are_told(book):
    """By status and changes, in the document too; what was given as it should be is not."""
    whole = f"{said(book.at)} all the same, to s9 by {STAFF}: {REASON}"
    row = {"position": book.at, "roles": ["head"], "staff_id": "s9", "reason": REASON, "by": STAFF}
    for question in (Status(on=ON), Changes(on=ON)):
        answer = book.ask(question)
        assert whole in text(answer)
        [found] = answer.document["appointed"]
        assert found.pop("recorded_at") == "2025-09-08T09:00:00Z"
        assert found == row


def test_an_audit_tells_it_without_names(book):
    """With them where they are asked for."""
    answer = book.ask(Audit(on=ON))
    assert said(book.at) in text(answer)
    assert REASON not in text(answer)
    assert [set(each) for each in answer.document["appointed"]] == [
        {"position", "recorded_at", "roles"}
    ]
    assert REASON in text(book.ask(Audit(on=ON, names=True, reason="Asked by a governor")))


def test_nobody_named_is_said(school):
    """Where nobody was on the staff."""
    school.add(AT, appointed())
    assert f"to s9 by nobody named: {REASON}" in text(school.ask(Status(on=ON)))


def test_nothing_is_said_where_there_is_none(school):
    for question in (Status(on=ON), Changes(on=ON), Audit(on=ON)):
        assert "appointed" not in school.ask(question).document


def test_it_is_told_as_known_at_a_time(book):
    assert "appointed" not in book.ask(Status(on=ON, position=book.at - 1)).document
