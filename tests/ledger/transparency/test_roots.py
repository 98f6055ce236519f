"""The root at any position, from checkpoints, the newest edge and the leaf hashes kept."""

import sqlite3
from base64 import b64encode
from contextlib import closing

import pytest

from ledger.events import streams
from ledger.events.school import StaffJoined
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog.tree import EMPTY_ROOT, HASH_BYTES, Tree
from ledger.transparency import roots
from ledger.transparency.roots import root_at
from tests.projections.ledgers import NOW, Book

SIZES = (1, 700, 3, 900)
"""Transactions that end before, in and after a tile of 256 leaves, and a tree that shares some."""


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """The folder of a log with a few large transactions."""
    book = Book(tmp_path_factory.mktemp("roots") / "ledger")
    for number, size in enumerate(SIZES):
        joined = StaffJoined(name="Ben", job_title="Teacher")
        facts = [Fact(streams.staff(f"S{number}x{n}"), joined) for n in range(size)]
        book.add(NOW, *facts)
    return book.folder


def _tree(folder):
    with closing(sqlite3.connect(folder.log)) as db:
        kept = b"".join(row[0] for row in db.execute("SELECT hashes FROM hash_tiles ORDER BY n"))
    return Tree([kept[n : n + HASH_BYTES] for n in range(0, len(kept), HASH_BYTES)])


def test_the_root_at_every_position_is_that_of_the_tree(log):
    """Before, at and after each edge of a tile, inside and at the end of a transaction."""
    tree, head = _tree(log), log.head()
    assert head == sum(SIZES) + len(SIZES)
    for position in range(head + 1):
        assert root_at(log, position) == b64encode(tree.root(position)).decode(), position


def test_the_root_of_no_entry_is_that_of_the_empty_tree(tmp_path):
    """Also of a log that holds nothing yet."""
    folder = Folder(tmp_path)
    Store.create(folder.log).close()
    assert root_at(folder, 0) == b64encode(EMPTY_ROOT).decode()


def _inside(folder):
    """A position inside a transaction, and its root."""
    position = folder.head() - 5
    return position, b64encode(_tree(folder).root(position)).decode()


@pytest.mark.parametrize("change", [b"", b"x", b"no hash"])
def test_the_roots_of_tiles_that_are_kept_are_believed_only_where_the_log_has_them(log, change):
    """Emptied, cut short or altered, they are made anew; the answer is the same."""
    position, root = _inside(log)
    log.views.mkdir(exist_ok=True)
    log.tiles.unlink(missing_ok=True)
    for altered in (False, False, True, False):
        roots._held.clear()
        if altered:
            log.tiles.write_bytes(change + log.tiles.read_bytes()[max(1, len(change)) :])
        assert root_at(log, position) == root
        assert len(log.tiles.read_bytes()) == log.head() // 256 * HASH_BYTES


def test_without_a_place_to_keep_them_the_roots_are_made_each_time(log, tmp_path):
    """Nobody has made views yet, or the disk cannot be written."""
    folder = Folder(tmp_path / "bare")
    folder.path.mkdir()
    folder.log.write_bytes(log.log.read_bytes())
    roots._held.clear()
    roots._held.update({(-number, b""): Tree([]) for number in range(roots._HELD_AT_MOST + 1)})
    position, root = _inside(folder)
    assert root_at(folder, position) == root
    assert not folder.views.exists()
    assert len(roots._held) == roots._HELD_AT_MOST
