"""What lies beside the log: the keys in the folder, and a journal that nobody made."""

import sqlite3
from contextlib import closing

import pytest

from ledger.events import streams
from ledger.sealing.keys import KeyRing
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog import signing
from ledger.verification.verify import verify
from tests.ledger.conftest import Log, mark


def told(folder):
    return [what for _, what in verify(folder).faults]


def test_a_journal_is_a_finding(folder):
    """Whoever writes next would undo what it says; an empty one undoes nothing."""
    journal = folder.log.with_name("ledger.db-journal")
    journal.write_bytes(b"")
    assert told(folder) == []
    journal.write_bytes(b"x" * 512)
    assert told(folder)[0].startswith("ledger.db-journal lies beside the log")


def test_a_signing_key_of_another_ledger_is_a_finding(folder, tmp_path, monkeypatch):
    """One that is kept elsewhere is nobody's business; nor is one that is not there."""
    other = signing.create(tmp_path / "other.key", "0f")
    folder.signing_key.write_text(other.written + "\n")
    [what] = told(folder)
    assert what.startswith("signing.key is not the key of this log (")
    folder.signing_key.write_text("rubbish")
    assert told(folder) == [what]
    folder.signing_key.unlink()
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(tmp_path / "other.key"))
    assert told(folder) == []


def with_a_pupil(folder):
    """A ledger with one entry of a pupil whose keys are kept."""
    with closing(Store(folder.log)) as store, closing(KeyRing(folder.keys)) as keys:
        with keys.writing():
            keys.add_identity("L1", "local_id", "p1")
            keys.commit()
        event = mark("p1").event
        fact = mark("p1")._replace(stream=streams.pupil("p1"), event=event)
        Log(store).append(fact)
    return folder


def keys(folder, statement):
    with closing(sqlite3.connect(folder.keys)) as db:
        db.execute(statement)
        db.commit()


def test_keys_of_another_ledger_are_a_finding(folder):
    """Keys that were destroyed are known; keys that are not there at all are not asked for."""
    with_a_pupil(folder)
    assert told(folder) == []
    keys(folder, "DELETE FROM identities")
    assert told(folder) == ["keys.db holds the keys of none of the pupils in the log"]
    keys(folder, "INSERT INTO destroyed VALUES('p1', 'identity', 0)")
    assert told(folder) == []
    keys(folder, "DROP TABLE destroyed")
    assert told(folder) == ["keys.db cannot be read: no such table: destroyed"]
    folder.keys.unlink()
    assert told(folder) == []


@pytest.mark.parametrize("words", [b"", b"no database"])
def test_a_log_that_cannot_be_read_has_one_fault_for_that(folder, words):
    for path in folder.path.glob("ledger.db-*"):
        path.unlink()
    folder.log.write_bytes(words)
    assert any("malformed" in what for what in told(Folder(folder.path)))


def test_keys_that_only_their_owner_may_read_are_left_alone(folder, monkeypatch):
    """An auditor verifies with an account that cannot open them."""
    folder.signing_key.write_text("rubbish")
    folder.keys.write_bytes(b"rubbish")
    assert len(told(folder)) == 2
    monkeypatch.setattr("os.access", lambda *_: False)
    assert told(folder) == []
