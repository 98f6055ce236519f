"""Read models that cannot be read are put aside and made anew, once."""

import errno
import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from ledger.errors import Refused, StorageRefused
from projections.readmodel import freshness
from projections.readmodel.catch_up import catch_up
from projections.readmodel.freshness import is_current, retry_without_views
from projections.readmodel.tables import DatabaseError, leave, open_tables, tables_path


@pytest.fixture
def views(school):
    catch_up(school.folder)
    (school.folder.views / "mine").write_text("mine")
    return school.folder


class Attempts:
    def __init__(self, error, times=1):
        self.error, self.times, self.made = error, times, 0

    def __call__(self):
        self.made += 1
        if self.made <= self.times:
            raise self.error
        return 1


def of_views(folder, code="storage"):
    """A refusal that names the read models."""
    return Refused(code, f"{folder.views}/tables.db cannot be used")


@pytest.mark.parametrize("error", [OSError, EOFError, ValueError, IndexError, TypeError, None])
def test_unreadable_views_are_made_anew(views, error):
    """The second attempt finds none; what could not be read is gone."""
    attempts = Attempts(error() if error else of_views(views))
    assert retry_without_views(views, attempts) == 1
    assert attempts.made == 2
    assert not (views.views / "mine").exists()
    assert not (views.path / "views.unreadable").exists()


def test_what_works_is_tried_once(views):
    attempts = Attempts(None, times=0)
    assert retry_without_views(views, attempts) == 1
    assert (attempts.made, (views.views / "mine").exists()) == (1, True)


@pytest.mark.parametrize("code", ["pupil-unknown", "storage"])
def test_a_refusal_that_is_not_about_the_views_stands(views, code):
    """Another reason, or another file, is no reason to make them anew."""
    attempts = Attempts(Refused(code, "ledger.db"))
    with pytest.raises(Refused):
        retry_without_views(views, attempts)
    assert (attempts.made, (views.views / "mine").exists()) == (1, True)


def test_without_views_there_is_nothing_to_put_aside(views):
    """Then the failure has another cause."""
    shutil.rmtree(views.views)
    for error in (OSError(), of_views(views)):
        with pytest.raises(Refused):
            retry_without_views(views, Attempts(error))


def test_what_the_disk_refuses_meanwhile_is_a_refusal_too(views, monkeypatch):
    """Whoever has recorded is told that the views are behind, and sees no traceback."""

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(freshness, "_remove", full)
    with pytest.raises(StorageRefused) as caught:
        retry_without_views(views, Attempts(OSError("once")))
    assert caught.value.code == "disk-full"


def test_views_are_put_back_when_making_them_anew_fails_too(views):
    """They may be the last copy of a log that is damaged itself."""
    (views.path / "views.unreadable").write_text("left by a crash")
    with pytest.raises(StorageRefused, match="twice"):
        retry_without_views(views, Attempts(OSError("twice"), times=2))
    assert (views.views / "mine").read_text() == "mine"
    assert not (views.path / "views.unreadable").exists()


VIEW = """CREATE VIEW extra AS
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT x FROM n"""
TRIGGER = "CREATE TRIGGER extra AFTER INSERT ON {} BEGIN SELECT 1; END"


@pytest.mark.parametrize("program", [VIEW, TRIGGER], ids=["view", "trigger"])
def test_tables_that_hold_a_program_are_made_anew(views, program):
    """An endless view in the place of a table would hang whoever asks."""
    with closing(sqlite3.connect(tables_path(views))) as db:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
        db.execute(program.format(db.execute(sql).fetchone()[0]))
    assert not is_current(views, views.head())
    with pytest.raises(DatabaseError, match="does not make"):
        open_tables(views)
    catch_up(views)
    assert is_current(views, views.head())


def garbled(views):
    """Write what is no database over the tables, under the old size and time."""
    path = tables_path(views)
    path.write_bytes(b"no database" * 1000)
    path.with_name("tables.db-wal").unlink(missing_ok=True)
    leave(views)


def test_tables_that_are_no_database_are_not_current_whatever_their_size_and_time(views):
    garbled(views)
    assert not is_current(views, views.head())
    with pytest.raises(DatabaseError):
        open_tables(views)


def test_tables_that_are_no_database_are_made_anew_by_the_next_attempt(views):
    """What writes them cannot go on from them either."""
    garbled(views)
    assert retry_without_views(views, lambda: catch_up(views)) == views.head()
    assert is_current(views, views.head())


def test_tables_that_were_changed_are_not_left_as_ours_where_making_them_anew_fails(
    views, monkeypatch
):
    """They are gone, and the next one begins anew."""
    os.utime(tables_path(views), ns=(1, 1))

    def failing(*_given, **_more):
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patched:
        patched.setattr("projections.readmodel.catch_up._write", failing)
        with pytest.raises(StorageRefused):
            catch_up(views)
    assert not tables_path(views).exists()
    assert not is_current(views, views.head())
    catch_up(views)
    assert is_current(views, views.head())
