"""Undercut alerts in `alerts`, and the letter that `alerts draft` makes of one."""

import json
from datetime import date

import pytest

from ledger import streams
from ledger.errors import Refused
from ledger.events.amending import AlertSettled, AmendmentRequested, CaseUndercut, UndercutPaper
from ledger.events.disclosure import Disclosed
from ledger.events.enforcement import PenaltyConsidered
from ledger.events.people import ParentRecorded
from ledger.events.register import MarkAmended, SourceConflicted
from ledger.store import Fact
from projections import alerts, alerts_draft, text
from projections.alerts import Alerts
from projections.alerts_draft import DraftLetter
from tests.projections.ledgers import Book, created, enrolled, instant, marked, on_mark

SESSION = "2025-09-08/AM"
AT = instant(2025, 9, 8, 9)
BY = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
NOTICE = UndercutPaper(kind="notice", ref="a1 2025-10-02", before=10, after=9)


def amended(session=SESSION):
    event = MarkAmended(original="O", code="I", reason="doctor's letter", **BY)
    return on_mark("ann", session, event)


def undercut(*papers, sessions=(f"{SESSION} O>I",), pupil="ann"):
    event = CaseUndercut(papers=papers or (NOTICE,), sessions=sessions)
    return Fact(streams.undercut(pupil), event)


def settled(alert, **more):
    return Fact(streams.undercut("ann"), AlertSettled(alert=alert, **BY, **more))


@pytest.fixture
def raised(school):
    """One amendment and its alert."""
    school.add(AT, marked("ann", SESSION, "O", by="s1"))
    school.number = school.add(AT + 1_000_000, amended(), undercut())
    return school


def rows(book, **asked):
    return book.ask(alerts, Alerts(**asked)).rows()


def letter(book, number=None, **asked):
    return book.ask(alerts_draft, DraftLetter(alert=number or book.number, **asked))


def shown(answer):
    return "\n".join(text.as_text(answer.blocks))


def test_an_alert_is_a_row_with_its_papers_and_its_cause(raised):
    """Number, papers with counts, sessions, who changed what and when; open."""
    (row,) = rows(raised)
    assert row == {
        "kind": "undercut",
        "alert": raised.number,
        "upn": "U-ann",
        "papers": [
            {
                "kind": "notice",
                "ref": "a1 2025-10-02",
                "before": 10,
                "after": 9,
                "what": "penalty notice to parent a1 issued 2 October 2025",
            }
        ],
        "sessions": [f"{SESSION} O>I"],
        "cause": {
            "command": "Test",
            "by": {
                "name": "Mrs Register",
                "job_title": "Officer",
                "authenticated": "operating-system account; name as stated",
            },
            "at": "2025-09-08T09:00:01Z",
        },
        "state": "open",
        "settled": None,
        "position": raised.number,
    }


def test_a_settled_alert_is_shown_with_all_only_and_as_it_stood_before(raised):
    """Sent or dismissed, by whom and when; open at an earlier point in time."""
    second = raised.add(AT + 2_000_000, amended(), undercut())
    raised.add(
        AT + 3_000_000,
        settled(raised.number, outcome="sent", to="Marsh Council", on=date(2025, 9, 9)),
        settled(second, outcome="dismissed", reason="withdrawn by telephone"),
    )
    assert not rows(raised)
    assert [row["state"] for row in rows(raised, position=second)] == ["open", "open"]
    sent, dismissed = rows(raised, all_=True)
    assert sent["settled"] == {
        "outcome": "sent",
        "to": "Marsh Council",
        "on": "2025-09-09",
        "reason": None,
        "name": "Mrs Register",
        "job_title": "Officer",
        "at": "2025-09-08T09:00:03Z",
    }
    assert (dismissed["state"], dismissed["settled"]["reason"]) == (
        "dismissed",
        "withdrawn by telephone",
    )
    grid = raised.ask(alerts, Alerts(all_=True)).blocks[0]
    assert [line[-1] for line in grid.rows] == [
        "sent to Marsh Council on 2025-09-09",
        "dismissed: withdrawn by telephone",
    ]


def test_every_kind_has_its_table_and_its_columns(raised):
    """Conflicts, then what waits, then what was undercut; the provenance stands once."""
    requested = AmendmentRequested(
        batch="b1", original="/", code="O", reason="seen in town", grounds=("late",), **BY
    )
    raised.add(
        AT + 2_000_000,
        Fact(streams.mark("ann", SESSION), SourceConflicted(stands="I", code="N", row=2)),
        marked("bob", SESSION, "/", by="s1"),
        Fact(streams.approval("bob", SESSION), requested),
    )
    answer = raised.ask(alerts, Alerts())
    assert [row["kind"] for row in answer.rows()] == ["conflict", "pending", "undercut"]
    conflicts, waiting, case = answer.blocks
    assert conflicts.notes == ["Amend the session to settle a conflict."]
    assert waiting.rows == [(SESSION, "U-bob", "/", "O", "Mrs Register", "seen in town")]
    assert len(waiting.notes) == 1
    assert case.notes[-1].startswith("Test School")
    header, *lines = text.as_csv(answer).splitlines()
    assert header == ",".join(alerts.COLUMNS)
    assert lines[0].startswith(f"conflict,U-ann,{SESSION},I,N,")
    assert lines[1].endswith(",O,,,,,Mrs Register,,")
    assert lines[2] == (
        f"undercut,U-ann,,,,{raised.number},,{raised.number},notice a1 2025-10-02 10>9,"
        f"{SESSION} O>I,Test,Mrs Register,2025-09-08T09:00:01Z,open"
    )


def test_what_waits_alone_carries_the_provenance(school):
    """No empty table stands before it."""
    requested = AmendmentRequested(
        batch="b1", original="/", code="O", reason="r", grounds=("late",), **BY
    )
    approval = Fact(streams.approval("bob", SESSION), requested)
    school.add(AT, marked("bob", SESSION, "/"), approval)
    (grid,) = school.ask(alerts, Alerts()).blocks
    assert grid.title == "1 amendment waiting"
    assert grid.notes[-1].startswith("Test School")


def test_several_papers_share_an_alert(raised):
    """Each has a line with its counts; a certificate has none."""
    considered = PenaltyConsidered(
        decision="refer", reason="r", count=1, settled=1, peak=1, entries=(f"{SESSION} O",),
        seen_at=1, **BY,
    )  # fmt: skip
    given = Disclosed(
        kind="certificate", to="x", what="y", on=date(2025, 9, 30), first=date(2025, 9, 3),
        last=date(2025, 9, 26), seen_at=1, **BY,
    )  # fmt: skip
    head = raised.add(
        AT + 2_000_000,
        Fact(streams.penalty("ann"), considered), Fact(streams.disclosure("ann"), given),
    )  # fmt: skip
    papers = (
        NOTICE,
        UndercutPaper(kind="consideration", ref=str(head - 1), before=10, after=9),
        UndercutPaper(kind="certificate", ref=str(head), before=0, after=0),
    )
    number = raised.add(AT + 3_000_000, amended(), undercut(*papers, sessions=()), by=None)
    lines = raised.ask(alerts, Alerts()).blocks[0].rows[1:]
    assert [line[2:5] for line in lines] == [
        ("penalty notice to parent a1 issued 2 October 2025", "10 -> 9", "the school weeks"),
        ("decision to refer to the authority of 8 September 2025", "10 -> 9", ""),
        ("certificate given on 30 September 2025 for 3 September 2025 to 26 September 2025",
         "", ""),
    ]  # fmt: skip
    assert lines[0][5].startswith("office, ")
    written = shown(letter(raised, number))
    assert "No entry changed: the school weeks" in written
    assert "2. Decision to refer to the authority" in written
    assert "we withdraw it" in written
    assert "3. Certificate given on 30 September 2025" in written
    assert "takes its place" in written


def test_the_letter_states_what_was_and_is_and_concludes_nothing(raised):
    """The five of reg 6, the counts, the grounds of regs 8 and 9, blanks for the head."""
    parent = ParentRecorded(title="Ms", surname="Quill", forename="Bea", address="1 Hidden Lane")
    raised.add(AT + 2_000_000, Fact(streams.parent("a1"), parent))
    answer = letter(raised)
    (change,) = answer.document["changes"]
    assert (change["session"], change["by"]["name"]) == (SESSION, "Mrs Register")
    assert [change[k] for k in ("original", "amended", "date", "reason")] == [
        "O", "I", "2025-09-08", "doctor's letter",
    ]  # fmt: skip
    written = shown(answer)
    assert written.splitlines() == answer.document["letter"]
    assert answer.document["alert"]["alert"] == raised.number
    for said in (
        "DRAFT, not signed and not sent.",
        "Pupil: Ann Able (UPN U-ann)",
        "Parent: Ms Bea Quill",
        "10 before the change, 9 after it",
        "it ought not to have been issued (SI 2007/1867 reg 8)",
        "it contains material errors",
        "it is unpaid and no proceedings are contemplated (SI 2007/1867 reg 9)",
        "an amount paid is refunded",
        "(head teacher)",
    ):
        assert said in written
    assert "Hidden Lane" not in written
    assert not any(word in written.lower() for word in ("guilty", "liable", "eligible"))


def test_a_change_that_left_the_mark_names_the_command(school):
    """A closure or deletion: the entry itself was not amended."""
    school.add(AT, marked("ann", SESSION, "O", by="s1"))
    number = school.add(AT + 1_000_000, undercut(sessions=(f"{SESSION} O>-",)), by=None)
    (change,) = letter(school, number).document["changes"]
    assert change["reason"] == "not the entry itself: Test"
    assert change["by"]["name"] == "office"


def test_an_imported_change_bears_its_stated_date(school):
    """As its source states it, and by nobody where it names nobody."""
    school.add(AT, marked("ann", SESSION, "O", stated=AT, row=1), imported=True)
    stated = instant(2025, 9, 7, 9)
    change = MarkAmended(original="O", code="I", stated=stated, row=2)
    number = school.add(AT + 1, on_mark("ann", SESSION, change), undercut(), imported=True)
    answer = letter(school, number)
    (row,) = answer.document["changes"]
    assert (row["date"], row["by"], row["reason"]) == ("2025-09-07", None, None)
    assert "not stated" in shown(answer)


def test_a_notice_older_than_the_rules_offers_no_ground(raised):
    """No regulation of its day is known here; the head can still answer."""
    old = UndercutPaper(kind="notice", ref="a9 2006-01-09", before=0, after=0)
    number = raised.add(AT + 2_000_000, amended(), undercut(old))
    written = shown(letter(raised, number))
    assert "Please withdraw" not in written
    assert "Parent:" not in written
    assert "We see no reason" in written


def test_before_the_rule_a_letter_gives_no_counts(school):
    """A change made before the threshold was law."""
    at = instant(2024, 7, 1, 9)
    book = Book(school.folder.path.parent / "old")
    book.add(at, created(), enrolled("ann", date(2023, 9, 4)), marked("ann", "2024-06-03/AM", "O"))
    number = book.add(at + 1, undercut(sessions=("2024-06-03/AM O>I",)))
    written = shown(letter(book, number))
    assert "Recorded sessions" not in written
    assert "From: ____" in written


def test_the_letter_is_written_to_files(raised, tmp_path):
    """As text and as a page, escaped."""
    answer = letter(raised, html=tmp_path / "a.html", out=tmp_path / "a.txt")
    page, plain = answer.pages
    assert page.path.name == "a.html"
    assert "doctor&#x27;s letter" in page.text
    assert "<h2>1. Penalty notice to parent a1 issued 2 October 2025</h2>" in page.text
    assert plain.text.splitlines() == answer.document["letter"]
    json.dumps(answer.document)


def test_a_number_that_is_of_no_alert_known_is_refused(raised):
    """Of another event; or of one that was not yet known."""
    for asked in ({"number": 1}, {"position": raised.number - 1}):
        with pytest.raises(Refused) as caught:
            letter(raised, **asked)
        assert caught.value.code == "alert-unknown"
