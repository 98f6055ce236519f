"""`evidence`: what amendments rest on, and whether the kept copies are unchanged."""

import pytest

from ledger.clock import iso
from ledger.events import streams
from ledger.events.amending import EvidenceGiven
from ledger.events.register import MarkAmended
from ledger.sealing import attachments
from ledger.sealing.attachments import Attachment
from ledger.store.facts import Fact
from projections.amending.evidence import Evidence
from projections.readmodel import catch_up
from projections.rendering.text import as_csv, as_lines
from tests.projections.ledgers import HOUR, instant, marked, on_mark

AT = instant(2026, 1, 20, 9)
LETTER = b"%PDF Dr Marsh"
SESSIONS = ("2026-01-12/AM", "2026-01-12/PM")


def amended(pupil, batch, *sessions):
    """Marks and their amendments, in one batch."""
    who = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
    change = MarkAmended(original="N", code="I", reason="flu", batch=batch, **who)
    return [fact for s in sessions for fact in (marked(pupil, s, "N"), on_mark(pupil, s, change))]


def given(pupil, batch, **stated):
    return Fact(streams.evidence(pupil, batch), EvidenceGiven(**stated))


def keep(book, pupil, batch, content=LETTER):
    """Write a copy and return the evidence that keeps it."""
    key = attachments.new_key()
    name = attachments.name_of(streams.evidence(pupil, batch))
    attachments.write(book.folder, [Attachment(name, content, key)])
    stated = {"file": "letter.pdf", "sha256": attachments.digest(LETTER), "note": "GP letter"}
    return given(pupil, batch, **stated, key=attachments.key_text(key))


def ask(book, **asked):
    return book.ask(Evidence(**asked))


def path(book, pupil="ann", batch="b1"):
    return book.folder.attachments / attachments.name_of(streams.evidence(pupil, batch))


@pytest.fixture
def kept(school):
    """A letter about Ann, for two sessions, with its copy."""
    school.add(AT, *amended("ann", "b1", *SESSIONS), keep(school, "ann", "b1"))
    return school


def test_row_says_what_it_is_for_whom_by_whom_and_when(kept):
    """Everything that a court may ask of a piece of evidence."""
    [row] = ask(kept).rows()
    known = "operating-system account; name as stated"
    assert row == {
        "upn": "U-ann", "batch": "b1", "sessions": list(SESSIONS), "file": "letter.pdf",
        "sha256": attachments.digest(LETTER), "note": "GP letter", "kept": True,
        "copy": "unchanged",
        "by": {"name": "Mrs Register", "job_title": "Officer", "authenticated": known},
        "recorded_at": iso(AT), "position": kept.folder.head(),
    }  # fmt: skip


def test_note_without_a_file_has_no_copy(school):
    """A card that was seen and given back."""
    school.add(AT, given("ann", "b1", note="card seen"))
    [row] = ask(school).rows()
    assert (row["file"], row["kept"], row["copy"], row["sessions"]) == (None, False, None, [])


@pytest.mark.parametrize(
    ("change", "copy"),
    [
        (lambda p: p.unlink(), "missing"),
        (lambda p: p.write_bytes(b"something else"), "changed"),
        (lambda p: (p.unlink(), p.mkdir()), "unreadable"),
    ],
)
def test_copy_is_looked_at(kept, change, copy):
    """Taken away, written over, or not to be read: said so, and the list goes on."""
    change(path(kept))
    assert [row["copy"] for row in ask(kept).rows()] == [copy]


def test_copy_of_other_bytes_is_changed(school):
    """A copy that opens but has not the SHA-256 recorded is not what was given."""
    school.add(AT, keep(school, "ann", "b1", b"forged"))
    assert [row["copy"] for row in ask(school).rows()] == ["changed"]


def test_beyond_use_once_the_pupils_key_is_destroyed(kept):
    """Name, digest, note and copy are gone with the key; batch, author and time stay.

    A digest would confirm what somebody guesses to have been in the file.
    """
    kept.destroy("ann")
    [row] = ask(kept).rows()
    assert (row["file"], row["note"], row["copy"]) == ("[beyond use]",) * 2 + ("beyond use",)
    assert row["kept"]
    assert row["sha256"] == "[beyond use]"
    assert (row["batch"], row["recorded_at"]) == ("b1", iso(AT))
    assert (row["by"]["name"], row["by"]["job_title"]) == ("Mrs Register", "Officer")


def test_rows_come_in_the_order_of_the_log_and_may_be_chosen(kept):
    """By pupil, by batch, or all."""
    kept.add(AT + HOUR, given("bob", "b1", note="x"), given("ann", "b2", note="y"))
    found = [(r["upn"], r["batch"]) for r in ask(kept).rows()]
    assert found == [("U-ann", "b1"), ("U-bob", "b1"), ("U-ann", "b2")]
    assert [r["batch"] for r in ask(kept, pupil="U-ann").rows()] == ["b1", "b2"]
    assert [r["upn"] for r in ask(kept, batch="b1").rows()] == ["U-ann", "U-bob"]
    assert not ask(kept, batch="b3").rows()


def test_only_what_was_known_is_answered(kept):
    """Evidence given later is not there yet, nor are the sessions amended later."""
    kept.add(AT + HOUR, *amended("ann", "b1", "2026-01-13/AM"), given("ann", "b2", note="y"))
    [row] = ask(kept, known_at=iso(AT)).rows()
    assert row["sessions"] == list(SESSIONS)
    assert not ask(kept, known_at=iso(AT - 1)).rows()
    nothing = ask(kept, known_at="2000-01-01")
    assert nothing.document["knows_nothing"]
    assert "knew nothing" in nothing.blocks[0].lines[0]


def test_author_not_on_the_staff_is_shown_by_id(school):
    """Nobody's name is made up."""
    school.add(AT, given("ann", "b1", note="x"), by="gone")
    school.add(AT, given("ann", "b2", note="x"), by=None)
    named, unnamed = ask(school).rows()
    assert (named["by"]["name"], named["by"]["job_title"]) == ("gone", None)
    assert unnamed["by"]["name"] is None
    [table] = ask(school).blocks
    assert table.rows[1][6] == "not stated"


def test_text_names_what_a_reader_needs(kept):
    """One line a piece; the sessions as a range; the hash last."""
    kept.add(AT + HOUR, *amended("bob", "b2", "2026-01-13/AM"), given("bob", "b2", note="seen"))
    kept.add(AT + HOUR, given("ann", "b3", note="to come"))
    [table] = ask(kept).blocks
    lines = as_lines(table)
    assert lines[0] == "Evidence given with amendments: 3 rows"
    assert "2026-01-12/AM to 2026-01-12/PM (2)" in lines[3]
    assert [row[2] for row in table.rows[1:]] == ["2026-01-13/AM", "none yet"]
    assert [row[5] for row in table.rows] == ["unchanged", "not kept", "not kept"]
    assert lines[3].endswith(attachments.digest(LETTER))


def test_csv_has_a_column_for_each_part(kept):
    """The author's name and title have columns of their own."""
    header, line = as_csv(ask(kept)).splitlines()
    assert header.startswith("upn,batch,sessions,file,sha256,note,kept,copy,by_name,by_job_title")
    assert "2026-01-12/AM;2026-01-12/PM,letter.pdf" in line


def test_rebuild_equals_what_was_there(kept):
    """The table is made anew from the log, byte for byte."""
    ask(kept)
    before = list(catch_up.content(kept.folder))
    catch_up.rebuild(kept.folder)
    assert list(catch_up.content(kept.folder)) == before
