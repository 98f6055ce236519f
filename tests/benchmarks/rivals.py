"""What our writers are measured against: bare SQLite, and the library for event sourcing."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from commands.register.take import TakeRegister

INSERTS = """
import pickle, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA synchronous=FULL")
db.execute("BEGIN IMMEDIATE")
rows = pickle.load(open(sys.argv[2], "rb"))
db.executemany("INSERT INTO stored_events VALUES(?,?,?,?,?)", rows)
db.execute("COMMIT")"""
BARE = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE stored_events(
    position INTEGER PRIMARY KEY, originator_id TEXT, originator_version INTEGER,
    topic TEXT, state BLOB, UNIQUE(originator_id, originator_version))"""

Rows = list[tuple[int, str, int, str, bytes]]


class Enrolment(Aggregate):
    """A pupil's school year, as the event-sourcing library's own guide would have it."""

    @event("Began")
    def __init__(self, pupil: str) -> None:
        self.pupil = pupil
        self.codes: dict[str, str] = {}

    @event("Marked")
    def mark(self, session: str, code: str) -> None:
        """Record the code of a session."""
        self.codes[session] = code


class Stock:
    """The event-sourcing library with the settings under which it is fastest."""

    def __init__(self, path: Path, upns: list[str]) -> None:
        self._app = Application(
            env={
                "PERSISTENCE_MODULE": "eventsourcing.sqlite",
                "SQLITE_DBNAME": str(path),
                "AGGREGATE_CACHE_MAXSIZE": str(2 * len(upns)),
                "AGGREGATE_CACHE_FASTFORWARD": "n",
                "DEEPCOPY_FROM_AGGREGATE_CACHE": "n",
            }
        )
        made = [Enrolment(upn) for upn in upns]
        self._app.save(*made)
        self._ids: dict[str, UUID] = {each.pupil: each.id for each in made}

    def take(self, command: TakeRegister) -> None:
        """Record a register: one event of each pupil's aggregate, saved at once."""
        concerned = []
        for row in command.rows:
            pupil = self._app.repository.get(self._ids[row.pupil])
            pupil.mark(str(command.session), row.code)
            concerned.append(pupil)
        self._app.save(*concerned)

    def close(self) -> None:
        """Close its database."""
        self._app.close()


class Bare:
    """A plain database with the log's rows in a table of the same columns, and nothing else."""

    def __init__(self, path: Path, log: Path) -> None:
        self._log = log
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(BARE)
        self._db.execute("ATTACH ? AS ours", [str(log)])
        self._db.execute("INSERT INTO stored_events SELECT * FROM ours.stored_events")
        self._db.execute("DETACH ours")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rows(self, first: int, last: int) -> Rows:
        """Return the rows that the ledger recorded from a position to another."""
        query = "SELECT * FROM stored_events WHERE position BETWEEN ? AND ?"
        with closing(sqlite3.connect(self._log)) as db:
            return db.execute(query, [first, last]).fetchall()

    def insert(self, rows: Rows) -> None:
        """Insert the rows of one register in a transaction of its own."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO stored_events VALUES(?,?,?,?,?)", rows)
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close it."""
        self._db.close()
