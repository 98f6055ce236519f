"""What whoever imports by name may record by a file: what they may record without one."""

import pytest

from commands.exchange.portable.acts import _ACTS
from ledger.events.base import SourcedEvent
from ledger.events.registry import EVENTS
from policies.packs.roles import acts
from tests.commands.exchange.portable.conftest import ADA, CLEO

CASES = {
    "staff": (
        "staff.csv", "T01,Tariq Tutor,Teacher", "T01,Tara Tutor,Headteacher",
        "record who is on the staff",
    ),
    "notices": (
        "notices.csv", "2026-07-20,,paid", "2026-07-20,2026-07-21,withdrawn",
        "record a penalty notice",
    ),
    "calendar": (
        "school.toml", "closes = 08:55:00", "closes = 08:46:00",
        "record the school and its calendar",
    ),
    "admission": ("pupils.csv", "2013-06-30", "2012-06-30", "amend the admission register"),
}  # fmt: skip


ANYBODY = {
    "SessionMarked", "MarkCorrected", "MarkAmended", "SourceRestated", "SourceConflicted",
    "AbsencePlanned", "PlanChanged", "PlanWithdrawn", "EvidenceGiven", "AmendmentRequested",
    "RequestWithdrawn", "CaseworkStepTaken", "CaseworkStepCorrected", "MarksUncounted",
}  # fmt: skip
"""What anybody on the staff may record by hand, or what no command records: marks and plans,
what is asked for, steps of casework, what a change did to marks."""
BY_ITSELF = {"PolicyAdopted"}
"""Asked for apart (`authority.check_policies`)."""


def test_each_fact_that_a_file_may_state_is_asked_for_by_an_act_or_is_anybodys():
    """A kind that is added is open to nobody before somebody has said so."""
    stated = {kind.__name__ for kind in EVENTS.values() if issubclass(kind, SourcedEvent)}
    assert stated - {kind.__name__ for kind in _ACTS} == ANYBODY | BY_ITSELF


def test_each_act_is_a_row_of_the_table():
    assert {words for words, _ in _ACTS.values()} <= acts().by_command.keys()


@pytest.mark.parametrize("stated", CASES.values(), ids=CASES)
def test_a_teacher_changes_by_a_file_what_a_teacher_may_change(known, changed, stated):
    """Refused before anything is recorded, naming the file and who may; an officer may."""
    file, old, new, may = stated
    folder, head = changed(file, (old, new)), known.head()
    refused = known.by("T01").refused_import(folder)
    assert refused.code == "not-authorised"
    assert f"may {may}: head, " in refused.what
    assert f"({file}" in refused.what
    assert known.head() == head
    known.by("A01").bring(folder)
    assert known.head() > head


def test_a_teacher_brings_marks_and_families(known, changed, top_up):
    """As by hand."""
    folder = changed("relations.csv", ("father,no,yes,2,no", "father,yes,yes,1,yes"))
    assert known.by("T01").brought(folder).found == {"RelationRecorded": 1}
    mark = f"{CLEO},2026-11-20,AM,I,,,,T01,2026-11-20T08:51:00Z\n"
    assert known.by("T01").brought(top_up(mark)).found == {"SourceRestated": 1}


def test_findings_are_accepted_by_whoever_puts_the_register_right(known, changed):
    """A teacher who names themselves does not accept them; the officer does."""
    row = f"{ADA},2026-11-16,AM,X,,,,T01,2026-11-16T08:50:00Z\n"
    folder = changed("marks.csv", less=(f"{ADA},2026-11-16,AM",), more=row)
    refused = known.by("T01").refused_import(folder, accept_findings=True)
    assert refused.code == "not-authorised"
    assert "may accept the findings of an import: head, authoriser" in refused.what
    known.by("A01").bring(folder, accept_findings=True)
