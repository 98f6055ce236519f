"""A writer waits in line and hears Ctrl-C; a file is written whole or not at all."""

import errno
import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import pytest

from ledger.errors import Refused
from ledger.files import (
    LOCK_TIMEOUT_SECONDS,
    begin_immediate,
    clear_unfinished,
    compare_schema,
    new_folder,
    write_new,
    write_output,
)

WAIT = """
import sqlite3, sys
from ledger.files import begin_immediate
db = sqlite3.connect(sys.argv[1], isolation_level=None)
print("waiting", flush=True)
begin_immediate(db.execute)
"""


LEFT = f".{'ab' * 16}"
"""How the name of what is made aside begins."""
NO_LINKS = OSError(errno.EPERM, "Operation not permitted")


def failing(failure):
    def fail(*_):
        raise failure

    return fail


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "a.db"
    with closing(sqlite3.connect(found)) as db:
        db.execute("PRAGMA journal_mode=WAL")
    return found


@pytest.fixture
def holder(path):
    """Somebody else who writes."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("BEGIN IMMEDIATE")
    yield db
    db.close()


@pytest.fixture
def waiter(path):
    db = sqlite3.connect(path, isolation_level=None)
    yield db
    db.close()


def test_a_free_place_is_taken_at_once(waiter):
    begin_immediate(waiter.execute)
    assert waiter.in_transaction


def test_the_place_is_taken_when_the_other_has_finished(holder, waiter):
    threading.Timer(0.3, holder.execute, ["COMMIT"]).start()
    begin_immediate(waiter.execute)
    assert waiter.in_transaction
    assert waiter.execute("PRAGMA busy_timeout").fetchone()[0] == 120_000


@pytest.mark.usefixtures("holder")
def test_waiting_ends_when_the_time_is_over(waiter):
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        begin_immediate(waiter.execute, timeout=0)
    assert not waiter.in_transaction


def test_another_failure_is_not_waited_for(waiter):
    waiter.execute("BEGIN")
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        begin_immediate(waiter.execute)


@pytest.mark.usefixtures("holder")
def test_control_c_is_heard_while_waiting(path):
    """The lock is never given back here: only the signal can end the wait."""
    with subprocess.Popen(
        [sys.executable, "-c", WAIT, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=LOCK_TIMEOUT_SECONDS / 2)
    assert b"KeyboardInterrupt" in error


def test_a_file_is_written_as_it_is_given(tmp_path):
    """Bytes, or a text in UTF-8 whose line ends are left alone."""
    write_new(tmp_path / "bytes", b"\x00\xff")
    write_new(tmp_path / "text", "Zo\u00eb\r\n")
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"
    assert (tmp_path / "text").read_bytes() == b"Zo\xc3\xab\r\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bytes", "text"]


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_new_file_has_its_mode_from_the_beginning(tmp_path, monkeypatch, mode):
    """Nobody else can read a key at any moment, not even while it is written."""
    seen = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda place: seen.append(os.fstat(place)) or sync(place))
    write_new(tmp_path / "key", b"secret", mode=mode)
    assert seen[0].st_mode & 0o777 == mode
    assert (tmp_path / "key").stat().st_mode & 0o777 == mode


def test_what_is_made_durable_is_the_whole_file(tmp_path, monkeypatch):
    """Nothing waits in this program when the system is asked to keep it, nor is it to come."""
    sizes = []
    sync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda place: sizes.append(os.fstat(place).st_size) or sync(place)
    )
    write_new(tmp_path / "key", b"secret")
    assert sizes[0] == 6


def test_a_name_that_is_taken_is_refused(tmp_path):
    """What was there stays, also where it is a link that leads nowhere."""
    write_new(tmp_path / "a", b"first")
    (tmp_path / "b").symlink_to("nowhere")
    for name in ("a", "b"):
        with pytest.raises(FileExistsError, match=f"{tmp_path / name}'$"):
            write_new(tmp_path / name, b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_file_is_replaced_where_that_is_asked(tmp_path):
    write_new(tmp_path / "a", b"first")
    write_new(tmp_path / "a", b"second", replace=True)
    write_new(tmp_path / "b", b"new", replace=True)
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"second", b"new"]


def test_a_device_is_written_to_and_not_replaced():
    write_new(Path(os.devnull), b"gone", replace=True)
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_what_is_broken_off_leaves_nothing(tmp_path, monkeypatch, failure):
    """A full disk and Ctrl-C alike; the file that was to be replaced stays."""
    (tmp_path / "a").write_bytes(b"before")
    monkeypatch.setattr(os, "fsync", failing(failure))
    with pytest.raises(type(failure)):
        write_new(tmp_path / "a", b"after", replace=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


def test_a_failure_names_the_file_that_was_wanted(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write_new(tmp_path / "nowhere" / "a", b"")
    assert caught.value.filename == str(tmp_path / "nowhere" / "a")


def test_without_hard_links_a_name_is_given_once_too(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", failing(NO_LINKS))
    write_new(tmp_path / "a", b"first")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", b"second")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"first"]


@pytest.mark.parametrize(
    "failure", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()]
)
def test_without_hard_links_too_what_is_broken_off_leaves_nothing(tmp_path, monkeypatch, failure):
    """Not even the empty file that keeps the name for a moment."""
    monkeypatch.setattr(os, "link", failing(NO_LINKS))
    monkeypatch.setattr(Path, "replace", failing(failure))
    with pytest.raises(type(failure)):
        write_new(tmp_path / "a", b"first")
    assert list(tmp_path.iterdir()) == []


def test_what_was_private_stays_so_when_it_is_replaced(tmp_path):
    """An ordinary page has what the umask leaves; nobody reads more than before."""
    umask = os.umask(0o022)
    try:
        write_new(tmp_path / "a", b"first", mode=0o666)
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
        (tmp_path / "a").chmod(0o600)
        write_new(tmp_path / "a", b"second", mode=0o666, replace=True)
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(umask)


def test_to_replace_follows_a_link(tmp_path):
    """The link stays one, and the file that it leads to is the new one."""
    (tmp_path / "a").write_bytes(b"first")
    (tmp_path / "link").symlink_to("a")
    write_new(tmp_path / "link", b"second", replace=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_bytes() == b"second"


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path, monkeypatch):
    """That its folder may be written does not make it ours."""
    (tmp_path / "a").write_bytes(b"first")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match=f"{tmp_path / 'a'}'$"):
        write_new(tmp_path / "a", b"second", replace=True)
    assert (tmp_path / "a").read_bytes() == b"first"


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_appears_with_all_its_files(tmp_path, there):
    """A new one at once; one that is there is filled when all are written, and stays itself."""
    path = tmp_path / "some" / "folder"
    if there:
        path.mkdir(parents=True)
        before = path.stat().st_ino
    with new_folder(path) as folder:
        for name in ("a", "b"):
            (folder / name).write_text(name)
            assert not (path / name).exists()
    assert {each.name: each.read_text() for each in path.iterdir()} == {"a": "a", "b": "b"}
    assert [each.name for each in path.parent.iterdir()] == ["folder"]
    assert not there or path.stat().st_ino == before


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_folder_that_is_broken_off_leaves_nothing(tmp_path, there, failure):
    """A full disk and Ctrl-C alike."""
    path = tmp_path / "folder"
    if there:
        path.mkdir()
    with pytest.raises(type(failure)), new_folder(path) as folder:  # noqa: PT012
        (folder / "a").write_text("half")
        raise failure
    assert list(tmp_path.rglob("*")) == ([path] if there else [])


def test_files_that_cannot_all_be_moved_are_taken_back(tmp_path):
    """Somebody wrote into the folder meanwhile: theirs stays, and none of ours."""
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(FileExistsError), new_folder(path) as folder:  # noqa: PT012
        for name in ("a", "b"):
            (folder / name).write_text("ours")
        (path / "b").write_text("theirs")
    assert [each.read_text() for each in path.rglob("*")] == ["theirs"]


@pytest.mark.parametrize(
    "failure", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()]
)
def test_moving_that_is_broken_off_leaves_nothing(tmp_path, monkeypatch, failure):
    rename = Path.rename

    def failing_once(made, place):
        return failing(failure)() if place == tmp_path / "b" else rename(made, place)

    monkeypatch.setattr(Path, "rename", failing_once)
    with pytest.raises(type(failure)), new_folder(tmp_path) as folder:  # noqa: PT012
        for name in ("a", "b", "c"):
            (folder / name).write_text(name)
    assert list(tmp_path.iterdir()) == []


def test_a_new_folder_is_its_owners_alone(tmp_path):
    """Also while it is being made; one for others is asked for."""
    for name, mode in (("a", 0o700), ("b", 0o755)):
        with new_folder(tmp_path / name, mode=mode) as folder:
            assert folder.stat().st_mode & 0o777 == mode
        assert (tmp_path / name).stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_may_hold_folders(tmp_path, there):
    path = tmp_path / "folder"
    if there:
        path.mkdir()
    with new_folder(path) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "a").write_text("a")
    assert (path / "inner" / "a").read_text() == "a"


def test_what_was_left_half_made_goes_when_the_next_thing_is_made_there(tmp_path):
    """A file or a folder, whatever its name was to be; nothing else, and no link is followed."""
    (tmp_path / f"{LEFT}.unfinished").write_bytes(b"secret")
    (tmp_path / f".{'cd' * 16}.unfinished" / "inner").mkdir(parents=True)
    (tmp_path / ".notes.unfinished").write_bytes(b"somebody's own")
    (tmp_path / f".{'ef' * 16}.unfinished").symlink_to(".notes.unfinished")
    write_new(tmp_path / "a", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f".{'ef' * 16}.unfinished", ".notes.unfinished", "a",
    ]  # fmt: skip


def test_what_somebody_is_making_stays(tmp_path):
    """Another command makes something in the same folder: neither takes the other's away."""
    with new_folder(tmp_path / "a") as one:
        write_new(tmp_path / "b", b"b")
        clear_unfinished(tmp_path)
        (one / "c").write_text("c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_files_that_were_being_moved_into_a_folder_are_moved_by_the_next(tmp_path):
    """They were whole: some of them may be in their place already."""
    whole = tmp_path / f"{LEFT}.whole"
    whole.mkdir()
    (whole / "b").write_text("b")
    (tmp_path / "a").write_text("a")
    assert clear_unfinished(tmp_path) == []
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "a", "b": "b"}


def test_what_cannot_be_cleared_is_left(tmp_path):
    """Nothing is written over, and nothing of what was whole is lost."""
    whole = tmp_path / f"{LEFT}.whole"
    whole.mkdir()
    for name in ("a", "b"):
        (whole / name).write_text("ours")
    (tmp_path / "b").write_text("theirs")
    clear_unfinished(tmp_path)
    assert (tmp_path / "b").read_text() == "theirs"
    assert sorted(path.name for path in whole.iterdir()) == ["a", "b"]


def test_a_folder_that_is_not_there_or_knows_no_locks_is_left_alone(tmp_path, monkeypatch):
    clear_unfinished(tmp_path / "nowhere")
    (tmp_path / f"{LEFT}.unfinished").write_bytes(b"half")
    monkeypatch.setattr(fcntl, "flock", failing(NO_LINKS))
    write_new(tmp_path / "a", b"new")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("there", [False, True])
def test_a_name_that_the_disk_does_not_keep_is_taken_back(tmp_path, monkeypatch, there):
    """So that what is refused is not there all the same: a file, and a folder."""
    if there:
        (tmp_path / "folder").mkdir()
    monkeypatch.setattr("ledger.files.sync_folder", failing(NO_LINKS))
    with pytest.raises(OSError, match="not permitted"):
        write_new(tmp_path / "a", b"content")
    with pytest.raises(OSError, match="not permitted"), new_folder(tmp_path / "folder") as folder:
        (folder / "a").write_text("a")
    assert list(tmp_path.rglob("*")) == ([tmp_path / "folder"] if there else [])


def test_a_schema_that_is_no_text_is_one_that_cannot_be_read(tmp_path):
    """SQLite names it in its own words, which are then no text either."""
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as db:
        db.execute("CREATE TABLE t(x)")
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_master SET sql = CAST(x'435245415445205441424c4520ff28' AS TEXT)"
        )
    with (
        closing(sqlite3.connect(tmp_path / "x.db")) as db,
        pytest.raises(sqlite3.DatabaseError, match="malformed database schema"),
    ):
        compare_schema(db, ["CREATE TABLE t(x)"])


def test_what_sqlite_says_of_a_schema_may_be_no_text_itself():
    no_text = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    with pytest.raises(sqlite3.DatabaseError, match="malformed database schema: invalid start"):
        compare_schema(Mock(execute=Mock(side_effect=no_text)), ["CREATE TABLE t(x)"])


def test_a_file_that_somebody_else_made_meanwhile_is_not_written_over(tmp_path, monkeypatch):
    monkeypatch.setattr("ledger.files.write_new", Mock(side_effect=FileExistsError))
    with pytest.raises(Refused, match="exists already and is another"):
        write_output(tmp_path / "out", b"content")
