"""The file that the log is in: a journal that nobody made, and what is no database."""

import pytest

from ledger.store.folder import Folder
from ledger.verification.verify import verify


def told(folder):
    return [what for _, what in verify(folder).faults]


def test_a_journal_is_a_finding(folder):
    """Whoever writes next would undo what it says; an empty one undoes nothing."""
    journal = folder.log.with_name("ledger.db-journal")
    journal.write_bytes(b"")
    assert told(folder) == []
    journal.write_bytes(b"x" * 512)
    assert told(folder)[0].startswith("ledger.db-journal lies beside the log")


@pytest.mark.parametrize("words", [b"", b"no database"])
def test_a_log_that_cannot_be_read_has_one_fault_for_that(folder, words):
    for path in folder.path.glob("ledger.db-*"):
        path.unlink()
    folder.log.write_bytes(words)
    assert any("malformed" in what for what in told(Folder(folder.path)))
