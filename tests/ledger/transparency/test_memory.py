"""What a computer remembers of a ledger: it notices a roll-back, and raises no false alarm."""

import json
import shutil
from contextlib import closing

import pytest

from commands.core.command import Context
from commands.core.execute import execute
from commands.penalties.undercut import watch
from commands.school.staff import AddStaff
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog import signing
from ledger.tlog.note import Checkpoint, sign
from ledger.transparency import memory
from ledger.verification.verify import KeptCheckpoint, verify


def grow(context, name="S2"):
    execute(context, AddStaff(staff_id=name, name="Ben Reed", job_title="Teacher"))


def origin(folder):
    return signing.load(folder.signing_key).name


def rolled_back(folder):
    """Whether the ledger in a folder is behind what this computer expects of it."""
    known = memory.binding(folder, origin(folder))
    kept = [] if known is None else [KeptCheckpoint("this computer", known.checkpoint)]
    return [fault.what for fault in verify(folder, kept=kept).faults]


def copy(folder, path):
    shutil.copytree(folder.path, path)
    return Folder(path)


def move_to(folder, path):
    shutil.rmtree(folder.path)
    shutil.copytree(path, folder.path)


def test_every_command_is_remembered_with_its_place(context, folder):
    grow(context)
    known = memory.recall(origin(folder))
    assert (known.checkpoint.size, known.place) == (folder.head(), folder.path.resolve())
    assert rolled_back(folder) == []


def test_a_roll_back_is_noticed_and_goes_on_being_noticed(context, folder, tmp_path):
    """Also when the folder has grown again, past what it was."""
    last_week = copy(folder, tmp_path / "last-week")
    grow(context)
    move_to(folder, last_week.path)
    shutil.rmtree(last_week.path)
    [what] = rolled_back(folder)
    assert "this computer saw 7 entries, the log holds 5: it was rolled back" in what
    grow(context, "S3")
    grow(context, "S4")
    [what] = rolled_back(folder)
    assert "entries 1 to 7 are not those that this computer saw" in what


def test_a_copy_that_is_opened_elsewhere_is_no_roll_back(context, folder, tmp_path):
    """It is older rightly, as long as the newer one is in its place."""
    copied = copy(folder, tmp_path / "copy")
    grow(context)
    assert rolled_back(copied) == []
    shutil.rmtree(folder.path)
    [what] = rolled_back(copied)
    assert "rolled back or cut short" in what


def test_a_ledger_that_moved_is_remembered(context, folder, tmp_path):
    """By its id, not by its path."""
    grow(context)
    moved = Folder(tmp_path / "moved")
    folder.path.rename(moved.path)
    assert rolled_back(moved) == []
    grow(Context(Ledger(moved), context.clock, context.operator, watch), "S3")
    assert memory.recall(origin(moved)).place == moved.path.resolve()


def test_a_new_ledger_in_an_old_place_is_no_alarm(context, folder):
    """It has an id of its own."""
    grow(context)
    shutil.rmtree(folder.path)
    signing.create(folder.signing_key, "0f")
    assert memory.binding(folder, origin(folder)) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"note": "x", "place": "y"}'])
def test_a_memory_that_cannot_be_read_is_none(context, folder, text):
    [path] = _file(folder).parent.iterdir()
    path.write_text(text)
    assert memory.recall(origin(folder)) is None
    grow(context)
    assert memory.recall(origin(folder)).checkpoint.size == folder.head()


def test_a_memory_of_another_ledger_is_none(folder):
    """Whatever the name of its file."""
    other = signing.create(folder.path / "other.key", "0f")
    note = sign(Checkpoint(other.name, 1, bytes(32)), [other])
    memory.remember(folder, note, lambda _: True)
    _file_of(other.name).rename(_file(folder))
    assert memory.recall(origin(folder)) is None


def test_a_disk_that_cannot_be_written_fails_no_command(context, folder, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    grow(context)
    assert folder.head() == 7
    assert memory.recall(origin(folder)) is None


def _file(folder):
    return _file_of(origin(folder))


def _file_of(name):
    return memory._file(name)


def test_a_copy_that_goes_on_by_itself_takes_nothing_from_the_original(context, folder, tmp_path):
    """What is known of each place stays: the original's roll-back is noticed all the same."""
    copied = copy(folder, tmp_path / "copy")
    grow(Context(Ledger(copied), context.clock, context.operator, watch), "S9")
    grow(context, "S2")
    before = copy(folder, tmp_path / "before")
    grow(context, "S3")
    move_to(folder, before.path)
    [what] = rolled_back(folder)
    assert "this computer saw 9 entries, the log holds 7" in what


@pytest.mark.parametrize("note", ["x", 7])
def test_a_place_without_a_note_is_not_known(context, folder, note):
    [path] = _file(folder).parent.iterdir()
    path.write_text(json.dumps({"places": {str(folder.path): note}}))
    assert memory.recall(origin(folder)) is None
    grow(context)
    assert rolled_back(folder) == []


def test_the_next_command_says_that_the_folder_was_rolled_back(context, folder, tmp_path):
    """Not only whoever verifies: every command says so until somebody has looked."""
    before = copy(folder, tmp_path / "before")
    grow(context)
    move_to(folder, before.path)
    for name in ("S3", "S4"):
        said = execute(context, AddStaff(staff_id=name, name="Cat", job_title="Teacher")).says
        assert said[-1].startswith("WARNING: this computer has seen 7 entries of this ledger")


def another(context, folder):
    return Context(Ledger(folder), context.clock, context.operator, watch)


def test_two_copies_that_were_both_written_to_are_told_apart_from_one_that_lags(context, tmp_path):
    """Whoever writes to either is told, and from which entry on they differ."""
    grow(context)
    folder, there = context.folder, copy(context.folder, tmp_path / "there")
    common = folder.head()
    grow(another(context, there), "S3")
    for each in (folder, there):
        assert memory.parted(each, origin(each)) == []
    said = "\n".join(execute(context, AddStaff(staff_id="S4", name="X", job_title="T")).says)
    assert f"WARNING: another copy of this ledger, at {there.path}, was written to" in said
    for one, other in ((folder, there), (there, folder)):
        [what] = memory.parted(one, origin(one))
        assert f"at {other.path}, was written to as well" in what
        assert f"differ from entry {common + 1};" in what


def test_a_copy_that_is_gone_or_is_no_ledger_any_more_is_not_spoken_of(context, tmp_path):
    there = copy(context.folder, tmp_path / "there")
    grow(another(context, there), "S3")
    grow(context)
    there.log.write_bytes(b"no ledger")
    assert memory.parted(context.folder, origin(context.folder)) == []
    shutil.rmtree(there.path)
    assert memory.parted(context.folder, origin(context.folder)) == []


def test_a_ledger_that_was_restored_is_rightly_another(context, tmp_path):
    there = copy(context.folder, tmp_path / "there")
    memory.remember_restored(there, newest(there))
    grow(another(context, there), "S3")
    grow(context)
    for each in (context.folder, there):
        assert memory.parted(each, origin(each)) == []


def newest(folder):
    with closing(Store(folder.log)) as store:
        return store.checkpoint()
