"""Any cell of the tables that answers are looked up in, changed: no answer follows it unseen.

1,200 trials: ``pytest tests/adversary/test_tables.py -n 4 --campaign``.
"""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from ledger import clock
from projections.readmodel.catch_up import catch_up
from projections.readmodel.tables import tables_path
from tests.adversary.conftest import PARTS, seeds, verified
from tests.adversary.hands import Trial, opened
from tests.cli.shell import ARGUMENTS, Result, questions, run

ALONE = sorted({*questions()} - ARGUMENTS.keys())
TOLD = "note: what answers are looked up in (views/) was not as it was left"
ROWS = "SELECT rowid FROM {}"
CELL = 'SELECT "{1}" FROM {0} WHERE rowid = ?'
CHANGED = 'UPDATE {0} SET "{1}" = ? WHERE rowid = ?'
DELETED = "DELETE FROM {} WHERE rowid = ?"
OTHERS = ("", "x", "~school/register-2026.x.y", "2026-13-45", -1, 0, 2**40, None, b"\xff", 1.5)


def change_a_cell(trial: Trial) -> tuple[str, ...]:
    """Change one cell, or take its row away; return which."""
    with closing(opened(tables_path(trial.folder))) as db:
        names = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        full = [name for name in names if db.execute(ROWS.format(name)).fetchone()]
        table = trial.rng.choice(full)
        rows = [row for (row,) in db.execute(ROWS.format(table))]
        row, columns = trial.rng.choice(rows), db.execute(f"PRAGMA table_info({table})").fetchall()
        if trial.rng.random() < 0.1:
            db.execute(DELETED.format(table), [row])
            return (table, "deleted")
        column = trial.rng.choice(columns)[1]
        held = db.execute(CELL.format(table, column), [row]).fetchone()[0]
        value = trial.rng.choice([other for other in OTHERS if other != held])
        try:
            db.execute(CHANGED.format(table, column), [value, row])
        except sqlite3.IntegrityError:  # the table cannot hold that
            return change_a_cell(trial)
        return (table, column, repr(value))


def asked(trial: Trial, words: str) -> Result:
    return run("--ledger", trial.folder.path, *words.split())


@pytest.fixture
def looked_up(trial, monkeypatch):
    """A ledger whose views are there, at one time for all questions."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)

    def made(*seed: object) -> Trial:
        tried = trial(*seed)
        catch_up(tried.folder)
        return tried

    return made


@pytest.mark.parametrize("part", range(PARTS))
def test_a_changed_cell_changes_no_answer_and_is_told(looked_up, campaign, part):
    """The tables are made anew from the log, once; who asks again is told nothing."""
    for number in seeds(part, 2 * PARTS, 600, campaign=campaign):
        tried = looked_up("cell", number)
        words = tried.rng.choice(ALONE)
        before = asked(tried, words)
        what = (number, words, change_a_cell(tried))
        after = asked(tried, words)
        assert (after.code, after.out) == (before.code, before.out), what
        assert TOLD in after.err, what
        again = asked(tried, words)
        assert (again.out, again.err) == (before.out, before.err), what
        assert verified(tried.folder)[1] == []
        shutil.rmtree(tried.folder.path)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_cell_changed_under_its_old_time_shows_or_is_found(looked_up, campaign, part):
    """No traceback whatever the cell holds; and where no question notices, `verify` does."""
    for number in seeds(part, 2 * PARTS, 600, campaign=campaign):
        tried = looked_up("in secret", number)
        words = tried.rng.choice(ALONE)
        before = asked(tried, words)
        left = tables_path(tried.folder).stat()
        what = (number, words, in_secret(tried, left))
        after = asked(tried, words)
        assert "Traceback" not in after.err, what
        assert after.code in (0, 1), what
        if TOLD not in after.err and after.out != before.out:
            assert verified(tried.folder)[1], what
        shutil.rmtree(tried.folder.path)


def in_secret(trial: Trial, left: os.stat_result) -> tuple[str, ...]:
    """Change a cell such that size and time of the file are as before."""
    what = change_a_cell(trial)
    path = tables_path(trial.folder)
    with path.open("r+b") as file:
        file.truncate(left.st_size)
    os.utime(path, ns=(left.st_atime_ns, left.st_mtime_ns))
    return what
