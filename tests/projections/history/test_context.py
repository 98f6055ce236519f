"""`history`: what stands beside the versions, and one session as a page for a court."""

import pytest

from ledger.events import streams
from ledger.events.amending import (
    AmendmentApproved,
    AmendmentDeclined,
    AmendmentRequested,
    EvidenceGiven,
)
from ledger.events.disclosure import FieldRedacted
from ledger.events.register import (
    AbsencePlanned,
    MarkCorrected,
    PlanChanged,
    PlanWithdrawn,
    RegisterTaken,
    SourceConflicted,
    SourceRestated,
)
from ledger.events.roll import AdmissionAmended, DetailsAmended, ParentRecorded, RelationRecorded
from ledger.store.facts import Fact
from ledger.values import parse_session
from tests.projections.history.examples import AT, CLERK, HEAD, SESSION, amended, ask, text
from tests.projections.ledgers import instant, marked, on_mark


def batched(**more):
    """An amendment in batch b1."""
    return amended(batch="b1", **more)


def on_approval(event):
    """An event about a requested amendment of Ann's mark."""
    return Fact(streams.approval("ann", SESSION), event)


REQUESTED = AmendmentRequested(
    batch="b1", original="N", code="I", reason="seen ill", grounds=("late", "many"), **CLERK
)


def test_every_form_of_change_is_shown_apart_in_words(school):
    """Plans, entry, correction, amendment, restatement and late entry: six different names."""
    plan = streams.plan("ann", SESSION)
    school.add(AT - 3, Fact(plan, AbsencePlanned(code="C", reason="trip", by="s1")))
    school.add(AT - 2, Fact(plan, PlanChanged(original="C", code="M", by="s1")))
    school.add(AT - 1, Fact(plan, PlanWithdrawn(original="M", by="s1")))
    school.add(AT, marked("ann", SESSION, "N", by="s1"))
    school.add(AT + 1, on_mark("ann", SESSION, MarkCorrected(original="N", code="L", by="s1")))
    school.add(instant(2025, 9, 10), batched(original="L"))
    restated = SourceRestated(original="I", code="M", row=2)
    school.add(instant(2025, 9, 11), on_mark("ann", SESSION, restated), imported=True)
    school.add(instant(2025, 9, 12), marked("ann", "2025-09-08/PM", "/", late=True, by="s1"))
    answer = ask(school)
    assert [row[1] for row in answer.blocks[0].rows] == [
        "absence planned",
        "plan changed before the register was taken",
        "plan withdrawn before the register was taken",
        "entry",
        "corrected during taking",
        "amendment",
        "restated by its source (other-system)",
        "late entry",
    ]
    assert [row["step"] for row in answer.rows()][:4] == ["planned", "changed", "withdrawn", None]
    assert answer.document["sources"] == [{"source": "other-system", "positions": [
        answer.rows()[6]["position"]]}]  # fmt: skip


def test_one_session_reads_as_a_page_with_nothing_cut_off(school):
    """Each version with its meaning, and the amendment with the law's five in full."""
    reason = "His mother rang at ten\nand said that he was ill " + "very " * 60
    school.add(AT, marked("ann", SESSION, "N", by="s1", comment="no call"))
    school.add(instant(2025, 9, 10, 9), batched(reason=reason))
    told = text(ask(school, SESSION))
    assert "Ann Able (U-ann), session 2025-09-08/AM" in told
    assert "Version 2: amendment" in told
    assert "Original entry   N: Reason not yet known" in told
    assert "Amended entry    I: Illness" in told
    assert "and said that he was ill " + "very " * 60 in told
    assert "Wednesday 10 September 2025, 10:00 (2 school days after the session)" in told
    assert "Mrs Then, Clerk (operating-system account; name as stated)" in told
    assert "Comment          no call" in told
    assert "how this register was taken is not recorded" in told
    assert told.rstrip().splitlines()[-1].startswith("Test School")


def test_a_page_of_plans_says_that_they_are_plans(school):
    """What was planned is no entry."""
    plan = streams.plan("ann", SESSION)
    school.add(AT - 3, Fact(plan, AbsencePlanned(code="C", by="s1")))
    school.add(AT - 2, Fact(plan, PlanChanged(original="C", code="M", by="s1")))
    school.add(AT - 1, Fact(plan, PlanWithdrawn(original="M", by="s1")))
    told = text(ask(school, SESSION))
    assert "Planned          C" in told
    assert "Planned now      M" in told
    assert "Entry" not in told


def test_an_unknown_code_and_minutes_stand_on_the_page_as_they_are(school):
    """A code that no rule of the day knows, a nature, and minutes."""
    school.add(
        AT,
        marked("ann", SESSION, "ZZ", minutes_late=7, nature="a trip", row=2),
        imported=True,
    )
    told = text(ask(school, SESSION))
    assert "Entry            ZZ\n" in told
    assert "Minutes late     7" in told
    assert "Nature or cause  a trip" in told
    assert "Date             not stated by its source" in told
    assert "Name             not stated" in told
    assert "imported from other-system" in told


def test_what_a_later_import_states_otherwise_is_nobodys_amendment(school):
    """It says when and by whom it was imported; the teacher whose mark it was did nothing then."""
    at = instant(2025, 9, 8, 9)
    school.add(
        AT + 1, marked("ann", SESSION, "/", by="s2", stated=at, row=2), imported=True, by="s1"
    )
    restated = SourceRestated(original="/", code="I", by="s2", stated=at, row=2)
    school.add(instant(2025, 9, 15, 9), on_mark("ann", SESSION, restated), imported=True, by="s1")
    told = text(ask(school, SESSION))
    page = told[told.index("Version 2") :]
    assert "Stated before    /" in page
    assert "Stated now       I: Illness" in page
    assert "Amended entry" not in page
    said = "its source states it anew in the import of Monday 15 September 2025, 10:00"
    assert (
        f"Date             {said} (5 school days after the session); the mark stated for" in page
    )
    assert "Name             nobody amended it; the mark is by Mr Teacher" in page
    assert (
        "imported from other-system by Mrs Register, Officer (s1, account office), in batch"
        in page
    )
    rows = ask(school).blocks[0].rows
    assert any(cell.startswith("nobody amended it; the mark is by Mr Teacher") for cell in rows[1])
    assert any(
        "imported 2025-09-15 10:00 by Mrs Register, Officer (s1, account" in c for c in rows[1]
    )


def test_a_session_without_anything_says_so(school):
    """No version, no plan."""
    assert "no mark and no plan is recorded" in text(ask(school, SESSION))


def test_an_amendment_without_a_reason_says_that_none_is_stated(school):
    """As a source may leave it out."""
    school.add(AT, marked("ann", SESSION, "N", row=2), batched(reason=None, row=3), imported=True)
    assert "Reason           not stated" in text(ask(school, SESSION))


def test_requests_and_decisions_are_shown_and_the_approver_is_named(school):
    """Requested, approved, and beside the amendment that followed who approved it."""
    school.add(AT, marked("ann", SESSION, "N", by="s1"))
    school.add(instant(2025, 9, 9), on_approval(REQUESTED))
    approved = AmendmentApproved(batch="b1", reason="agreed", **HEAD)
    school.add(instant(2025, 9, 10, 9), on_approval(approved), batched())
    answer = ask(school)
    assert [(r["event"], r["reason"], r["by"]["name"]) for r in answer.document["approvals"]] == [
        ("requested", "seen ill", "Mrs Then"),
        ("approved", "agreed", "Mr Teacher"),
    ]
    assert answer.document["approvals"][0]["grounds"] == ["late", "many"]
    assert "approved by Mr Teacher, Head, 2025-09-10 10:00" in answer.blocks[0].rows[1][5]
    assert "Approved by      Mr Teacher, Head" in text(ask(school, SESSION))
    assert answer.document["batches"][0]["batch"] == "b1"


def test_a_request_is_known_before_its_decision(school):
    """As at the evening of the request nobody had decided; a declined one changed no mark."""
    school.add(AT, marked("ann", SESSION, "N", by="s1"))
    school.add(instant(2025, 9, 9), on_approval(REQUESTED))
    declined = AmendmentDeclined(batch="b1", **HEAD)
    school.add(instant(2025, 9, 10, 9), on_approval(declined))
    events = [r["event"] for r in ask(school).document["approvals"]]
    before = ask(school, known_at="2025-09-09").document["approvals"]
    assert (events, [r["event"] for r in before]) == (["requested", "declined"], ["requested"])
    assert len(ask(school).rows()) == 1


def test_evidence_stands_beside_the_amendments_of_its_batch(school):
    """File, hash, note, whether a copy is kept; that of other batches is not shown."""
    given = EvidenceGiven(file="letter.pdf", sha256="ab" * 32, note="from the clinic", key="k")
    other = EvidenceGiven(note="of another batch")
    noted = EvidenceGiven(note="telephone note")
    school.add(AT, marked("ann", SESSION, "N", by="s1"))
    school.add(
        instant(2025, 9, 10),
        batched(),
        Fact(streams.evidence("ann", "b1"), given),
        Fact(streams.evidence("ann", "b1"), noted),
        Fact(streams.evidence("ann", "b2"), other),
    )
    answer = ask(school)
    shown = answer.document["evidence"]
    assert [(e["file"], e["note"], e["copied"]) for e in shown] == [
        ("letter.pdf", "from the clinic", True),
        (None, "telephone note", False),
    ]
    page = text(ask(school, SESSION))
    assert f"from the clinic; letter.pdf, SHA-256 {'ab' * 32}; a copy is kept" in page
    assert "of another batch" not in page
    assert answer.blocks[1].rows[0][4] == "yes"


def test_takings_of_the_pupils_groups_are_shown(school):
    """Who took it, opened, ended; not of groups that the pupil is not in."""
    session = parse_session(SESSION)
    taken = RegisterTaken(by="s2", opened=AT - 60_000_000, ended=AT, marks=2)
    bare = RegisterTaken(by="s1", ended=AT, marks=1)
    school.add(AT, marked("ann", SESSION, "N", by="s2"))
    school.add(AT + 1, Fact(streams.register("9A", session), taken))
    school.add(AT + 1, Fact(streams.register("9B", session), taken))
    school.add(AT + 2, Fact(streams.register("Y9", session), bare))
    answer = ask(school, SESSION)
    shown = answer.document["takings"]
    assert [(t["group"], t["by"]["name"]) for t in shown] == [
        ("9A", "Mr Teacher"),
        ("Y9", "Mrs Register"),
    ]
    assert shown[0]["opened"] == "2025-09-08T07:49:00Z"
    assert "is not recorded" not in text(answer)
    assert "not recorded" in text(answer)
    assert len(ask(school).document["takings"]) == 2
    assert len(ask(school).blocks) == 1


def test_takings_are_shown_for_reading_only_where_something_changed(school):
    """A term of ordinary registers would bury what matters; the document holds them all."""
    for day in ("2025-09-08/AM", "2025-09-09/AM"):
        school.add(AT, marked("ann", day, "N", by="s2"))
        taken = RegisterTaken(by="s2", ended=AT, marks=2)
        school.add(AT, Fact(streams.register("9A", parse_session(day)), taken))
    school.add(instant(2025, 9, 10), batched())
    answer = ask(school)
    (takings,) = [b for b in answer.blocks if getattr(b, "title", "").startswith("How these")]
    assert [row[0] for row in takings.rows] == [SESSION]
    assert len(answer.document["takings"]) == 2


def test_a_conflict_with_a_source_stays_on_record_once_settled(school):
    """A source states otherwise than a person here; amended again, it is settled."""
    school.add(AT, marked("ann", SESSION, "N", stated=AT, row=2), imported=True)
    school.add(instant(2025, 9, 10), batched())
    conflict = SourceConflicted(stands="I", code="O", stated=AT + 5, row=2)
    undated = SourceConflicted(stands="I", code="M", row=3)
    school.add(instant(2025, 9, 11), on_mark("ann", SESSION, conflict), imported=True)
    assert [c["settled"] for c in ask(school).document["conflicts"]] == [False]
    school.add(instant(2025, 9, 12), on_mark("ann", SESSION, undated), imported=True)
    school.add(instant(2025, 9, 15), batched(original="I", code="M"))
    shown = ask(school).document["conflicts"]
    assert [(c["stands"], c["code"], c["settled"]) for c in shown] == [
        ("I", "O", True),
        ("I", "M", True),
    ]
    assert shown[1]["stated_at"] is None
    assert "other-system" in text(ask(school))
    before = ask(school, known_at="2025-09-11").document["conflicts"]
    assert [c["settled"] for c in before] == [False]


def test_a_redacted_text_says_who_put_it_beyond_use_and_why(school):
    """Named by its event and field, with the reason for the redaction."""
    school.add(AT, marked("ann", SESSION, "N", by="s1"))
    head = school.add(instant(2025, 9, 10), batched())
    redacted = FieldRedacted(position=head, field="reason", reason="third party", **HEAD)
    other = FieldRedacted(position=1, field="reason", reason="elsewhere", **HEAD)
    stream = streams.redaction()
    school.add(instant(2025, 9, 11), Fact(stream, redacted), Fact(stream, other))
    (row,) = ask(school).document["redactions"]
    assert (row["of"], row["field"], row["reason"]) == (head, "reason", "third party")
    assert row["by"]["name"] == "Mr Teacher"
    assert "third party" in text(ask(school, SESSION))


def test_amendments_of_the_admission_register_stand_beside(school):
    """The pupil's own and the parents', with the same five."""
    address = DetailsAmended(field="address", original="1 Fen", amended="2 Fen", reason="moved",
                             **CLERK)  # fmt: skip
    phone = AdmissionAmended(field="phone", original="1", amended="2", reason="new", **HEAD)
    school.add(
        instant(2025, 9, 10),
        Fact(streams.parent("p1"), ParentRecorded(surname="Able")),
        Fact(streams.relation("p1", "ann"), RelationRecorded(relationship="mother")),
        Fact(streams.pupil("ann"), address),
        Fact(streams.parent("p1"), phone),
    )
    answer = ask(school)
    assert [(a["about"], a["field"], a["reason"]) for a in answer.document["admission"]] == [
        ("pupil", "address", "moved"),
        ("parent", "phone", "new"),
    ]
    assert "parent p1 (of U-ann)" in text(answer)


@pytest.mark.parametrize("session", [None, SESSION])
def test_the_provenance_stands_once_at_the_end(school, session):
    """However many tables there are."""
    school.add(AT, marked("ann", SESSION, "N", by="s1"))
    school.add(instant(2025, 9, 10), batched())
    told = text(ask(school, session))
    assert told.count("Test School (123456)") == 1
