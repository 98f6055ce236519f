"""Our recorder keeps the event-sourcing library's own contract for recorders."""

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from ledger.store.recorder import LedgerDatastore, LedgerRecorder


class OnTemporaryFile:
    """Text ids, and a log on a temporary file."""

    def setUp(self) -> None:
        self._threads_before = set(threading.enumerate())
        self._folder = TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)

    def _readers_have_stopped(self) -> None:
        """Some of the library's tests tell their readers to stop and do not wait for it."""
        for thread in set(threading.enumerate()) - self._threads_before:
            thread.join()

    def new_originator_id(self) -> str:
        return f"mark:{uuid4()}"

    def create_recorder(self) -> LedgerRecorder:
        datastore = LedgerDatastore(str(Path(self._folder.name) / "ledger.db"))
        self.addCleanup(datastore.close)
        self.addCleanup(self._readers_have_stopped)
        recorder = LedgerRecorder(datastore)
        recorder.create_table()
        return recorder


class TestApplicationRecorder(OnTemporaryFile, ApplicationRecorderTestCase):
    """Insert, select, conflicts, notifications, ten writers and two readers at once.

    The library offers subscriptions as an optional test; its SQLite recorders have none.
    """

    def test_subscriptions_are_not_available_on_sqlite(self) -> None:
        """Catch-up is a loop that pulls, so nothing waits for a push."""
        with pytest.raises(NotImplementedError):
            self.create_recorder().subscribe()


class TestNonInterleavingPositions(OnTemporaryFile, NonInterleavingNotificationIDsBaseCase):
    """Two writers of a thousand events each never mix their positions."""


del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
