"""A file or disk that cannot be used is an answer with a remedy, and nothing is written."""

import ctypes
import os
import resource
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from commands.core.execute import execute
from commands.school.staff import AddStaff
from ledger import files
from ledger.backup import backup
from ledger.backup import file as backup_file
from ledger.errors import Refused
from ledger.store.folder import Folder
from ledger.store.store import Store
from tests.ledger.refusals import refused_with

ADD = AddStaff(staff_id="S2", name="Ben", job_title="Teacher")
HEAD = 5
"""Events of an empty ledger: a header, the rules, its birth, its first member of staff."""


@contextmanager
def without_root() -> Iterator[None]:
    """Give up the right to ignore file permissions, for a while, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    libc, header = ctypes.CDLL(None), struct.pack("=Ii", 0x20080522, 0)
    held = ctypes.create_string_buffer(24)
    libc.capget(header, held)
    _, permitted, inheritable, _, more_permitted, more_inheritable = struct.unpack("6I", held.raw)
    kept = struct.pack("6I", 0, permitted, inheritable, 0, more_permitted, more_inheritable)
    libc.capset(header, kept)
    try:
        yield
    finally:
        libc.capset(header, held)


@contextmanager
def on_read_only_disk(folder: Folder) -> Iterator[None]:
    files = list(folder.path.iterdir())
    for path in (*files, folder.path):
        path.chmod(0o444 if path.is_file() else 0o555)
    try:
        with without_root():
            yield
    finally:
        for path in (folder.path, *files):
            path.chmod(0o644 if path.is_file() else 0o755)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def content(folder: Folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.path.iterdir()}


def test_a_read_only_folder_refuses_commands(context, folder):
    """On a disk that cannot be written a command says so; the files stay as they were."""
    before = content(folder)
    with on_read_only_disk(folder), refused_with("read-only"):
        execute(context, ADD)
    assert content(folder) == before


def test_a_read_only_key_file_refuses_commands(context, folder):
    """Keys come first: where they cannot be kept, the log is not written either."""
    folder.keys.chmod(0o444)
    with without_root(), refused_with("read-only"):
        execute(context, ADD)
    assert folder.head() == HEAD


def test_a_read_only_folder_still_tells_its_position(folder):
    """Cheap questions are answered from a disk that cannot be written."""
    head = folder.head()
    with on_read_only_disk(folder):
        assert folder.head() == head


def test_a_read_only_copy_with_commits_waiting_is_refused(folder, tmp_path):
    """A copy whose latest commits are still in the write-ahead log never answers without them."""
    copy = Folder(tmp_path / "copy")
    with closing(Store(folder.log)) as store, closing(sqlite3.connect(folder.log)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("INSERT INTO stored_events VALUES(9, 'x', 0, 'n', x'00')")
        writer.commit()
        assert store.head() == 9
        copy.path.mkdir()
        for name in ("ledger.db", "ledger.db-wal"):
            shutil.copyfile(folder.path / name, copy.path / name)
    with on_read_only_disk(copy), refused_with("read-only"):
        copy.head()
    assert copy.head() == 9


def test_a_full_disk_refuses_and_records_nothing(ledger_log, new_mark, db):
    """Running out of space half-way through leaves the log as it was, ready to go on."""
    ledger_log.append(new_mark())
    with files_no_larger_than(256 * 1024), refused_with("disk-full"):
        ledger_log.append(*(new_mark(f"p{n}", comment="x" * 200) for n in range(5000)))
    assert ledger_log.positions() == [1, 2]
    ledger_log.append(new_mark("q"))
    assert ledger_log.positions() == [1, 2, 3, 4]
    with closing(Store(db)) as again:
        assert again.head() == 4


def test_a_disk_too_full_for_keys_refuses_and_records_nothing(context, folder):
    """A command whose keys do not fit leaves no event behind."""
    roles = ("teacher",)
    long = AddStaff(staff_id="S" * 300_000, name="Ben", job_title="Teacher", role=roles)
    with files_no_larger_than(200 * 1024), refused_with("disk-full"):
        execute(context, long)
    assert folder.head() == HEAD
    assert execute(context, ADD).header is not None


@pytest.mark.parametrize("damaged", [b"this is no database, whatever its name says" * 99, b""])
def test_a_file_that_is_no_ledger_is_refused(context, folder, damaged):
    """Another file, or an empty one, under the log's name is named as damaged."""
    folder.log.write_bytes(damaged)
    with refused_with("ledger-damaged"):
        folder.head()
    with refused_with("ledger-damaged"):
        execute(context, ADD)
    assert folder.log.read_bytes() == damaged


@pytest.mark.parametrize(
    ("damaged", "code"),
    [
        (b"this is no database, whatever its name says" * 99, "ledger-damaged"),
        (b"", "keys-altered"),
    ],
)
def test_a_key_file_that_is_no_key_file_is_refused(context, folder, damaged, code):
    """An empty one is a database that has none of the tables."""
    folder.keys.write_bytes(damaged)
    with pytest.raises(Refused, match=r"keys\.db") as refused:
        execute(context, ADD)
    assert refused.value.code == code
    assert folder.keys.read_bytes() == damaged


def test_a_missing_key_file_is_refused_and_not_made_anew(context, folder):
    """Without its keys a ledger cannot be read in full, and must not get others."""
    folder.keys.unlink()
    with refused_with("keys-missing"):
        execute(context, ADD)
    assert not folder.keys.exists()
    assert folder.head() == HEAD


def test_a_back_up_without_the_keys_is_none(folder, tmp_path):
    """They may be lost while it is made; nothing is left of it then."""
    folder.keys.unlink()
    target = tmp_path / "school.attendance-backup"
    with refused_with("keys-missing"):
        backup.create(folder, target, "correct horse battery", HEAD, lambda *_: None)
    assert list(tmp_path.glob("*school.attendance*")) == []


@pytest.mark.parametrize("which", ["log", "keys"])
def test_a_writer_that_never_ends_is_told_after_a_while(context, folder, which, monkeypatch):
    """Two minutes (here: none) behind another writer, the command gives up and says why."""
    monkeypatch.setattr(files, "LOCK_TIMEOUT_SECONDS", 0.01)
    with closing(sqlite3.connect(getattr(folder, which), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with refused_with("busy"):
            execute(context, ADD)
    assert folder.head() == HEAD


def test_no_ledger_is_an_answer(tmp_path):
    """A folder without a ledger, or a file in its place, is refused by name."""
    (tmp_path / "file").write_text("a file")
    with refused_with("ledger-is-a-file"):
        Folder(tmp_path / "file").required()
    with refused_with("no-ledger"):
        Folder(tmp_path).required()
    with refused_with("read-only"):
        Folder(tmp_path).head()


def test_a_ledger_is_where_its_log_is(folder):
    assert folder.exists()
    assert folder.required() is folder
    assert folder.views.parent == folder.path


def test_a_storage_error_without_a_known_meaning_is_shown_as_it_is():
    """What we cannot explain is still an answer, with its own words."""
    refused = files.refusal(Path("ledger.db"), OSError("the drive makes a noise"))
    assert (refused.code, "makes a noise" in refused.what) == ("storage", True)


@pytest.mark.parametrize(
    ("name", "what"),
    [("none", "there is no file {}/none"), ("", "{} is a folder, and no file")],
)
def test_a_file_that_is_not_there_is_refused_without_the_number_of_an_error(tmp_path, name, what):
    """As somebody mistypes the name of a back-up."""
    with pytest.raises(Refused) as caught:
        backup_file.read(tmp_path / name, lambda *_: None)
    refused = caught.value
    assert (refused.code, refused.what) == ("storage", what.format(tmp_path))
    meant = files.refusal(tmp_path, OSError(5, "Input/output error", str(tmp_path)))
    assert meant.what == f"{tmp_path} cannot be used: Input/output error"


def test_each_event_of_a_log_has_an_anchor_of_its_own(folder):
    """Read models tell by it whether they were made from this log."""
    anchors = [folder.anchor(position) for position in range(1, HEAD + 1)]
    assert len(set(anchors)) == HEAD
    assert anchors == [folder.anchor(position) for position in range(1, HEAD + 1)]
    assert (folder.anchor(0), folder.anchor(HEAD + 1)) == ("", None)
