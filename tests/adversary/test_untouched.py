"""What nobody touched is never called into question: random ledgers at points of their lives."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from ledger.store.folder import Folder
from projections.readmodel.catch_up import catch_up
from tests.adversary.conftest import PARTS, verified
from tests.adversary.lives import Life
from tests.cli.shell import run

POINTS = 25


@pytest.mark.parametrize("part", range(PARTS))
def test_untouched_ledgers_pass(campaign, tmp_path, part):
    """10,000 points in 400 lives with ``--campaign``: every signature; now and then the views."""
    passed = 0
    for seed in range(part, 400 if campaign else PARTS, PARTS):
        life = Life.begin(tmp_path / str(seed), 1000 + seed)
        for point in range(POINTS):
            if point:
                life.grow()
            views = point == POINTS - 1
            if views:
                catch_up(life.folder)
            answer, problems = verified(life.folder, all=True, log_only=not views)
            assert (answer.differs, problems) == (False, []), (seed, point)
            passed += 1
        if seed % 10 == part:
            said = run("--ledger", life.folder.path, "verify", "--all")
            assert (said.code, said.err) == (0, "")
        shutil.rmtree(life.folder.path)
    assert passed == POINTS * (100 if campaign else 1)


def wal(folder):
    return folder.log.with_name("ledger.db-wal")


@pytest.mark.parametrize("content", [b"", b"x" * 5000, bytes.fromhex("377f0682002de218") * 99])
def test_rubbish_in_the_place_of_a_write_ahead_log_changes_nothing(bases, tmp_path, content):
    """SQLite passes over what has no checksum, and so what is read is what was recorded."""
    folder = Folder(tmp_path / "ledger")
    shutil.copytree(bases[0].today.path, folder.path)
    root = verified(folder)[0].document["root"]
    wal(folder).write_bytes(content)
    answer, problems = verified(folder, all=True)
    assert (problems, answer.document["root"]) == ([], root)


def test_a_change_that_was_not_committed_changes_nothing(bases, tmp_path):
    """Its pages wait in the write-ahead log, and nobody reads them."""
    writing, folder = Folder(tmp_path / "writing"), Folder(tmp_path / "ledger")
    shutil.copytree(bases[0].today.path, writing.path)
    root = verified(writing)[0].document["root"]
    with closing(sqlite3.connect(writing.log, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size = 1")
        db.execute("BEGIN")
        db.execute("UPDATE tree_edge SET hashes = randomblob(200000)")
        shutil.copytree(writing.path, folder.path)
        db.execute("ROLLBACK")
    assert wal(folder).stat().st_size > 100_000
    answer, problems = verified(folder, all=True)
    assert (problems, answer.document["root"]) == ([], root)
