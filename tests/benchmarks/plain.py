"""A school's CSV files into SQLite, as a script would: `python plain.py FOLDER DATABASE`.

What an import is measured against. It checks that pupils, dates, halves and codes are known and
that no session is stated twice; a trigger keeps the version that a change replaces; each row is
hashed together with the hash before it, as a log that shows where it was changed.
"""

import csv
import sqlite3
import sys
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE pupils(number INTEGER PRIMARY KEY, upn TEXT UNIQUE);
CREATE TABLE marks(pupil INT, session TEXT, code TEXT, at TEXT, hash BLOB,
    PRIMARY KEY(pupil, session)) WITHOUT ROWID;
CREATE TABLE older(pupil INT, session TEXT, code TEXT, at TEXT, hash BLOB);
CREATE TRIGGER keep BEFORE UPDATE ON marks BEGIN
    INSERT INTO older VALUES(OLD.pupil, OLD.session, OLD.code, OLD.at, OLD.hash); END;
"""
CODES = frozenset("/\\ABCDEFGHIJKLMNOPRSTUVWXYZ#") | {f"Y{n}" for n in range(1, 8)}
CODES |= {"C1", "C2", "J1", "Q"}
Mark = tuple[int, str, str, str, bytes]


class Script:
    """Reads the files of one school into a database."""

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self._folder, self._db, self._last = folder, db, b""
        rows = enumerate(self._rows("pupils.csv"))
        self._pupils = {row["upn"]: number for number, row in rows}

    def run(self) -> None:
        """Read them, all or none."""
        self._db.executescript(SCHEMA)
        with self._db as db:
            db.executemany("INSERT INTO pupils(upn, number) VALUES(?, ?)", self._pupils.items())
            marks = self._marks("marks.csv", "code", "recorded_on")
            db.executemany("INSERT INTO marks VALUES(?, ?, ?, ?, ?)", marks)
            for pupil, session, *new in self._marks("amendments.csv", "amended", "amended_on"):
                where = "WHERE pupil = ? AND session = ?"
                sql = f"UPDATE marks SET code = ?, at = ?, hash = ? {where}"  # noqa: S608 - ours
                db.execute(sql, [*new, pupil, session])

    def _rows(self, name: str) -> Iterator[dict[str, str]]:
        with (self._folder / name).open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def _marks(self, name: str, code: str, at: str) -> Iterator[Mark]:
        for row in self._rows(name):
            pupil, half = self._pupils[row["upn"]], row["session"]
            date.fromisoformat(row["date"])
            if half not in ("AM", "PM") or row[code] not in CODES:
                sys.exit(f"{name}: {row}")
            session = f"{row['date']}/{half}"
            whole = f"{pupil},{session},{row[code]},{row[at]}".encode()
            self._last = sha256(self._last + whole).digest()
            yield pupil, session, row[code], row[at], self._last


if __name__ == "__main__":
    Script(Path(sys.argv[1]), sqlite3.connect(sys.argv[2])).run()
