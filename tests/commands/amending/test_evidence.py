"""attendance amend --evidence and evidence copy: what is recorded, kept, refused, and lost."""

import io
import sqlite3
from base64 import urlsafe_b64decode
from contextlib import closing
from pathlib import Path

import pytest

from commands.amending import evidence
from commands.amending.amend import AmendMarks
from commands.amending.evidence import CopyEvidence
from ledger.errors import Refused
from ledger.events.amending import EvidenceGiven
from ledger.events.register import MarkAmended
from ledger.sealing import attachments
from ledger.sealing.attachments import digest
from ledger.sealing.keys import KeyRing
from ledger.values import parse_session
from tests.commands.conftest import refusal, upn

MONDAY_AM = parse_session("2026-11-16/AM")
LETTER = b"%PDF Dr Marsh about Ada Quill"


@pytest.fixture
def letter(tmp_path) -> Path:
    path = tmp_path / "Ada Quill GP letter.pdf"
    path.write_bytes(LETTER)
    return path


@pytest.fixture
def marked(desk):
    """Ada and Ben have N on Monday morning."""
    for pupil in ("P1", "P2"):
        desk.mark(pupil, MONDAY_AM, "N")
    return desk


def amend(**fields):
    given = {"pupil": "P1", "session": MONDAY_AM, "code": "I", "reason": "letter seen"}
    return AmendMarks(**(given | fields)).load(io.StringIO())


def both(**fields):
    rows = "".join(f"{upn(n)},2026-11-16,AM,N,I,flu\n" for n in (1, 2))
    text = f"upn,date,session,original,amended,reason\n{rows}".encode()
    return AmendMarks(batch="-", **fields).load(io.TextIOWrapper(io.BytesIO(text)))


def given(desk):
    return [(p, s, e) for p, s, e in desk.log() if isinstance(e, EvidenceGiven)]


def copied(desk, out, beside=0):
    """Copy the first evidence to a file; ``beside``: what is so many positions from it."""
    position = given(desk)[0][0] + beside
    return CopyEvidence(position=position, out=out).carry_out(desk.context)


def test_evidence_is_tied_to_its_amendment(marked, letter):
    """Name and SHA-256 are recorded; one amendment has a batch then, which names both."""
    (_, amended), (stream, event) = marked.recorded(
        amend(evidence=letter, evidence_note=" GP letter ")
    )
    assert isinstance(amended, MarkAmended)
    assert stream == f"evidence:{marked.id('P1')}:{amended.batch}"
    assert event == EvidenceGiven(file=letter.name, sha256=digest(LETTER), note="GP letter")
    assert not marked.folder.attachments.exists()


def test_note_alone_is_evidence_unless_it_is_blank(marked):
    """What was seen at the desk and given back has no file; without any there is no batch."""
    [_, event] = marked.events(amend(evidence_note="appointment card seen"))
    assert event == EvidenceGiven(note="appointment card seen")
    [event] = marked.events(amend(pupil="P2", evidence_note="  "))
    assert event.batch is None


def test_name_note_and_key_are_sealed(marked, letter):
    """The log holds none of them in clear, nor the SHA-256 of the file."""
    marked.do(amend(evidence=letter, evidence_note="GP letter", keep_evidence=True))
    with closing(sqlite3.connect(marked.folder.log)) as db:
        sql = "SELECT state FROM stored_events WHERE topic = 'EvidenceGiven.v3'"
        [(state,)] = db.execute(sql).fetchall()
    assert b"sha256" in state  # the names of the fields can be read there
    assert digest(LETTER).encode() not in state
    assert letter.name.encode() not in state
    assert b"GP letter" not in state
    assert given(marked)[0][2].key.encode() not in state


def test_copy_of_each_pupil_has_a_key_and_file_of_its_own(marked, letter):
    """What is kept about one pupil can be put beyond use without the other."""
    marked.do(both(evidence=letter, keep_evidence=True))
    events = given(marked)
    assert [stream.split(":")[1] for _, stream, _ in events] == [marked.id("P1"), marked.id("P2")]
    assert len({e.key for _, _, e in events}) == 2
    names = {p.name for p in marked.folder.attachments.iterdir()}
    assert names == {attachments.name_of(stream) for _, stream, _ in events}


def test_several_amendments_of_a_pupil_rest_on_one_piece(marked, letter):
    """One event for each pupil concerned, however many marks."""
    marked.mark("P1", "2026-11-16/PM", "N")
    marked.do(amend(session=None, from_="2026-11-16", to_="2026-11-16", evidence=letter))
    assert len(given(marked)) == 1


def test_answer_says_what_was_given(marked, letter):
    """Name, SHA-256, note, whether a copy is kept, and the number by which it is taken back."""
    says = marked.do(amend(evidence=letter, evidence_note="GP letter", keep_evidence=True)).says
    [(entry, _, _)] = given(marked)
    assert says[-2] == (
        f"evidence: Ada Quill GP letter.pdf (SHA-256 {digest(LETTER)}); GP letter; "
        "an encrypted copy is kept"
    )
    way = f"attendance take-back {entry} --reason WHY would take it back"
    assert says[-1] == f"the evidence is entry {entry}: {way}"


def test_dry_run_keeps_nothing(marked, letter):
    """A preview names the evidence and writes no file."""
    says = marked.do(amend(evidence=letter, keep_evidence=True, dry_run=True)).says
    assert says[-2].startswith("evidence: Ada Quill GP letter.pdf (SHA-256 ")
    assert not marked.folder.attachments.exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("none.pdf", None, "evidence-file"),
        ("", None, "evidence-file"),
        ("empty.pdf", b"", "evidence-empty"),
        ("large.pdf", b"x" * 101, "evidence-large"),
    ],
)
def test_file_that_is_no_evidence_is_refused(tmp_path, monkeypatch, name, content, code):
    """Missing, a folder, empty or huge: named, with what to do."""
    monkeypatch.setattr(evidence, "LARGEST", 100)
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    found = refusal(amend, evidence=path)
    assert found.code == code
    assert str(path) in found.what
    assert found.remedy


def test_largest_is_25_mb(tmp_path):
    """A file of so much is read, and one of a byte more is refused, which says so."""
    scan = tmp_path / "scan.pdf"
    with scan.open("wb") as file:
        file.truncate(25 * 1024 * 1024)
        assert len(evidence.read_evidence(scan).content) == 25 * 1024 * 1024
        file.truncate(25 * 1024 * 1024 + 1)
    with pytest.raises(Refused, match=r"26,214,401 bytes; evidence may have 26,214,400 \(25 MB"):
        evidence.read_evidence(scan)


def test_copy_of_nothing_is_refused():
    """--keep-evidence needs a file."""
    assert refusal(amend, keep_evidence=True, evidence_note="card").code == "evidence-missing"


def test_fault_between_copy_and_commit_leaves_no_event(marked, letter, monkeypatch):
    """A stray copy harms nobody; the log is as it was and goes on."""
    before, write = marked.folder.head(), attachments.write

    def fails(folder, kept):
        write(folder, kept)
        raise KeyboardInterrupt

    monkeypatch.setattr(attachments, "write", fails)
    with pytest.raises(KeyboardInterrupt):
        marked.do(amend(evidence=letter, keep_evidence=True))
    assert marked.folder.head() == before
    assert len(list(marked.folder.attachments.iterdir())) == 1
    monkeypatch.undo()
    marked.do(amend(evidence=letter, keep_evidence=True))
    assert len(given(marked)) == 1


def test_copy_that_cannot_be_kept_refuses_the_amendment(marked, letter):
    """All or nothing: no event without its copy."""
    marked.folder.attachments.write_text("in the way")
    refused = marked.refused(amend(evidence=letter, keep_evidence=True))
    assert str(marked.folder.attachments) in refused.what


def test_copies_are_there_before_the_log_commits(marked, letter, monkeypatch):
    """Keys first, then the copies, then the events."""
    seen, before, write = [], marked.folder.head(), attachments.write

    def noted(folder, kept):
        seen.append((folder.head(), write(folder, kept)))

    monkeypatch.setattr(attachments, "write", noted)
    marked.do(amend(evidence=letter, keep_evidence=True))
    assert seen == [(before, None)]
    assert marked.folder.head() > before


# -- evidence copy ------------------------------------------------------------------------------


@pytest.fixture
def kept(marked, letter):
    marked.do(amend(evidence=letter, keep_evidence=True))
    return marked


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.pdf"


def test_copy_comes_back_byte_for_byte(kept, out):
    """The file written has the SHA-256 recorded; nothing is recorded."""
    before = kept.folder.head()
    says = copied(kept, out).says
    assert out.read_bytes() == LETTER
    assert "Ada Quill GP letter.pdf" in says[0]
    assert digest(LETTER) in says[0]
    assert kept.folder.head() == before


def test_existing_file_is_not_overwritten(kept, out):
    """What is there stays."""
    out.write_text("mine")
    assert refusal(copied, kept, out).code == "already-there"
    assert out.read_text() == "mine"


def test_position_without_evidence_is_refused(kept, out):
    """The amendment itself is no evidence."""
    for beside in (-1, 1):
        assert refusal(copied, kept, out, beside).code == "evidence-unknown"


def test_evidence_without_a_copy_is_refused(marked, letter, out):
    """The refusal says where to look."""
    marked.do(amend(evidence=letter))
    assert refusal(copied, marked, out).code == "evidence-not-kept"


def test_missing_copy_is_refused(kept, out):
    """A copy that somebody took away."""
    [path] = kept.folder.attachments.iterdir()
    path.unlink()
    assert refusal(copied, kept, out).code == "attachment-missing"


def test_copy_of_other_bytes_is_refused(kept, out):
    """Whoever has the key can write another file, but not one with the recorded SHA-256."""
    _, stream, event = given(kept)[0]
    key = urlsafe_b64decode(event.key + "=")
    forged = attachments.Attachment(attachments.name_of(stream), b"forged", key)
    attachments.write(kept.folder, [forged])
    assert refusal(copied, kept, out).code == "attachment-changed"
    assert not out.exists()


def test_copy_is_beyond_use_once_the_pupils_key_is_destroyed(kept, out):
    """The file is still there; nobody can open it."""
    with closing(KeyRing(kept.folder.keys)) as ring:
        ring.destroy(kept.id("P1"), at=kept.now)
    assert len(list(kept.folder.attachments.iterdir())) == 1
    assert refusal(copied, kept, out).code == "beyond-use"
