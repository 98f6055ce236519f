"""What leaves the school says what the log says, whatever the views hold."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from projections.disclosure.subject_access import SubjectAccess
from projections.exports.portable import ExportPortable
from projections.figures.rates import Rates
from projections.penalties.alert_letter import DraftLetter
from projections.queries.view import open_view
from projections.readmodel import manifest
from projections.readmodel.catch_up import catch_up
from projections.readmodel.sources import log_alone, log_of
from projections.readmodel.tables import leave
from projections.register.print import RegisterPrint
from tests.projections.ledgers import NOW, instant, marked

AT = instant(2025, 9, 8, 8)
MONDAY = "2025-09-08/AM"
PRINT = RegisterPrint(group="9A", week=date(2025, 9, 10), on=date(2025, 9, 30), as_amended=True)
COPY = SubjectAccess(who="U-ann", for_="Ann Able", on=date(2025, 9, 30))


@pytest.fixture
def book(school):
    """Ann and Bob have a mark each; the views are up to date."""
    school.add(AT, marked("ann", MONDAY, "N"), marked("bob", MONDAY, "/"))
    catch_up(school.folder)
    return school


def tamper(folder, *statements):
    with closing(sqlite3.connect(folder.views / "tables.db")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    leave(folder)  # as whoever edits them could, too


def excuse(folder):
    """Let every N be an attendance, in the tables and in the arrays."""
    tamper(folder, "UPDATE marks SET code = '/'", "UPDATE recent_marks SET code = '/'")
    kept = manifest.read(manifest.grid_path(folder))
    codes = ["/" if code == "N" else code for code in kept.codes]
    manifest.write(manifest.grid_path(folder), replace(kept, codes=codes))


@pytest.mark.parametrize("question", [PRINT, COPY])
def test_a_document_is_made_from_the_log_whatever_the_views_say(book, question):
    rates = Rates(on=date(2025, 9, 30))
    before, counted = book.ask(question).document, book.ask(rates).document
    excuse(book.folder)
    assert book.ask(rates).document != counted
    assert book.ask(question).document == before


def test_views_that_hide_a_pupil_hide_nobody_from_paper(book):
    """Whose marks are needed is asked of the log too."""
    before = book.ask(PRINT).document
    tamper(book.folder, "DELETE FROM memberships WHERE pupil = 1")
    assert book.ask(PRINT).document == before


def test_which_documents_are_made_from_the_log():
    assert ExportPortable(path=None).leaves_school
    assert DraftLetter(alert=1).leaves_school
    assert not Rates().leaves_school


def test_of_one_pupil_the_log_alone_gives_the_same_rows_as_of_all(book):
    """But for the marks of others, which are left out: they are most of the log."""
    with log_alone(book.folder) as whole, log_of(["ann"])(book.folder) as one:
        assert one.head == whole.head
        for name in tables_of(whole):
            found, all_ = (rows_of(each, name) for each in (one, whole))
            if name == "marks":
                assert (len(found), len(all_)) == (1, 2)
                assert set(found) < set(all_)
            else:
                assert found == all_, name


def rows_of(models, table):
    return models.db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own


def tables_of(models):
    rows = models.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [name for (name,) in rows]


def test_before_the_first_entry_a_document_needs_no_marks(book):
    with open_view(book.folder, PRINT, lambda: NOW) as view:
        assert len(PRINT.whose(view)) == 2
    early = RegisterPrint(group="9A", week=date(2025, 9, 10), as_amended=True, position=0)
    with open_view(book.folder, early, lambda: NOW) as view:
        assert PRINT.leaves_school
        assert early.whose(view) == ()
