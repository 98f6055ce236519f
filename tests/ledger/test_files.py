"""A writer waits in line, gives up when told to, and hears Ctrl-C while it waits."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from ledger.files import LOCK_TIMEOUT_SECONDS, begin_immediate

WAIT = """
import sqlite3, sys
from ledger.files import begin_immediate
db = sqlite3.connect(sys.argv[1], isolation_level=None)
print("waiting", flush=True)
begin_immediate(db.execute)
"""


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
    assert waiter.execute("PRAGMA busy_timeout").fetchone()[0] == 1000 * LOCK_TIMEOUT_SECONDS


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
