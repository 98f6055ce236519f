"""`gaps`: what the ledger cannot know, each with count, ends, positions and meaning."""

from datetime import date

import pytest

from ledger.events import streams
from ledger.events.base import replace
from ledger.events.casework import CaseworkStepTaken
from ledger.events.disclosure import FieldRedacted
from ledger.events.log import Committed, Finding, ImportCompleted, Source, SourceFile
from ledger.events.penalties import NoticeStated
from ledger.events.register import RegisterTaken
from ledger.events.roll import ParentRecorded, PupilRemoved, RelationRecorded
from ledger.store.facts import Fact
from ledger.store.store import Batch
from ledger.values import parse_session
from projections.audit import gaps_log
from projections.audit.gaps import Gaps
from projections.rendering.text import as_csv, as_text
from tests.projections.ledgers import corrected, enrolled, instant, joined, marked, term

SESSION = "2025-09-08/AM"
DAY = {"from_": date(2025, 9, 8), "on": date(2025, 9, 8)}
NOON = instant(2025, 9, 8, 12)


def found(book, **asked):
    """Rows by kind."""
    rows = book.ask(Gaps(**DAY | asked)).rows()
    return {row["kind"]: row for row in rows}


def write(book, at, *facts, source=None, **header):
    """Record one transaction with a header of one's own."""
    shared = {
        "at": 0, "by": "s1", "account": "office", "software": "test", "rules": "test",
        "authenticated": "operating-system account; name as stated", "command": "Test",
        "count": 0, "source": source,
    }  # fmt: skip
    with book.writing(), book.ring.writing():
        sealed = [Fact(f.stream, book._seal(f.stream, f.event, at)) for f in facts]
        batch = Batch(Committed(**shared | header), sealed, len(facts), book.store.head())
        book.store.append(batch, clock=lambda: at, before_commit=book.ring.commit)
    for fact in facts:
        book.versions[fact.stream] = book.versions.get(fact.stream, 0) + 1


def test_sessions_before_the_first_event_are_told_afterwards(school):
    """Counted even where there are none; with the moment at which the ledger begins."""
    birth = found(school)["before-the-ledger"]
    assert (birth["count"], birth["first"], birth["last"]) == (0, None, "2025-08-01T08:00:00Z")
    school.add(instant(2025, 9, 2), marked("ann", "2025-06-03/AM", "/", row=2), imported=True)
    school.add(instant(2025, 9, 8), marked("ann", SESSION, "/"))
    told = found(school)["before-the-ledger"]
    assert (told["count"], told["first"]) == (1, "2025-06-03/AM")
    assert told["positions"]["from"] == told["positions"]["to"]
    assert "afterwards" in told["means"]


def test_nobody_outside_has_seen_anything_yet(school):
    """From the first entry to the last one known."""
    row = found(school)["unseen"]
    head = school.folder.head()
    assert (row["count"], row["positions"]) == (head, {"from": 1, "to": head})
    assert row["what"] == "entries seen by no one outside since entry 1"
    assert found(school, position=3)["unseen"]["count"] == 3


def test_what_somebody_outside_has_seen_is_left_out(school, monkeypatch):
    """Once a witness has signed: only the stretch after it, and nothing where it is the head."""
    monkeypatch.setattr(gaps_log, "seen_outside", lambda _: 5)
    row = found(school)["unseen"]
    assert (row["positions"]["from"], row["count"]) == (6, school.folder.head() - 5)
    monkeypatch.setattr(gaps_log, "seen_outside", lambda view: view.position)
    assert "unseen" not in found(school)


def test_authors_are_known_by_their_account_only(school):
    """Transactions recorded here; imports name their own source."""
    row = found(school)["authors-unauthenticated"]
    assert row["count"] == 2
    assert "name as stated" in row["what"]
    school.add(NOON, marked("ann", SESSION, "N", row=2), imported=True)
    assert found(school)["authors-unauthenticated"]["count"] == 2


def test_a_clock_that_went_back_is_reported_with_how_far(school):
    """The order is certain, the time is not."""
    assert "clock-back" not in found(school)
    school.add(instant(2025, 9, 8, 9), marked("ann", SESSION, "N"))
    school.add(instant(2025, 9, 8, 8), marked("bob", SESSION, "N"))
    row = found(school)["clock-back"]
    assert (row["count"], row["first"], row["last"]) == (1, *["2025-09-08T08:00:00Z"] * 2)
    assert "1 hour behind" in row["means"]


def test_what_a_wrong_clock_stamped_is_reported_by_the_newest_correction(school):
    """The older one, of the same entries, is in force no more; nothing had gone back."""
    wrong = instant(2025, 12, 8, 9)
    school.add(instant(2025, 9, 8, 8), marked("bob", SESSION, "N"))
    head = school.add(wrong, marked("ann", SESSION, "N"))
    right = instant(2025, 9, 8, 9), instant(2025, 9, 8, 10)
    school.add(right[1] + 1, corrected(head - 1, head, instant(2025, 9, 8, 8), right[1]))
    last = school.add(right[1] + 2, corrected(head - 1, head, *right))
    kinds = found(school)
    assert "clock-back" not in kinds
    row = kinds["clock-wrong"]
    assert (row["count"], row["first"], row["last"]) == (
        1, "2025-09-08T09:00:00Z", "2025-09-08T10:00:00Z",
    )  # fmt: skip
    assert f"as entry {last} says" in row["what"]
    assert "the clock said 2025-12-08 09:00" in row["means"]
    assert "The battery ran down (Mrs Register, Officer)" in row["means"]


def test_rules_and_software_that_changed_are_reported(school):
    """Each change once, at the first transaction under the new ones."""
    assert not {"rules-changed", "software-changed"} & found(school).keys()
    write(school, NOON, marked("ann", SESSION, "N"), rules="other")
    write(school, NOON + 1, marked("bob", SESSION, "N"), rules="other", software="2")
    kinds = found(school)
    assert (kinds["rules-changed"]["count"], kinds["software-changed"]["count"]) == (1, 1)
    assert kinds["rules-changed"]["first"] == "2025-09-08T12:00:00Z"


def imported(book, at, *facts, files=("marks.csv",), findings=()):
    """An import from named files."""
    source = Source(
        system="old-mis", files=tuple(SourceFile(name=f, sha256="ab", rows=1) for f in files)
    )
    done = ImportCompleted(format="portable", counts={}, findings=findings)
    write(book, at, *facts, Fact(streams.IMPORTS, done), source=source)


def test_second_hand_facts_are_told_by_system_and_file(school):
    """With a time, without one, and without an author; per source."""
    imported(
        school,
        NOON,
        marked("ann", SESSION, "N", stated=NOON, by="s1", row=2),
        marked("bob", SESSION, "N", row=3),
        marked("cy", SESSION, "N", by="s1", row=4),
        files=("amendments.csv", "marks.csv", "pupils.csv"),
    )
    kinds = found(school)
    assert kinds["second-hand"]["count"] == 1
    assert (kinds["undated"]["count"], kinds["author-not-stated"]["count"]) == (2, 1)
    assert kinds["undated"]["what"].endswith("old-mis (amendments.csv, marks.csv)")
    places = kinds["undated"]["positions"]
    assert places["to"] == places["from"] + 1
    assert (kinds["undated"]["first"], kinds["undated"]["last"]) == (SESSION, SESSION)


def test_what_is_counted_has_its_ends_in_whatever_order_it_comes():
    """Pupil by pupil, so not in the order of the log; what states no time has its place still."""
    span = gaps_log.Span()
    for when, position in (("b", 5), (None, 3), ("a", 9), ("c", 7)):
        span.add(when, position)
    assert (span.count, span.first, span.last, span.positions) == (4, "a", "c", (3, 9))


def test_undated_facts_are_gaps_under_either_clock(school):
    """By the source they are known from the start, by the ledger from the import on."""
    imported(school, NOON, marked("bob", SESSION, "N", row=3), files=("attendance.txt",))
    early = {"known_at": "2025-09-08T12:59"}
    assert "undated" not in found(school, **early)
    row = found(school, **early, clock="source")["undated"]
    assert (row["count"], row["what"].split()[-2:]) == (1, ["old-mis", "(attendance.txt)"])
    assert found(school)["undated"]["count"] == 1


def test_a_source_without_files_is_named_alone(school):
    """The system is all there is."""
    school.add(NOON, marked("ann", SESSION, "N", row=2), imported=True)
    assert found(school)["undated"]["what"].endswith("by other-system")


def test_second_hand_facts_that_are_no_marks_are_told_by_kind_and_system(school):
    """Each fact once, however often it was stated; dated where any of its statements is."""
    on, later = date(2025, 9, 1), instant(2025, 9, 10)
    notice = NoticeStated(kind="s444A", issued_on=on, offence_first=on, offence_last=on)
    step = CaseworkStepTaken(step="call", on=on, stated=NOON)
    imported(
        school,
        NOON,
        enrolled("dee", on, stated=NOON - 5),
        joined("dee", "registration", "9A"),
        joined("dee", "year", "Y9"),
        Fact(streams.parent("a1"), ParentRecorded(surname="Quill")),
        Fact(streams.relation("a1", "dee"), RelationRecorded(relationship="mother")),
        Fact(streams.notices("a1", "dee"), notice),
        Fact(streams.casework("dee"), step),
    )
    removed = PupilRemoved(
        starts_on=on, leaves_on=date(2025, 9, 9), ground="9(1)(a)", stated=later
    )
    again = replace(notice, paid_on=date(2025, 9, 3), stated=later)
    imported(school, later, Fact(streams.pupil("dee"), removed),
             Fact(streams.notices("a1", "dee"), again))  # fmt: skip
    rows = school.ask(Gaps(**DAY), now=later + 1).rows()
    told = {row["what"]: row for row in rows if row["kind"].endswith("-facts")}
    assert {what: row["count"] for what, row in told.items()} == {
        "spells on roll stated, with a time, by old-mis": 1,
        "group memberships stated, without a time, by old-mis": 2,
        "parents stated, without a time, by old-mis": 1,
        "relations of parents and pupils stated, without a time, by old-mis": 1,
        "penalty notices stated, with a time, by old-mis": 1,
        "steps of casework stated, with a time, by old-mis": 1,
    }
    spell = told["spells on roll stated, with a time, by old-mis"]
    assert (spell["kind"], spell["last"]) == ("second-hand-facts", "2025-09-10T00:00:00Z")
    groups = told["group memberships stated, without a time, by old-mis"]
    assert (groups["kind"], groups["first"]) == ("undated-facts", None)
    assert groups["positions"]["to"] == groups["positions"]["from"] + 1
    early = school.ask(Gaps(**DAY, known_at="2025-09-08T13:30"), now=later + 1).rows()
    [undated] = [row for row in early if row["what"].startswith("penalty notices")]
    assert undated["what"] == "penalty notices stated, without a time, by old-mis"
    source = {"clock": "source", "known_at": "2025-09-08T12:59"}
    before = school.ask(Gaps(**DAY, **source), now=later + 1).rows()
    assert not any("with a time" in row["what"] and "casework" in row["what"] for row in before)


def test_what_was_recorded_here_is_nobody_elses(school):
    """Neither the founding of the school nor anything since."""
    assert not any(kind.endswith("-facts") for kind in found(school))


def test_findings_accepted_at_an_import_are_counted(school):
    """Facts that law or policy would not allow."""
    imported(school, NOON, marked("cy", SESSION, "N", row=2))
    assert "findings-accepted" not in found(school)
    two = tuple(Finding(file="marks.csv", line=n, code="mark-age") for n in (2, 3))
    imported(school, NOON + 1, marked("bob", SESSION, "X", row=3), findings=two)
    row = found(school)["findings-accepted"]
    assert (row["count"], row["first"]) == (2, "2025-09-08T12:00:00.000001Z")
    first = row["positions"]["from"]
    one = (Finding(file="marks.csv", line=4, code="mark-age"),)
    imported(school, NOON + 2, marked("cy", "2025-09-08/PM", "X", row=4), findings=one)
    row = found(school)["findings-accepted"]
    assert (row["count"], row["positions"]) == (3, {"from": first, "to": first + 3})
    ends = "2025-09-08T12:00:00.000001Z", "2025-09-08T12:00:00.000002Z"
    assert (row["first"], row["last"]) == ends


def test_late_entries_blank_sessions_and_unrecorded_takings_are_counted(school):
    """Of the sessions asked for."""
    school.add(instant(2025, 9, 9), marked("ann", SESSION, "N", late=True, by="s1"))
    taken = RegisterTaken(by="s1", ended=NOON, marks=0)
    school.add(NOON, Fact(streams.register("9A", parse_session(SESSION)), taken))
    kinds = found(school)
    late = kinds["recorded-late"]
    assert (late["count"], late["first"], late["last"]) == (1, SESSION, SESSION)
    bare = kinds["without-a-mark"]
    assert (bare["count"], bare["first"], bare["last"]) == (5, SESSION, "2025-09-08/PM")
    registers = kinds["registers-not-recorded"]
    assert (registers["count"], registers["first"]) == (3, SESSION)


def test_a_session_still_open_lacks_nothing(school):
    """Before the register closes nobody can be without a mark."""
    early = found(school, known_at="2025-09-08T08:00")
    assert not {"without-a-mark", "registers-not-recorded", "recorded-late"} & early.keys()


def test_texts_and_pupils_beyond_use_are_counted(school):
    """Destroyed keys, and single fields with who redacted them."""
    assert not {"keys-destroyed", "fields-redacted"} & found(school).keys()
    redacted = FieldRedacted(
        position=20, field="surname", reason="r", by="s1", name="M", job_title="O"
    )
    school.add(NOON, Fact(streams.redaction(), redacted))
    school.destroy("bob")
    kinds = found(school)
    assert (kinds["keys-destroyed"]["count"], kinds["fields-redacted"]["count"]) == (1, 1)
    assert kinds["keys-destroyed"]["positions"] == {"from": None, "to": None}


def test_the_answer_reads_as_sentences_and_as_rows(school):
    """What, how often, when, which entries, what follows; the provenance at the end."""
    school.add(instant(2025, 9, 9), marked("ann", SESSION, "N", late=True, by="s1"))
    answer = school.ask(Gaps(**DAY))
    told = as_text(answer.blocks)
    assert told[0] == f"{len(answer.rows())} things that this ledger cannot know"
    assert any("since entry 1: " in line and "(entries 1 to" in line for line in told)
    assert any(", on 2025-09-08/AM (entry " in line for line in told)
    assert any(", until 2025-08-01" in line for line in told)
    keys = ["kind", "what", "count", "first", "last", "positions", "means"]
    assert {tuple(row) for row in answer.rows()} == {tuple(keys)}
    keys[5:6] = ["positions_from", "positions_to"]
    assert as_csv(answer).splitlines()[0].split(",") == keys


def test_every_kind_says_what_follows_from_it(school):
    """No row without a meaning."""
    imported(school, NOON, marked("bob", SESSION, "N", row=3))
    rows = school.ask(Gaps(**DAY)).rows()
    assert len(rows) > 5
    assert all(len(row["means"]) > 30 for row in rows)


@pytest.mark.parametrize("last", [date(2025, 9, 7), date(2025, 9, 6)])
def test_a_weekend_has_no_gaps_of_the_register(school, last):
    """Nothing was due."""
    school.add(NOON, term("Extra", date(2025, 9, 6), date(2025, 9, 7)))
    kinds = found(school, from_=date(2025, 9, 6), on=last)
    assert not {"without-a-mark", "registers-not-recorded"} & kinds.keys()
