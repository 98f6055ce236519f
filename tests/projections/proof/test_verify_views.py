"""Whether the read models are what a rebuild makes: each way in which they can differ."""

import shutil
import sqlite3
from contextlib import closing, contextmanager

import pytest

from projections.proof import verify
from projections.readmodel.catch_up import catch_up
from projections.readmodel.sources import log_alone
from tests.projections.ledgers import instant, marked


@pytest.fixture
def book(school):
    catch_up(school.folder)
    return school


def told(book):
    return [what for _, what in verify.faults_of_views(book.folder)]


def change(book, statement):
    with closing(sqlite3.connect(book.folder.views / "tables.db")) as db:
        db.execute(statement)
        db.commit()


def test_views_that_are_up_to_date_or_behind_or_not_there_are_no_fault(book):
    """None of them is touched."""
    assert told(book) == []
    book.add(instant(2025, 9, 3, 9), marked("ann", "2025-09-03/AM", "N"))
    before = (book.folder.views / "grid" / "manifest.json").read_bytes()
    assert told(book) == []
    assert (book.folder.views / "grid" / "manifest.json").read_bytes() == before
    shutil.rmtree(book.folder.views)
    assert told(book) == []
    assert not book.folder.views.exists()


STATEMENTS = {
    "DELETE FROM pupils WHERE idx = 2": "differ from the log",
    "CREATE TABLE more(x)": "differ from the log",
    "CREATE TRIGGER t AFTER INSERT ON pupils BEGIN SELECT 1; END": "differ from the log",
    "UPDATE state SET position = 3": "were made from another log",
    "UPDATE state SET anchor = 'x'": "were made from another log",
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_tables_that_were_changed(book, statement):
    change(book, statement)
    [what] = told(book)
    assert what.startswith(f"the read models {STATEMENTS[statement]}")
    assert what.endswith("; attendance rebuild mends it")


def test_tables_of_an_older_layout_are_made_anew(book):
    """As the next question does: what they hold is not used."""
    change(book, "UPDATE state SET layout = 1")
    (book.folder.views / "grid" / "manifest.json").write_text("{}")
    assert told(book) == []


def test_an_index_that_leads_elsewhere(book):
    """Look-ups would see what the rows do not hold."""
    path = book.folder.views / "tables.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sql = "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'pupils'"
        [(page,)] = db.execute(sql).fetchall()
    raw = bytearray(path.read_bytes())
    size = int.from_bytes(raw[16:18], "big")
    raw[raw.index(b"bob", (page - 1) * size, page * size)] ^= 1
    path.write_bytes(raw)
    [what] = told(book)
    assert what.startswith("the read models are malformed: ")


def test_files_that_cannot_be_read(book):
    """No database; a grid that is not there."""
    path = book.folder.views / "tables.db"
    path.write_bytes(b"rubbish")
    for side in book.folder.views.glob("tables.db-*"):
        side.unlink()
    [what] = told(book)
    assert what.startswith("the read models cannot be read: ")


def test_entries_that_come_meanwhile_are_no_fault(book, monkeypatch):
    """Somebody records between the replay of the log and the copy's catching up."""
    days = iter(("2025-12-03/PM", "2025-12-04/PM"))

    @contextmanager
    def recording(folder):
        with log_alone(folder) as models:
            if day := next(days, None):
                book.add(instant(2025, 12, 5, 9), marked("ann", day, "\\"))
            yield models

    monkeypatch.setattr(verify, "log_alone", recording)
    before = book.folder.head()
    assert told(book) == []
    assert book.folder.head() == before + 4


def test_an_auditors_copy_that_nobody_may_write_to_is_no_fault(book):
    """The copy that is compared can be written to, whatever the original allows."""
    for path in (*book.folder.views.rglob("*"), book.folder.views):
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert told(book) == []
    finally:
        for path in (book.folder.views, *book.folder.views.rglob("*")):
            path.chmod(0o700)
