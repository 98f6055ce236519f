"""attendance prove and checkpoint: what somebody outside needs to check the log without it."""

from base64 import b64decode
from contextlib import closing

import pytest

from commands.core.execute import execute
from commands.school.staff import AddStaff
from ledger import attendance_verify
from ledger.events import streams
from ledger.events.register import AbsencePlanned, MarkAmended, SourceConflicted
from ledger.store.facts import Fact
from ledger.store.store import Store
from ledger.tlog import signing
from ledger.tlog.note import read_checkpoint, read_note
from ledger.tlog.tree import is_consistent, position_of
from ledger.transparency.proof import read_proof
from tests.cli.shell import run
from tests.ledger.cosigned import witnessed
from tests.ledger.outsiders import WITNESS
from tests.ledger.tampering import tampered
from tests.projections.ledgers import instant, marked, on_mark

SESSION = "2025-09-03/AM"


@pytest.fixture
def book(school):
    """Ann was marked absent, then present."""
    late = MarkAmended(
        original="N", code="L", reason="bus", by="s1", name="Mrs Register", job_title="Officer"
    )
    school.add(instant(2025, 9, 3, 9), marked("ann", SESSION, "N"))
    school.versions[marked("ann", SESSION, "N").stream] = 1
    school.add(instant(2025, 9, 4, 9), on_mark("ann", SESSION, late))
    return school


def ask_history(book):
    return run("--ledger", book.folder.path, "history", "U-ann", SESSION, "--json").json


def prove(book, *options):
    return run("--ledger", book.folder.path, "prove", *options)


def key(book):
    return signing.load(book.folder.signing_key).verifier


def test_the_mark_that_stands_is_proven(book):
    """Or an earlier version of it."""
    found = prove(book, "--pupil", "U-ann", SESSION, "--json").json
    head = book.folder.head()
    assert (found["position"], found["index"], found["name"]) == (head, head - 1, "MarkAmended.v2")
    assert read_proof(found["proof"]).wrong(key(book)) is None
    first = prove(book, "--pupil", "L-ann", SESSION, "--version", "1", "--json").json
    assert (first["position"], first["name"]) == (head - 2, "SessionMarked.v1")


def test_a_version_has_one_number_everywhere(book, tmp_path, capsys):
    """In history, for prove and as the verifier prints it: with a plan, and a conflict between.

    What a source states and is not entered takes a number, and is never what stands.
    """
    stream = marked("ann", SESSION, "N").stream
    plan = AbsencePlanned(code="C", reason="trip", by="s1")
    conflict = SourceConflicted(stands="L", code="O", row=2)
    settled = SourceConflicted(stands="L", code="L", row=2)
    again = MarkAmended(original="L", code="I", reason="slip", by="s1", name="Mrs Register")
    at = instant(2025, 9, 5, 9)
    book.add(at, Fact(streams.plan("ann", SESSION), plan))
    book.versions[stream] = 2
    for more, event in enumerate((conflict, settled), start=1):
        book.add(at + more, on_mark("ann", SESSION, event), imported=True)
    book.add(at + 3, on_mark("ann", SESSION, again))
    book.add(at + 4, on_mark("ann", SESSION, SourceConflicted(stands="I", code="O", row=3)),
             imported=True)  # fmt: skip
    told = ask_history(book)["rows"]
    assert [(row["kind"], row["version"]) for row in told] == [
        ("entry", 1), ("amendment", 2), ("plan", 1), ("amendment", 5),
    ]  # fmt: skip
    assert {c["version"] for c in ask_history(book)["conflicts"]} == {3, 4, 6}
    standing = prove(book, "--pupil", "U-ann", SESSION, "--json").json
    assert (standing["version"], standing["position"]) == (5, told[3]["position"])
    for row in told[:2] + told[3:]:
        number, path = row["version"], tmp_path / f"{row['version']}.tlog-proof"
        prove(book, "--pupil", "U-ann", SESSION, "--version", number, "--out", path)
        assert attendance_verify.main([str(path)]) == 0
        said = capsys.readouterr().out
        assert f"Entry        {row['position']}: unaltered" in said
        assert f"version {number} of {stream}" in said


def test_any_entry_is_proven(book, tmp_path):
    """On the screen or in a file."""
    shown = prove(book, "--position", "3")
    assert shown.code == 0
    proof = read_proof(shown.out)
    assert (position_of(proof.leaf), proof.wrong(key(book))) == (3, None)
    written = prove(book, "--position", "3", "--out", tmp_path / "p.tlog-proof")
    assert "entry 3 (SchoolOpened.v2), proven under a checkpoint of" in written.out
    assert (tmp_path / "p.tlog-proof").read_text(encoding="utf-8") == shown.out


def test_under_what_a_witness_saw_it_is_proven_to_who_holds_its_key(context, tmp_path):
    """What came after waits for the witness."""
    before = prove(context, "--position", "2", "--witnessed")
    assert (before.code, before.out) == (1, "")
    ask = f"attendance --ledger {context.folder.path} witness ask"
    assert f"{ask}, or leave out --witnessed" in before.err
    size = witnessed(context)
    execute(context, AddStaff(staff_id="S2", name="Ben", job_title="Teacher"))
    for more, status, seen in [(["--witnessed"], 0, size), ([], 3, size + 2)]:
        path = tmp_path / f"proof{status}"
        said = prove(context, "--position", "2", "--out", path, *more)
        assert f"under a checkpoint of {seen} entries" in said.out
        given = [str(path), "--witness", WITNESS.verifier.vkey]
        assert attendance_verify.main(given) == status
    after = prove(context, "--position", str(size + 1), "--witnessed")
    assert (after.code, f"a witness saw {size} entries" in after.err) == (1, True)


REFUSED = {
    (): "a proof is of one mark, or of one entry of the log",
    ("--pupil", "U-ann"): "a proof is of one mark",
    (SESSION,): "a proof is of one mark",
    ("--position", "1", "--pupil", "U-ann"): "a proof is of one mark",
    ("--pupil", "nobody", SESSION): "no pupil has the UPN or local id 'nobody'",
    ("--pupil", "U-bob", SESSION): "no mark was made for that session",
    ("--pupil", "U-ann", SESSION, "--version", "3"): "the mark has 2 versions, not 3",
    ("--position", "999"): "no entry has the number 999",
}


@pytest.mark.parametrize("options", REFUSED)
def test_what_is_not_there_is_refused(book, options):
    said = prove(book, *options)
    assert (said.code, said.out) == (1, "")
    assert REFUSED[options] in said.err


def test_what_was_changed_is_not_proven(book):
    """A proof that does not hold is not written."""
    sql = "UPDATE stored_events SET originator_version = 9 WHERE position = 3"
    tampered(book.folder.log, sql)
    said = prove(book, "--position", "3")
    assert (said.code, said.out) == (1, "")
    assert "entry 3 is not what was recorded under a checkpoint of" in said.err
    assert prove(book, "--position", "4").code == 0


# -- the newest checkpoint: printed, kept, and compared with one kept earlier --------------------


def checkpoint(folder, *options):
    return run("--ledger", folder.path, "checkpoint", *options)


@pytest.fixture
def kept(context, tmp_path):
    """A checkpoint of five entries, kept before two more were recorded."""
    path = tmp_path / "kept"
    assert checkpoint(context.folder, "--out", path).code == 0
    execute(context, AddStaff(staff_id="S2", name="Ben", job_title="Teacher"))
    return path


def edited(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_newest_is_printed_as_it_was_signed(folder):
    with closing(Store(folder.log)) as store:
        note = store.checkpoint()
    said = checkpoint(folder)
    assert (said.code, said.out) == (0, note.written)
    document = checkpoint(folder, "--json").json
    assert (document["size"], document["note"]) == (5, note.written)


def test_it_continues_one_kept_earlier(folder, kept):
    """With the proof, which anybody can check."""
    said = checkpoint(folder, "--since", kept)
    assert said.code == 0
    assert said.out.startswith("Entries 1 to 5 are those of the checkpoint kept; 2 came after.\n")
    document = checkpoint(folder, "--since", kept, "--json").json
    old = read_checkpoint(read_note(kept.read_text(encoding="utf-8")).text)
    new = read_checkpoint(read_note(document["note"]).text)
    proof = [b64decode(each) for each in document["since"]["proof"]]
    assert document["since"]["consistent"] is True
    assert is_consistent(old.size, old.root, new.size, new.root, proof)


DIFFERENT = {
    ("\n5\n", "\n4\n"): "NOT continued: entries 1 to 4 are not those of the checkpoint kept",
    ("\n5\n", "\n9\n"): "NOT continued: the checkpoint kept is of 9 entries, the log holds 7; it",
    ("attendance-ledger/", "other/"): "NOT the same log: the checkpoint kept is of other/",
}


@pytest.mark.parametrize("edit", DIFFERENT)
def test_one_that_it_does_not_continue_is_a_difference(folder, kept, edit):
    edited(kept, *edit)
    said = checkpoint(folder, "--since", kept)
    assert (said.code, said.err) == (3, "")
    assert "No key of this log signed that checkpoint: it was made up, or changed" in said.out
    assert said.out.startswith(DIFFERENT[edit])
    found = checkpoint(folder, "--since", kept, "--json")
    assert found.code == 3
    assert (found.json["since"]["consistent"], found.json["since"]["proof"]) == (False, [])


def test_what_is_no_checkpoint_is_refused(folder, tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\x00")
    for path, code in (("bytes", 1), ("nowhere", 1)):
        said = checkpoint(folder, "--since", tmp_path / path)
        assert (said.code, said.out) == (code, "")


def test_a_log_without_any_has_none(empty):
    said = checkpoint(empty.folder)
    assert said.code == 1
    assert "the log has no checkpoint yet" in said.err
