"""attendance checkpoint: what is printed, kept, and compared with one kept earlier."""

from base64 import b64decode
from contextlib import closing

import pytest

from commands.core.execute import execute
from commands.school.staff import AddStaff
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog.note import read_checkpoint, read_note
from ledger.tlog.tree import is_consistent
from tests.cli.shell import run
from tests.projections.ledgers import Book


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


def test_a_log_without_any_has_none(tmp_path):
    book = Book(tmp_path / "empty")
    said = checkpoint(Folder(book.folder.path))
    assert said.code == 1
    assert "the log has no checkpoint yet" in said.err
