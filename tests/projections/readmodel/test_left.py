"""Tables that are not as they were left are made anew from the log, and that is said."""

import errno
import fcntl
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from threading import Thread
from time import sleep

import pytest

from ledger import files
from ledger.errors import StorageRefused
from ledger.files import only_writer
from projections.figures.rates import Rates
from projections.readmodel import catch_up, tables
from projections.readmodel.freshness import is_current
from projections.readmodel.tables import open_tables, tables_path
from tests.cli.shell import raising
from tests.projections.ledgers import Book, instant, marked

AT = instant(2025, 9, 8, 9)
DAY = date(2025, 9, 8)
AGAIN = "was not as it was left"


@pytest.fixture
def book(school: Book) -> Book:
    school.add(AT, marked("ann", "2025-09-08/AM", "N"))
    catch_up.catch_up(school.folder)
    return school


def codes(book: Book) -> dict[str, int]:
    """What Ann's row counts, as a question finds it."""
    return book.ask(Rates(pupil="U-ann", from_=DAY, on=DAY)).rows()[0]["codes"]


def edit(book: Book, sql: str) -> None:
    with closing(sqlite3.connect(tables_path(book.folder), isolation_level=None)) as db:
        assert db.execute(sql).rowcount


def append(book: Book, end: str) -> None:
    path = tables_path(book.folder)
    with path.with_name(path.name + end).open("ab") as file:
        file.write(b"x" * 5000)


HARM = {
    "a code": lambda book: edit(book, "UPDATE marks SET code = 'O'"),
    "every row": lambda book: edit(book, "DELETE FROM pupils"),
    "how far they go": lambda book: edit(book, "UPDATE state SET position = position - 1"),
    "its end": lambda book: append(book, ""),
    "its log": lambda book: append(book, "-wal"),
    "its beginning": lambda book: tables_path(book.folder).write_bytes(b"rubbish" * 9999),
    "all of it": lambda book: tables_path(book.folder).write_bytes(b""),
    "its time": lambda book: os.utime(tables_path(book.folder)),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
def test_what_was_changed_is_made_anew_and_said_once(book, harm, capsys):
    """The answer is the log's; who asks again is told nothing."""
    before, dumped = codes(book), list(catch_up.content(book.folder))
    harm(book)
    assert not is_current(book.folder, book.folder.head())
    assert codes(book) == before
    assert AGAIN in capsys.readouterr().err
    assert codes(book) == before
    assert list(catch_up.content(book.folder)) == dumped
    assert capsys.readouterr().err == ""


def test_tables_that_nobody_changed_are_as_they_were_left(book, capsys):
    """Also where somebody reads while they are written, so that a log waits beside them."""
    with closing(open_tables(book.folder)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM state").fetchone()
        book.add(AT, marked("ann", "2025-09-08/PM", "N"))
        catch_up.catch_up(book.folder)
        wal = tables_path(book.folder).with_name("tables.db-wal")
        assert wal.stat().st_size
        assert is_current(book.folder, book.folder.head())
    assert is_current(book.folder, book.folder.head())
    book.add(AT, marked("ann", "2025-09-09/AM", "N"))
    catch_up.catch_up(book.folder)
    assert is_current(book.folder, book.folder.head())
    assert capsys.readouterr().err == ""


def test_a_copy_with_its_times_is_as_it_was_left_and_another_is_made_anew(book, tmp_path, capsys):
    """Nothing is lost by a copy that does not keep times, but the time to make them."""
    for name, how in (("with", shutil.copy2), ("without", shutil.copyfile)):
        shutil.copytree(book.folder.path, tmp_path / name, copy_function=how)
        copied = type(book.folder)(tmp_path / name)
        assert is_current(copied, copied.head()) == (name == "with")
        catch_up.catch_up(copied)
        assert (AGAIN in capsys.readouterr().err) == (name == "without")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, sqlite3.OperationalError("disk is full")])
def test_a_catch_up_that_is_stopped_leaves_them_as_they_were(book, monkeypatch, stop, capsys):
    """What it had written is taken back."""
    book.add(AT, marked("ann", "2025-09-08/PM", "N"))
    monkeypatch.setattr(tables, "set_reach", raising(stop))
    with pytest.raises((KeyboardInterrupt, StorageRefused)):
        catch_up.catch_up(book.folder)
    monkeypatch.undo()
    assert tables.as_left(book.folder)
    catch_up.catch_up(book.folder)
    assert capsys.readouterr().err == ""


def test_what_older_software_left_is_made_anew_without_a_word(book, capsys):
    """It did not say how it left them."""
    (book.folder.views / "left.json").unlink()
    assert not is_current(book.folder, book.folder.head())
    catch_up.catch_up(book.folder)
    assert is_current(book.folder, book.folder.head())
    assert capsys.readouterr().err == ""


def test_who_catches_up_waits_for_who_does(book, capsys):
    """What is half written is not taken for changed."""
    book.add(AT, marked("ann", "2025-09-08/PM", "N"))
    with only_writer(book.folder.views):
        os.utime(tables_path(book.folder))
        waiting = Thread(target=catch_up.catch_up, args=[book.folder])
        waiting.start()
        sleep(0.1)
        assert waiting.is_alive()
        tables.leave(book.folder)
    waiting.join()
    assert is_current(book.folder, book.folder.head())
    assert capsys.readouterr().err == ""


def test_who_waits_too_long_is_told_so(book, monkeypatch):
    """After two minutes."""
    monkeypatch.setattr(files, "LOCK_TIMEOUT_SECONDS", 0)
    with only_writer(book.folder.views), pytest.raises(StorageRefused) as caught:
        catch_up.catch_up(book.folder)
    assert caught.value.code == "busy"


def test_a_folder_that_was_put_aside_while_somebody_waited_is_not_written_to(tmp_path):
    """Who waited writes to the one that has the name."""
    folder, aside = tmp_path / "views", tmp_path / "aside"
    folder.mkdir()
    had = []

    def wait():
        with only_writer(folder):
            had.append(True)
            with only_writer(aside):  # nobody has that one
                had.append(True)

    waiting = Thread(target=wait)
    with only_writer(folder):
        waiting.start()
        sleep(0.05)
        folder.rename(aside)
        folder.mkdir()
    waiting.join()
    assert had == [True, True]


def test_a_disk_that_knows_no_locks_has_no_second_writer(tmp_path, monkeypatch):
    """Nothing can be known of one."""
    monkeypatch.setattr(fcntl, "flock", raising(OSError(errno.ENOLCK, "no locks")))
    with only_writer(tmp_path):
        pass
