"""Undercut alerts in `alerts`, and the letter that `alerts draft` makes of one."""

import json
from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentApproved, EvidenceGiven
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled
from ledger.events.disclosure import Disclosed
from ledger.events.penalties import AlertSettled, NoticeStated, PenaltyConsidered
from ledger.events.register import SourceConflicted
from ledger.events.roll import GroupJoined, GroupLeft, ParentRecorded
from ledger.files import write_output
from ledger.store.facts import Fact
from projections.penalties.alert_letter import DraftLetter
from projections.penalties.alerts import Alerts
from projections.rendering import text
from tests.projections.ledgers import HOUR, NOW, Book, created, enrolled, instant, marked
from tests.projections.penalties.facts import (
    BY,
    OFFICER,
    amended,
    asked,
    autumn,
    born,
    closed,
    imported,
    paper,
    undercut,
    withdrawn,
)

SESSION = "2025-09-08/AM"
DAY = date(2025, 9, 8)
AT = instant(2025, 9, 8, 9)
SECOND = 1_000_000
REASON = "doctor's letter"


def settled(alert, **more):
    return Fact(streams.undercut("ann"), AlertSettled(alert=alert, **BY, **more))


@pytest.fixture
def absent(school):
    """An absence of Ann's."""
    school.add(AT, marked("ann", SESSION, "O", by="s1"))
    return school


@pytest.fixture
def raised(absent):
    """One amendment of it and its alert."""
    absent.number = absent.add(AT + SECOND, amended(SESSION, reason=REASON), undercut())
    return absent


def again(raised, *facts, **more):
    """The same alert once more, with other facts or papers."""
    return raised.add(AT + 2 * SECOND, amended(SESSION, reason=REASON), *facts, **more)


def rows(book, **given):
    return book.ask(Alerts(**given)).rows()


def table(book, **given):
    return book.ask(Alerts(**given)).blocks[0]


def letter(book, number=None, **given):
    return book.ask(DraftLetter(alert=number or book.number, **given))


def shown(answer):
    return "\n".join(text.as_text(answer.blocks))


def test_an_alert_is_a_row_with_its_papers_and_its_cause(raised):
    """Number, papers with counts, sessions, who changed what and when; open."""
    (row,) = rows(raised)
    assert row == {
        "kind": "undercut", "alert": raised.number, "upn": "U-ann",
        "papers": [{
            "kind": "notice", "ref": "a1 2025-10-02", "before": 10, "after": 9,
            "what": "penalty notice to parent a1 issued 2 October 2025",
            "effect": "case-undercut", "relied_before": None, "relied_after": None,
        }],
        "sessions": [f"{SESSION} O>I"],
        "changes": [{
            "session": SESSION, "original": "O", "amended": "I", "effect": None,
            "date": "2025-09-08", "recorded_on": "2025-09-08", "by": OFFICER, "source": None,
            "reason": REASON, "position": raised.number - 1,
        }],
        "cause": {
            "command": "Test", "by": OFFICER, "approved_by": None, "source": None,
            "at": "2025-09-08T09:00:01Z",
        },
        "state": "open", "settled": None, "position": raised.number,
    }  # fmt: skip


def test_a_settled_alert_is_shown_with_all_only_and_as_it_stood_before(raised):
    """Sent or dismissed, by whom and when; open at an earlier point in time."""
    second = again(raised, undercut())
    raised.add(
        AT + 3 * SECOND,
        settled(raised.number, outcome="sent", to="Marsh Council", on=date(2025, 9, 9)),
        settled(second, outcome="dismissed", reason="withdrawn by telephone"),
    )
    assert not rows(raised)
    assert {line[-1] for line in table(raised, position=second).rows} == {"open"}
    assert [row["state"] for row in rows(raised, position=second)] == ["open", "open"]
    sent, dismissed = rows(raised, all_=True)
    assert sent["settled"] == {
        "outcome": "sent", "to": "Marsh Council", "on": "2025-09-09", "reason": None,
        "name": "Mrs Register", "job_title": "Officer", "at": "2025-09-08T09:00:03Z",
    }  # fmt: skip
    told = (dismissed["state"], dismissed["settled"]["reason"])
    assert told == ("dismissed", "withdrawn by telephone")
    assert [line[-1] for line in table(raised, all_=True).rows] == [
        "sent to Marsh Council on 2025-09-09",
        "dismissed: withdrawn by telephone",
    ]


def test_every_kind_has_its_table_and_its_columns(raised):
    """Conflicts, then what waits, then what was undercut; the provenance stands once."""
    raised.add(
        AT + 2 * SECOND,
        Fact(streams.mark("ann", SESSION), SourceConflicted(stands="I", code="N", row=2)),
        marked("bob", SESSION, "/", by="s1"),
        asked(SESSION, "bob", original="/", code="O", reason="seen in town"),
    )
    answer = raised.ask(Alerts())
    assert [row["kind"] for row in answer.rows()] == ["conflict", "pending", "undercut"]
    conflicts, waiting, case = answer.blocks
    assert conflicts.notes == ["Amend the session to settle a conflict."]
    assert list(waiting.rows) == [(SESSION, "U-bob", "/", "O", "Mrs Register", "seen in town")]
    assert len(waiting.notes) == 1
    assert case.notes[-1].startswith("Test School")
    header, *lines = text.as_csv(answer).splitlines()
    assert header == (
        "kind,upn,session,stands,source_states,position,requested,alert,papers,sessions,command,"
        "by,at,state,group,marks,batches,peak_before,peak_after,count_again"
    )
    assert lines[0].startswith(f"conflict,U-ann,{SESSION},I,N,")
    assert lines[1].endswith(",O,,,,,Mrs Register,,,,,,,,")
    assert lines[2] == (
        f"undercut,U-ann,,,,{raised.number},,{raised.number},notice a1 2025-10-02 10>9,"
        f"{SESSION} O>I,Test,Mrs Register,2025-09-08T09:00:01Z,open,,,,,,"
    )


def test_beside_what_waits_stands_the_mark_that_stands_now(school):
    """Amended at once since it was asked for, by a change that needs nobody's approval."""
    school.add(AT, marked("ann", SESSION, "/"), asked(SESSION, original="/", code="O"))
    school.add(AT + SECOND, amended(SESSION, "I", "/"))
    (row,) = rows(school)
    assert (row["stands"], row["requested"]) == ("I", "O")
    assert table(school).rows[0][:4] == (SESSION, "U-ann", "I", "O")


def test_what_waits_alone_carries_the_provenance(school):
    """No empty table stands before it."""
    school.add(AT, marked("bob", SESSION, "/"), asked(SESSION, "bob", original="/", code="O"))
    (grid,) = school.ask(Alerts()).blocks
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
    facts = Fact(streams.penalty("ann"), considered), Fact(streams.disclosure("ann"), given)
    head = raised.add(AT + 2 * SECOND, *facts)
    papers = (
        paper(),
        paper("consideration", str(head - 1)),
        paper("certificate", str(head), before=0, after=0),
    )
    number = again(raised, undercut(*papers, sessions=()), by=None)
    lines = table(raised).rows[1:]
    given_on = "certificate given on 30 September 2025 for 3 September 2025 to 26 September 2025"
    assert [line[2:6] for line in lines] == [
        ("penalty notice to parent a1 issued 2 October 2025", "", "10 -> 9", "the school weeks"),
        ("decision to refer to the authority of 8 September 2025", "0 -> 0", "10 -> 9", ""),
        (f"{given_on}; a session that it relied on was changed", "", "", ""),
    ]  # fmt: skip
    assert lines[0][6].startswith("somebody not named, ")
    certificate = rows(raised)[1]["papers"][2]
    assert (certificate["before"], certificate["after"]) == (None, None)
    assert f"10>9;certificate {head},," in text.as_csv(raised.ask(Alerts()))
    written = shown(letter(raised, number))
    for said in (
        "No entry changed; the school weeks that are counted together did.",
        "2. Decision to refer to the authority",
        "we withdraw it",
        "3. Certificate given on 30 September 2025",
        "takes its place",
    ):
        assert said in written


def test_the_letter_states_what_was_and_is_and_concludes_nothing(raised):
    """The five of reg 6, the counts, the grounds of regs 8 and 9, blanks for the head."""
    parent = ParentRecorded(title="Ms", surname="Quill", forename="Bea", address="1 Hidden Lane")
    raised.add(AT + 2 * SECOND, Fact(streams.parent("a1"), parent))
    answer = letter(raised)
    (change,) = answer.document["changes"]
    assert (change["session"], change["by"]["name"]) == (SESSION, "Mrs Register")
    told = [change[k] for k in ("original", "amended", "date", "reason")]
    assert told == ["O", "I", "2025-09-08", REASON]
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


TEN = [f"2025-09-{day:02}/{half}" for day in range(8, 13) for half in ("AM", "PM")]
OTHERS = [f"2025-09-{day:02}/{half}" for day in range(15, 20) for half in ("AM", "PM")]


def notice(**more):
    """Ann's notice for the days of the ten; it names no session."""
    stated = {
        "kind": "s444A", "issued_on": date(2025, 10, 2),
        "offence_first": DAY, "offence_last": date(2025, 9, 12),
    }  # fmt: skip
    return Fact(streams.notices("a1", "ann"), NoticeStated(**stated | more))


@pytest.fixture
def undone(school):
    """Ten absences under a notice and ten beside them; the ten of the notice are authorised."""
    school.add(AT, *(marked("ann", s, "O", by="s1") for s in [*TEN, *OTHERS]))
    school.add(instant(2025, 10, 2, 9), notice())
    school.number = school.add(
        instant(2025, 10, 6, 9),
        *(amended(s, reason=REASON) for s in TEN),
        undercut(paper(before=20, after=10), sessions=tuple(f"{s} O>I" for s in TEN)),
    )
    return school


def test_how_many_of_a_notices_own_sessions_are_left_is_told_beside_the_window(undone):
    """None of its ten: the case is undercut, though a window of the register holds ten others."""
    (row,) = rows(undone)
    (told,) = row["papers"]
    assert (told["relied_before"], told["relied_after"]) == (10, 0)
    assert (told["before"], told["after"], told["effect"]) == (20, 10, "case-undercut")
    shown_table = table(undone)
    assert shown_table.title == "1 alert about papers, 1 of a case undercut"
    assert shown_table.rows[0][2:5] == (
        "penalty notice to parent a1 issued 2 October 2025", "10 -> 0", "20 -> 10",
    )  # fmt: skip
    written = shown(letter(undone))
    assert "10 counted before the change; 0 count after it" in written
    assert "fewer than the 10 sessions that the rule speaks of" in written
    assert "20 before the change, 10 after it" in written
    assert "A session that it relied on was changed" not in written


@pytest.mark.parametrize(
    ("state", "said", "required", "any_"),
    [
        ({}, "Whether it was paid is not recorded here.", True, True),
        ({"outcome": "unpaid", "outcome_on": date(2025, 10, 31)},
         "It is recorded as unpaid on 31 October 2025.", True, True),
        ({"outcome": "paid", "paid_on": date(2025, 10, 9)},
         "It is recorded as paid on 9 October 2025.", False, True),
        ({"outcome": "not_guilty", "outcome_on": date(2025, 10, 30)},
         "A court's finding is recorded: not guilty on 30 October 2025.", False, True),
        ({"withdrawn_on": date(2025, 10, 9), "withdrawn_ground": "8(1)(b)"},
         "It was withdrawn under reg 8(1)(b) on 9 October 2025.", False, False),
    ],
)  # fmt: skip
def test_the_letter_says_what_became_of_a_notice_and_offers_what_is_left(
    undone, state, said, required, any_
):
    """A paid one is not offered as unpaid, a withdrawn one not at all."""
    if state:
        undone.add(instant(2025, 11, 3), notice(**state))
    written = shown(letter(undone))
    assert said in written
    assert ("it is unpaid and no proceedings are contemplated" in written) == required
    assert ("Please withdraw the notice" in written) == any_


def test_a_change_that_left_the_mark_and_the_day_says_so(absent):
    """Nothing here explains it: no reason is made up, and no account stands as a name."""
    number = absent.add(AT + SECOND, undercut(sessions=(f"{SESSION} O>-",)), by=None)
    (change,) = letter(absent, number).document["changes"]
    assert (change["original"], change["amended"], change["by"]) == ("O", "O", None)
    assert change["reason"] == "the entry stands as it did"
    written = shown(letter(absent, number))
    assert "was changed (somebody not named)" in written
    assert "office" not in written


def moved(book, *facts, after=1, **more):
    """Record a change and its alert; return what the draft says of the session, and the letter."""
    number = book.add(AT + after * SECOND, *facts, undercut(sessions=(f"{SESSION} x>y",)), **more)
    (change,) = letter(book, number).document["changes"]
    entry = (change["original"], change["amended"], change["effect"])
    return entry, change["reason"], shown(letter(book, number))


def test_an_imported_closure_leaves_the_entry_and_says_that_it_no_longer_counts(absent):
    """The entry as it stands, before and after; by the import, and nobody's account."""
    entry, reason, written = moved(absent, closed(DAY, reason="INSET"), imported=True)
    assert entry == ("O", "O", "no longer counts")
    assert reason == (
        "no longer counts: the school is recorded as closed that day (INSET), recorded by "
        "import of other-system on 8 September 2025"
    )
    assert "was changed (import of other-system)" in written
    assert "O  " in written
    assert "no mark was made" not in written
    (row,) = rows(absent)
    assert row["sessions"] == [f"{SESSION} O no longer counts"]
    assert (row["cause"]["source"], row["cause"]["command"]) == ("other-system", "Test")


def test_the_draft_explains_codes_and_names_the_evidence(absent):
    """Each code once; what the amendments of the batch rest on, and whether a copy is kept."""
    what = {"file": "letter.pdf", "note": "Letter from LRI", "key": "k"}
    given = EvidenceGiven(sha256="ab" * 32, **what)
    other = EvidenceGiven(note="something else", sha256="cd" * 32)
    number = absent.add(
        AT + SECOND,
        amended(SESSION, reason=REASON, batch="b1"),
        Fact(streams.evidence("ann", "b1"), given),
        Fact(streams.evidence("ann", "b2"), other),
        undercut(),
    )
    written = shown(letter(absent, number))
    assert "I  Illness" in written
    assert "O  Absent without leave" in written
    assert written.index("I  Illness") < written.index("O  Absent")  # by code, not as changed
    assert "Evidence given: Letter from LRI, letter.pdf; a copy is kept." in written
    assert "something else" not in written
    assert "dash" not in written


def test_a_session_without_a_mark_is_explained(absent):
    """Of a mark entered late over nothing."""
    late = marked("ann", "2025-09-08/PM", "O", late=True)
    sessions = ("2025-09-08/PM ->O",)
    number = absent.add(AT + SECOND, late, undercut(sessions=sessions))
    assert "-  no mark was made" in shown(letter(absent, number))


def member(event, **more):
    """Ann in a cohort of her own, or out of it."""
    return Fact(
        streams.pupil("ann"), event(kind="cohort", name="9Z", since=date(2025, 9, 3), **more)
    )


FLOOD = closed(DAY, SessionCancelled, reason="flood")
YOUNG = "the pupil is recorded as not of compulsory school age that day, by a corrected birth date"
NO_MORE, AGAIN, HELD = "no longer counts", "counts again", "is held"


@pytest.mark.parametrize(
    ("code", "before", "turns"),
    [
        pytest.param(
            "O", [closed(DAY, groups=("9Z",))],
            [
                (member(GroupJoined), NO_MORE, "the school is recorded as closed that day for 9Z"),
                (member(GroupLeft, until=date(2025, 9, 5)), AGAIN,
                 "the session is no longer recorded as closed for the pupil"),
            ],
            id="a move into a group that is closed, and out of it",
        ),
        pytest.param(
            "Y4", [FLOOD],
            [
                (closed(DAY, ClosureWithdrawn, reason="it was held"), HELD,
                 "the session is no longer recorded as cancelled for the pupil (it was held)"),
                (FLOOD, NO_MORE, "the session is recorded as cancelled (flood)"),
            ],
            id="a cancellation withdrawn leaves its mark",
        ),
        pytest.param(
            "-", [],
            [
                (closed(DAY), NO_MORE, "the school is recorded as closed that day"),
                (closed(DAY, ClosureWithdrawn), HELD,
                 "the session is no longer recorded as closed for the pupil"),
            ],
            id="a blank is a dash before and after",
        ),
        pytest.param(
            "O", [],
            [
                (born(2020, date(2025, 12, 31), "Birth certificate"), NO_MORE,
                 f"{YOUNG} (Birth certificate)"),
                (born(2012, date(2017, 12, 31), "Passport"), AGAIN,
                 "the pupil is recorded as of compulsory school age that day (Passport)"),
            ],
            id="a birth date corrected, and back again",
        ),
        pytest.param(
            "O", [],
            [
                (autumn(date(2025, 9, 9)), NO_MORE, "the day is recorded as outside term"),
                (autumn(date(2025, 9, 1)), AGAIN, "the day is recorded as inside term"),
            ],
            id="a term moved, and moved back",
        ),
        pytest.param(
            "O", [],
            [
                (withdrawn("twice"), NO_MORE,
                 "the pupil is recorded as not on roll that day (twice)"),
                (enrolled("ann", date(2025, 9, 3)), AGAIN,
                 "the pupil is recorded as on roll that day"),
            ],
            id="a record withdrawn, and enrolled again",
        ),
    ],
)  # fmt: skip
def test_what_moved_an_entry_is_told_with_its_reason_and_who_did_it(school, code, before, turns):
    """The entry still stands; what the register says of its day is what changed."""
    school.add(AT, *([] if code == "-" else [marked("ann", SESSION, code, by="s1")]), *before)
    for n, (fact, effect, told) in enumerate(turns, start=1):
        entry, reason, _ = moved(school, fact, after=n)
        assert entry == (code, code, effect)
        by = "recorded by Mrs Register, Officer on 8 September 2025"
        assert reason == f"{effect}: {told}, {by}"


def test_school_weeks_that_moved_name_what_moved_them(school):
    """The closure or term of the same transaction, by whom."""
    number = school.add(AT, closed(DAY, reason="INSET"), undercut(sessions=()))
    assert (
        "No entry changed; the school weeks that are counted together did (INSET), recorded by "
        "Mrs Register, Officer on 8 September 2025."
    ) in shown(letter(school, number))


def test_an_approved_change_is_its_authors_with_the_approver_beside(absent):
    """The letter, the list and the document name who made it, then who approved it."""
    olive = {"name": "Olive Officer"}
    absent.add(AT, asked(SESSION, **olive))
    head = {"by": "s2", "name": "Hope Headworth", "job_title": "Head"}
    approved = AmendmentApproved(batch="b1", reason=None, **head)
    number = absent.add(
        AT + SECOND,
        Fact(streams.approval("ann", SESSION), approved), amended(SESSION, **olive), undercut(),
        by="s2",
    )  # fmt: skip
    answer = letter(absent, number)
    said = "was changed (Olive Officer, Officer; approved by Hope Headworth, Head)"
    assert said in shown(answer)
    cause = answer.document["alert"]["cause"]
    named = (cause["by"]["name"], cause["approved_by"]["name"])
    assert named == ("Olive Officer", "Hope Headworth")
    by_and_when = table(absent).rows[0][6]
    assert by_and_when.startswith(
        "Olive Officer, Officer, approved by Hope Headworth, Head, 2025-09-08"
    )


def test_a_session_changed_while_the_case_stands_undercuts_nothing(raised):
    """Absence added: the counts rise, the letter and the list say what it is."""
    back = amended(SESSION, "O", "I", reason="seen")
    number = raised.add(AT + 2 * SECOND, back, undercut(paper(after=12)))
    effects = [row["papers"][0]["effect"] for row in rows(raised)]
    assert effects == ["case-undercut", "session-changed"]
    grid = table(raised)
    assert grid.title == "2 alerts about papers, 1 of a case undercut"
    assert grid.rows[1][2].endswith("2 October 2025; a session that it relied on was changed")
    assert "A session that it relied on was changed" in shown(letter(raised, number))
    assert "A session that it relied on was changed" not in shown(letter(raised))


@pytest.fixture
def brought(school):
    """An absence that an import brought."""
    school.add(AT, marked("ann", SESSION, "O", stated=AT, row=1), imported=True)
    return school


def test_an_imported_change_bears_its_stated_date(brought):
    """As its source states it, and by nobody where it names nobody."""
    change = imported(SESSION, "O", "I", stated=instant(2025, 9, 7, 9), row=2)
    answer = letter(brought, brought.add(AT + 1, change, undercut(), imported=True))
    (row,) = answer.document["changes"]
    assert (row["date"], row["by"], row["reason"]) == ("2025-09-07", None, None)
    assert "import of other-system" in shown(answer)
    assert "recorded here on 8 September 2025" in shown(answer)


def test_by_the_clock_of_sources_an_alert_shows_what_its_change_recorded(brought):
    """Also where the change is stated later than asked about: the alert is known all the same."""
    change = imported(SESSION, "O", "I", stated=instant(2025, 12, 1), row=2)
    brought.add(AT + 1, change, undercut(), imported=True)
    (row,) = rows(brought, clock="source", known_at="2025-10-01")
    assert row["sessions"] == [f"{SESSION} O>I"]


def test_a_mark_that_a_cancellation_gave_has_it_for_its_reason(absent):
    """Without one of its own; a closure of before is none."""
    given = imported(SESSION, "O", "Y4", stated=AT, row=1)
    _, reason, _ = moved(absent, FLOOD, given, imported=True)
    assert reason == (
        "the session is recorded as cancelled (flood), recorded by import of other-system on "
        "8 September 2025"
    )
    other = imported(SESSION, "Y4", "Y1", stated=AT, row=2)
    assert moved(absent, other, imported=True, after=2)[1] is None


def test_a_notice_older_than_the_rules_offers_no_ground(raised):
    """No regulation of its day is known here; the head can still answer."""
    old = paper(ref="a9 2006-01-09", before=0, after=0)
    number = again(raised, undercut(old))
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
    assert not answer.blocks
    json.dumps(answer.document)


def test_a_schools_own_part_about_a_notice_stands_in_the_letter(raised, tmp_path):
    """Its first line is a heading of the page; a part without a line has none."""
    own = raised.folder.words / "alert-letter-notice.txt"
    own.parent.mkdir()
    own.write_text("{{ paper }} <again>\nPlease look.\n", encoding="utf-8")
    assert "2 October 2025 <again>\nPlease look.\nSigned: ____" in shown(letter(raised))
    (page,) = letter(raised, html=tmp_path / "a.html").pages
    headings = "<h2>Penalty notice to parent a1 issued 2 October 2025 &lt;again&gt;</h2>"
    assert f"{headings}\n<p>Please look.</p>" in page.text
    own.write_text("", encoding="utf-8")
    (without,) = letter(raised, html=tmp_path / "b.html").pages
    assert without.text.count("<h2>") == page.text.count("<h2>") - 1


def test_a_file_that_is_there_is_not_written_over(raised, tmp_path):
    """It may be completed and signed; the same again is no harm."""
    path = tmp_path / "a.html"
    (page,) = letter(raised, html=path).pages
    path.write_text(page.text, encoding="utf-8")
    later = DraftLetter(alert=raised.number, html=path)
    (again,) = raised.ask(later, now=NOW + HOUR).pages
    assert (again.path, again.text) == (page.path, page.text)
    write_output(again.path, again.text)
    (plain,) = letter(raised, known_at="2026-01-01", out=tmp_path / "b.txt").pages
    assert f"as recorded at 2026-01-01 23:59, position {raised.number}." in plain.text
    path.write_text("signed", encoding="utf-8")
    with pytest.raises(Refused) as caught:
        write_output(path, page.text)
    assert caught.value.code == "already-there"


def test_a_number_that_is_of_no_alert_known_is_refused(raised):
    """Of another event; of one that was not yet known; where nothing was known."""
    for given in ({"number": 1}, {"position": raised.number - 1}, {"position": 0}):
        with pytest.raises(Refused) as caught:
            letter(raised, **given)
        assert caught.value.code == "alert-unknown"
